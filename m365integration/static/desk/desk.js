// The desk: keys, density, who else is here, frames as high as their mail. No request leaves this host.
(() => {
  "use strict";

  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The server words times in the zone of whoever reads them.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;

  const DENSITY = "desk-density";
  const root = document.documentElement;
  const isCompact = () => root.classList.contains("desk-compact");
  root.classList.toggle("desk-compact", localStorage.getItem(DENSITY) === "compact");

  function changeDensity() {
    root.classList.toggle("desk-compact");
    localStorage.setItem(DENSITY, isCompact() ? "compact" : "roomy");
    showDensity();
  }

  function showDensity() {
    const button = find("[data-desk=density]");
    if (button) button.setAttribute("aria-pressed", String(isCompact()));
  }

  // --- Keys ---

  const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;

  function showKeys() {
    const dialog = find(".desk-keys");
    if (dialog && !dialog.open) dialog.showModal();
  }

  /** Move the mark among the elements; gives the one it is on now. */
  function step(elements, by) {
    if (!elements.length) return null;
    const at = elements.findIndex((one) => one.classList.contains("desk-here"));
    const next = elements[Math.min(Math.max(at + by, 0), elements.length - 1)] || elements[0];
    elements.forEach((one) => one.classList.remove("desk-here"));
    next.classList.add("desk-here");
    next.scrollIntoView({ block: "nearest" });
    return next;
  }

  const rows = () => all("#result_list tr.data-row");
  const here = (elements) => elements.find((one) => one.classList.contains("desk-here"));
  const focus = (selector) => {
    const box = find(selector);
    if (!box) return;
    box.focus();
    box.scrollIntoView({ block: "center" });
  };

  const listKeys = {
    j: () => step(rows(), 1),
    k: () => step(rows(), -1),
    Enter: () => { const link = here(rows()) && find("th a, td a", here(rows())); if (link) link.click(); return Boolean(link); },
    x: () => { const box = here(rows()) && find("input.action-select", here(rows())); if (box) box.click(); },
    "/": () => focus("#searchbar"),
    c: changeDensity,
  };

  const entries = () => all(".desk-entry, .desk-event").filter((one) => !one.closest(".desk-older:not([open])"));
  const ticketKeys = {
    j: () => step(entries(), 1),
    k: () => step(entries(), -1),
    r: () => focus(".desk-rich:not([hidden]), #answer-text"),
    n: () => focus("#note-text"),
    s: () => focus(".desk-fields select"),
    w: () => { const form = find("#watch-form"); if (form) form.submit(); },
    h: () => { const mail = here(entries()) || entries().at(-1); const html = mail && find(".desk-html", mail); if (html) html.open = !html.open; },
    u: () => { location.href = wayBack(); },
    J: () => goNear(1),
    K: () => goNear(-1),
  };

  // --- The list one came from: kept by the tab, so that answering and saving lead no further from it ---

  const LIST = "desk-list";
  const LEFT = "desk-left";
  const PERSON = "desk-person";

  function keptList() {
    try { return JSON.parse(sessionStorage.getItem(LIST)) || null; } catch { return null; }
  }

  function wayBack() {
    const list = keptList();
    return list && list.rows.some(isHere) ? list.at : find(".desk-ticket").dataset.list;
  }

  const isHere = (address) => new URL(address, location.href).pathname === location.pathname;
  const ticketsOf = (page) => all("#result_list tr.data-row", page)
    .map((row) => find("th a, td a", row)).filter(Boolean).map((link) => new URL(link.getAttribute("href"), location.href).pathname);

  const told = (page, name) => Number(find("[data-list-page]", page)?.dataset[name] ?? 1);

  function keepList() {
    const [page, pages, perPage, count] = ["listPage", "pages", "perPage", "lines"].map((name) => told(document, name));
    sessionStorage.setItem(LIST, JSON.stringify({
      at: location.pathname + location.search, rows: ticketsOf(document), first: page, last: page, pages, before: (page - 1) * perPage, count,
    }));
    const left = sessionStorage.getItem(LEFT);
    sessionStorage.removeItem(LEFT);
    const row = left && rows().find((one) => { const link = find("th a, td a", one); return link && new URL(link.href).pathname === left; });
    if (!row) return;
    row.classList.add("desk-here");
    row.scrollIntoView({ block: "center" });
  }

  /** Read on where the kept part of the list ends. Tickets that are done by now have let others move up: its last page comes again. */
  async function readOn(list, by) {
    for (let page = by > 0 ? list.last : list.first - 1; page > 0 && page <= list.pages; page += by) {
      const address = new URL(list.at, location.href);
      address.searchParams.set("p", page);
      const response = await fetch(address, { credentials: "same-origin", redirect: "error" });
      if (!response.ok) return;
      const shown = new DOMParser().parseFromString(await response.text(), "text/html");
      list.pages = told(shown, "pages");
      const fresh = ticketsOf(shown).filter((row) => !list.rows.includes(row));
      if (by > 0) { list.rows.push(...fresh); list.last = page; } else { list.rows.unshift(...fresh); list.first = page; list.before -= fresh.length; }
      if (fresh.length) break;
    }
    sessionStorage.setItem(LIST, JSON.stringify(list));
  }

  async function goNear(by) {
    const list = keptList();
    const near = () => list.rows[list.rows.findIndex(isHere) + by];
    if (!list || !list.rows.some(isHere)) return;
    if (!near()) await readOn(list, by).catch(() => {});
    if (near()) location.href = near(); else find(`[data-near] [data-by="${by}"]`).setAttribute("aria-disabled", "true");
  }

  function showNear(nav) {
    sessionStorage.setItem(LEFT, location.pathname);
    const list = keptList();
    const at = list ? list.rows.findIndex(isHere) : -1;
    if (at < 0) return;
    find("span.desk-quiet", nav).textContent = `${list.before + at + 1} / ${Math.max(list.count, list.before + list.rows.length)}`;
    all("[data-by]", nav).forEach((link) => {
      const by = Number(link.dataset.by);
      const next = list.rows[at + by];
      const isEnd = by > 0 ? list.last >= list.pages : list.first <= 1;
      if (next) link.href = next; else if (isEnd) link.setAttribute("aria-disabled", "true"); else link.tabIndex = 0;
      // Without an address yet, a link is pressed by no key of its own.
      link.addEventListener("keydown", (event) => { if (event.key === "Enter" && !link.hasAttribute("href")) goNear(by); });
      link.addEventListener("click", (event) => { if (!link.hasAttribute("href")) { event.preventDefault(); goNear(by); } });
    });
    nav.hidden = false;
    const plain = find(".desk-ticket").dataset.list;
    all(`#header-inner a[href^="${plain}?"], #header-inner a[href="${plain}"]`).forEach((link) => { link.href = list.at; });
  }

  async function copy(button) {
    const words = button.textContent;
    try { await navigator.clipboard.writeText(words); } catch { getSelection().selectAllChildren(button); return; }
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = words; }, 1200);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    // A dialog that has just been closed keeps the focus until the page is drawn again.
    const isIn = (selector) => event.target.closest(selector) && !event.target.closest("dialog:not([open])");
    const onControl = event.key === "Enter" && isIn("a, button, summary, input");
    if (isTyping(event.target) || onControl || find("dialog[open]")) return;
    const keys = find("[data-desk-ticket]") ? ticketKeys : find("body.model-ticket.change-list") ? listKeys : null;
    const act = keys && (event.key === "?" ? showKeys : keys[event.key]);
    if (act && act() !== false) event.preventDefault();
  }

  // --- Who else has the ticket open ---

  function watchTicket(page) {
    const token = find("[name=csrfmiddlewaretoken]");
    if (!token) return;
    const answer = find("#answer-text");
    const written = answer ? answer.value : "";
    const form = (more) => {
      const said = new FormData();
      said.set("csrfmiddlewaretoken", token.value);
      Object.entries(more).forEach(([name, value]) => said.set(name, value));
      return said;
    };
    async function say() {
      if (document.hidden) return;
      const isAnswering = answer !== null && answer.value.trim() !== "" && answer.value !== written;
      try {
        const response = await fetch(page.dataset.look, {
          method: "POST", credentials: "same-origin", redirect: "error",
          body: form({ seen: page.dataset.entries, answering: isAnswering ? "1" : "" }),
        });
        if (response.status === 200) tell(await response.json());
      } catch { /* Signed out or offline: the page says so itself when something is done on it. */ }
    }
    function tell(told) {
      // Above the conversation, and beside the answer, which may be a long way below.
      all(".desk-presence").forEach((line) => {
        line.replaceChildren(...told.said.map((one) => {
          const who = document.createElement("span");
          who.textContent = one.text;
          who.className = one.answering ? "desk-state is-warning" : "desk-state is-info";
          return who;
        }));
        line.hidden = told.said.length === 0;
      });
      find(".desk-news").hidden = told.entries <= Number(page.dataset.entries);
    }
    say();
    setInterval(say, Number(page.dataset.everyS) * 1000);
    document.addEventListener("visibilitychange", say);
    if (answer) {
      let wasEmpty = true;
      answer.addEventListener("input", () => {
        if (wasEmpty !== (answer.value.trim() === "")) { wasEmpty = !wasEmpty; say(); }
      });
    }
    addEventListener("pagehide", () => navigator.sendBeacon(page.dataset.look, form({ leaving: "1" })));
  }

  // --- Nothing typed is lost by another press on the page ---

  /** What a tab keeps is of one person: it ends with his signing out, and where somebody else has signed in. */
  function keepToOne(page) {
    if (sessionStorage.getItem(PERSON) !== page.dataset.person) sessionStorage.clear();
    sessionStorage.setItem(PERSON, page.dataset.person);
    all("#logout-form").forEach((form) => form.addEventListener("submit", () => sessionStorage.clear()));
  }

  function keepNote(box) {
    const name = `desk-note ${location.pathname}`;
    box.value = box.value || sessionStorage.getItem(name) || "";
    box.addEventListener("input", () => sessionStorage.setItem(name, box.value));
    box.form.addEventListener("submit", () => sessionStorage.removeItem(name));
  }

  const isChanged = (one) => one.options ? [...one.options].some((option) => option.selected !== option.defaultSelected) : one.value !== one.defaultValue;

  /** Ask before fields that were set and not saved are left behind. */
  function guardFields(form) {
    let isSaved = false;
    form.addEventListener("submit", () => { isSaved = true; });
    addEventListener("beforeunload", (event) => {
      if (!isSaved && all("select, input:not([type=hidden])", form).some(isChanged)) event.preventDefault();
    });
  }

  /** Paper is white, and nothing on it can be unfolded. */
  function printWhole() {
    let isDark = false;
    addEventListener("beforeprint", () => {
      isDark = root.classList.contains("dark");
      root.classList.remove("dark");
      all(".desk-older, .desk-tail").forEach((one) => { one.open = true; });
    });
    addEventListener("afterprint", () => root.classList.toggle("dark", isDark));
  }

  // --- Frames as high as their mail ---
  // A sandboxed frame tells nobody how high it is. So the mail is laid out once more out of sight, rebuilt of plain
  // elements: its words, its boxes and the sizes of its pictures, and nothing that could act or fetch.

  const BOXES = new Set(("P DIV BR HR TABLE TBODY THEAD TR TD TH UL OL LI H1 H2 H3 H4 H5 H6 BLOCKQUOTE PRE CENTER "
    + "B STRONG I EM U SPAN FONT A SMALL").split(" "));
  const STYLES = ["font-size", "padding", "margin", "width", "font-weight"];
  const EMBEDDED = /^data:image\/(png|jpeg|gif|webp);base64,/;
  const MARGINS_PX = 26;

  function rebuild(from, to, pictures) {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) { to.append(node.data); continue; }
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      if (node.tagName === "IMG") { to.append(picture(node, pictures)); continue; }
      const made = document.createElement(BOXES.has(node.tagName) ? node.tagName : "span");
      STYLES.forEach((name) => made.style.setProperty(name, node.style ? node.style.getPropertyValue(name) : ""));
      rebuild(node, made, pictures);
      to.append(made);
    }
  }

  function picture(node, pictures) {
    const made = document.createElement("img");
    const source = node.getAttribute("src") || "";
    if (!EMBEDDED.test(source)) { made.style.display = "none"; return made; }
    ["width", "height"].forEach((name) => { if (node.hasAttribute(name)) made.setAttribute(name, node.getAttribute(name)); });
    made.src = source;
    pictures.push(made.decode().catch(() => {}));
    return made;
  }

  async function fit(frame) {
    const response = await fetch(frame.getAttribute("src"), { credentials: "same-origin", redirect: "error" });
    if (!response.ok) return;
    const mail = new DOMParser().parseFromString(await response.text(), "text/html");
    const room = document.createElement("div");
    room.className = "desk-measure";
    room.style.width = `${Math.max(frame.clientWidth - 32, 120)}px`;
    const pictures = [];
    rebuild(mail.body, room, pictures);
    document.body.append(room);
    await Promise.all(pictures);
    frame.style.height = `${Math.min(Math.max(room.scrollHeight + MARGINS_PX, 60), 6000)}px`;
    room.remove();
  }

  function fitWhenOpened(details) {
    const frame = find("iframe", details);
    const once = () => { if (details.open && !frame.dataset.fits) { frame.dataset.fits = "1"; fit(frame).catch(() => {}); } };
    details.addEventListener("toggle", once);
    once();
  }

  // The theme calls everything that scrolls the same; a list of landmarks has to tell them apart.
  addEventListener("load", () => {
    all(".simplebar-content-wrapper").forEach((one, at) => {
      const inside = one.querySelector("table") ? "table" : "menu";
      one.setAttribute("aria-label", `${one.getAttribute("aria-label")}: ${inside} ${at + 1}`);
    });
  });

  // --- Templates: what the customer reads, as it is typed ---

  function previewPhrases(section) {
    const examples = JSON.parse(section.dataset.examples);
    const filled = (text) => text.replace(/\{([^{}\n]*)\}/g, (all, name) => Object.hasOwn(examples, name) ? examples[name] : all);
    all("[data-from]", section).forEach((shown) => {
      const box = document.getElementById(shown.dataset.from);
      if (box) box.addEventListener("input", () => { shown.textContent = filled(box.value); });
    });
  }

  /** A file that only says that it is a picture looks like any other. */
  function showPlain(picture) {
    const plain = document.createElement("span");
    plain.className = "material-symbols-outlined";
    plain.setAttribute("aria-hidden", "true");
    plain.textContent = "draft";
    picture.replaceWith(plain);
  }

  document.addEventListener("error", (event) => { if (event.target.matches(".desk-file img")) showPlain(event.target); }, true);

  document.addEventListener("DOMContentLoaded", () => {
    all(".desk-file img").filter((one) => one.complete && !one.naturalWidth).forEach(showPlain);
    showDensity();
    all("[data-person]").forEach(keepToOne);
    all(".desk-phrases").forEach(previewPhrases);
    document.addEventListener("keydown", onKey);
    all("[data-desk=help]").forEach((button) => button.addEventListener("click", showKeys));
    all("[data-desk=density]").forEach((button) => button.addEventListener("click", changeDensity));
    all("[data-desk=copy]").forEach((button) => button.addEventListener("click", () => copy(button)));
    all("[data-key]").forEach((link) => link.addEventListener("click", (event) => { event.preventDefault(); ticketKeys[link.dataset.key](); }));
    if (find("body.model-ticket.change-list")) keepList();
    all("[data-near]").forEach(showNear);
    all(".desk-html").forEach(fitWhenOpened);
    all("[data-desk-ticket]").forEach(printWhole);
    all("[data-desk-ticket]").forEach(watchTicket);
    all("#note-text").forEach(keepNote);
    all(".desk-ticket .desk-fields").forEach(guardFields);
  });
})();
