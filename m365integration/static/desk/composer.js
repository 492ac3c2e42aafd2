// The composer of an answer: formatting, quote, files with their sizes, and a draft that is kept while one types.
// Without it the form is plain text and works as well. What is sent is cleaned and counted again on the server.
(() => {
  "use strict";

  const WAIT_MS = 1200;
  const KEPT = new Set("P DIV BR B STRONG I EM U S A UL OL LI BLOCKQUOTE PRE CODE H1 H2 H3 H4 TABLE THEAD TBODY TR TD TH".split(" "));
  const DROPPED = new Set("SCRIPT STYLE TITLE TEMPLATE IFRAME OBJECT SVG MATH NOSCRIPT".split(" "));
  const BLOCKS = new Set("P DIV UL OL LI BLOCKQUOTE PRE H1 H2 H3 H4 TABLE TR".split(" "));
  const ADDRESS = /^(https?:|mailto:|tel:)/i;

  // --- From HTML and text to elements of our own, and back to text ---

  /** Rebuild what is kept of foreign elements; nothing of them is taken over but words, kinds and links. */
  function rebuild(from, to) {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) { to.append(node.data); continue; }
      if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.tagName.toUpperCase())) continue;
      const made = KEPT.has(node.tagName) ? document.createElement(node.tagName) : null;
      const target = made && node.tagName === "A" ? node.getAttribute("href") || "" : "";
      if (ADDRESS.test(target)) made.setAttribute("href", target);
      rebuild(node, made || to);
      if (made) to.append(made);
    }
    return to;
  }

  const fromHtml = (html) => rebuild(new DOMParser().parseFromString(html, "text/html").body, document.createDocumentFragment());

  function fromText(text) {
    const made = document.createDocumentFragment();
    for (const part of text.replace(/\r\n/g, "\n").split(/\n{2,}/)) {
      const paragraph = document.createElement("p");
      part.split("\n").forEach((line, at) => { if (at) paragraph.append(document.createElement("br")); paragraph.append(line); });
      if (!part) paragraph.append(document.createElement("br"));
      made.append(paragraph);
    }
    return made;
  }

  /** Lines of text; quotes behind >, lists with their marks. */
  function linesOf(node) {
    const lines = [""];
    const add = (words) => { lines[lines.length - 1] += words; };
    const isOpen = () => lines[lines.length - 1] !== "";
    for (const one of node.childNodes) {
      if (one.nodeType === Node.TEXT_NODE) { add(one.data.replace(/\s+/g, " ")); continue; }
      if (one.nodeType !== Node.ELEMENT_NODE) continue;
      if (one.tagName === "BR") { lines.push(""); continue; }
      if (!BLOCKS.has(one.tagName)) {
        const [first, ...rest] = linesOf(one);
        const target = one.tagName === "A" ? one.getAttribute("href") || "" : "";
        add(first);
        lines.push(...rest);
        if (target && target.replace(/^mailto:|^tel:|\/$/g, "") !== one.textContent.trim().replace(/\/$/, "")) add(` <${target.replace(/^mailto:|^tel:/, "")}>`);
        continue;
      }
      if (isOpen()) lines.push("");
      const inner = linesOf(one);
      while (inner.length && inner.at(-1).trim() === "") inner.pop();
      const list = one.tagName === "LI" ? one.parentElement : null;
      const mark = list && list.tagName === "OL" ? `${[...list.children].indexOf(one) + 1}. ` : "- ";
      const marked = inner.map((line, at) => {
        if (one.tagName === "BLOCKQUOTE") return `> ${line}`.trimEnd();
        return list ? (at ? "  " : mark) + line : line;
      });
      lines.splice(lines.length - 1, 1, ...marked, ...(list || one.tagName === "DIV" || one.tagName === "TR" ? [""] : ["", ""]));
    }
    return lines;
  }

  const asText = (node) => linesOf(node).join("\n").replace(/[^\S\n]+\n/g, "\n").replace(/\n{3,}/g, "\n\n").trim();

  function start(form) {
    const part = (name) => form.querySelector(`[data-${name}]`);
    const area = form.querySelector("#answer-text");
    const [editor, toolbar, rich, html] = ["editor", "toolbar", "rich", "html"].map(part);
    const button = (name) => form.querySelector(`[data-do="${name}"]`);
    let isRich = false;
    let isCopying = false;
    let range = null;

    // --- Formatting ---

    function show() {
      editor.hidden = !isRich;
      area.hidden = isRich;
      area.required = !isRich;
      rich.value = isRich ? "1" : "";
      part("rich-tools").hidden = !isRich;
      part("link-row").hidden = true;
      button("rich").setAttribute("aria-pressed", String(isRich));
    }

    /** Bring the fields of the form in line with the editor; whoever listens to the text box hears of it. */
    function copy() {
      if (!isRich) return;
      area.value = asText(editor);
      html.value = area.value ? editor.innerHTML : "";
      isCopying = true;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      isCopying = false;
    }

    function turnRich(content) {
      isRich = true;
      editor.replaceChildren(content);
      document.execCommand("defaultParagraphSeparator", false, "p");
      show();
      copy();
    }

    function turnPlain() {
      const isFormatted = editor.querySelector("b, strong, i, em, u, s, a, ul, ol, h1, h2, h3, h4, table") !== null;
      if (isFormatted && !window.confirm(form.dataset.plain)) return;
      copy();
      isRich = false;
      html.value = "";
      show();
    }

    function mark() {
      for (const name of ["bold", "italic", "insertUnorderedList", "insertOrderedList"]) {
        button(name).setAttribute("aria-pressed", String(isRich && editor.contains(document.activeElement) && document.queryCommandState(name)));
      }
    }

    function around(name) {
      const selection = getSelection();
      const node = selection.anchorNode;
      const found = node && (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest(name);
      return found && editor.contains(found) ? found : null;
    }

    function format(name) {
      editor.focus();
      if (name === "blockquote") document.execCommand(around("blockquote") ? "outdent" : "formatBlock", false, "blockquote");
      else document.execCommand(name);
      copy();
      mark();
    }

    function askLink() {
      const selection = getSelection();
      range = selection.rangeCount && editor.contains(selection.anchorNode) ? selection.getRangeAt(0).cloneRange() : null;
      const link = around("a");
      part("link-row").hidden = false;
      part("link-address").value = link ? link.getAttribute("href") : "";
      part("link-address").focus();
    }

    function setLink() {
      const typed = part("link-address").value.trim();
      part("link-row").hidden = true;
      editor.focus();
      const selection = getSelection();
      if (range) { selection.removeAllRanges(); selection.addRange(range); }
      if (!typed) { document.execCommand("unlink"); copy(); return; }
      const isMail = /^[^\s@/:]+@[^\s@/]+$/.test(typed);
      const target = ADDRESS.test(typed) ? typed : (isMail ? "mailto:" : "https://") + typed;
      if (selection.isCollapsed && !around("a")) {
        const link = document.createElement("a");
        link.href = target;
        link.textContent = typed;
        insert(link);
      } else document.execCommand("createLink", false, target);
      copy();
    }

    /** Put something where the cursor is; at the end when it is elsewhere. */
    function insert(content) {
      const selection = getSelection();
      if (!selection.rangeCount || !editor.contains(selection.anchorNode)) { editor.append(content); return; }
      const place = selection.getRangeAt(0);
      place.deleteContents();
      const last = content.nodeType === Node.DOCUMENT_FRAGMENT_NODE ? content.lastChild : content;
      place.insertNode(content);
      if (last) { place.setStartAfter(last); place.collapse(true); selection.removeAllRanges(); selection.addRange(place); }
    }

    function paste(event) {
      const kept = event.clipboardData;
      if (!kept || [...kept.types].includes("Files") && !kept.getData("text/plain")) return;
      event.preventDefault();
      const words = kept.getData("text/html");
      const holder = document.createElement("div");
      holder.append(words ? fromHtml(words) : fromText(kept.getData("text/plain")));
      const only = holder.children.length === 1 && holder.firstElementChild.tagName === "P" ? holder.firstElementChild : holder;
      document.execCommand("insertHTML", false, only.innerHTML);
      copy();
    }

    async function quote() {
      const answer = await desk.post(form.dataset.quote, said()).catch(() => null);
      if (answer === null || !answer.text) { tell(answer === null ? form.dataset.lost : form.dataset.noQuote, true); return; }
      if (isRich) {
        editor.append(fromHtml(answer.html));
        copy();
        editor.focus();
      } else {
        area.value = `${area.value.trimEnd()}\n\n${answer.text}\n`.replace(/^\n+/, "\n\n");
        area.setSelectionRange(0, 0);
        area.focus();
        area.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }

    const acts = {
      rich: () => { if (isRich) turnPlain(); else turnRich(fromText(area.value)); (isRich ? editor : area).focus(); changed(); },
      link: askLink,
      "link-apply": setLink,
      quote,
    };
    form.addEventListener("click", (event) => {
      const pressed = event.target.closest("[data-do]");
      if (pressed) (acts[pressed.dataset.do] || (() => format(pressed.dataset.do)))();
    });
    // A button must not take the cursor out of the text it is about.
    toolbar.addEventListener("mousedown", (event) => { if (event.target.closest("[data-do]")) event.preventDefault(); });
    editor.addEventListener("input", copy);
    editor.addEventListener("paste", paste);
    editor.addEventListener("drop", (event) => event.preventDefault());
    document.addEventListener("selectionchange", mark);
    part("link-address").addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); setLink(); }
      if (event.key === "Escape") { event.stopPropagation(); part("link-row").hidden = true; editor.focus(); }
    });
    form.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const list = { Digit7: "insertOrderedList", Digit8: "insertUnorderedList", Digit9: "blockquote" }[event.code];
      if (isRich && event.shiftKey && list) { event.preventDefault(); format(list); }
      else if (isRich && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); askLink(); }
    });
    // Somebody else, a canned answer say, has written into the text box.
    area.addEventListener("input", () => { if (isRich && !isCopying) { editor.replaceChildren(fromText(area.value)); html.value = editor.innerHTML; } });

    // --- The draft ---

    const FIELDS = ["answer", "html", "rich", "to", "cc", "bcc"];
    const written = () => JSON.stringify(FIELDS.map((name) => form.elements[name].value));
    let kept = "";
    let timer = 0;
    let isSent = false;

    function said() {
      const fields = new FormData();
      ["csrfmiddlewaretoken", "key", ...FIELDS].forEach((name) => fields.set(name, form.elements[name].value));
      return fields;
    }

    function tell(words, isTrouble = false) {
      const line = part("told");
      line.textContent = words;
      line.classList.toggle("is-trouble", isTrouble);
    }

    async function keep() {
      const now = written();
      if (isSent) return;
      if (now === kept) { form.dataset.state = "kept"; return; }
      try {
        const answer = await desk.post(form.dataset.draft, said());
        kept = now;
        tell(answer.told);
        if (written() === kept) form.dataset.state = "kept";
        part("discard").hidden = !answer.told;
      } catch {
        tell(form.dataset.lost, true);
        timer = setTimeout(keep, 10 * WAIT_MS);
      }
    }

    function changed() {
      // Whoever types on has stayed: the page asked whether it may be left.
      isSent = false;
      clearTimeout(timer);
      form.dataset.state = "typing";
      timer = setTimeout(keep, WAIT_MS);
    }

    form.addEventListener("input", changed);
    part("discard").addEventListener("click", (event) => { if (!window.confirm(form.dataset.throwAway)) event.preventDefault(); });
    form.addEventListener("submit", (event) => {
      if (isRich && !area.value.trim()) { event.preventDefault(); editor.focus(); return; }
      isSent = true;
      clearTimeout(timer);
    });
    addEventListener("pagehide", () => {
      if (!isSent && written() !== kept) navigator.sendBeacon(form.dataset.draft, said());
    });

    toolbar.hidden = false;
    if (rich.value) turnRich(html.value ? fromHtml(html.value) : fromText(area.value));
    else show();
    kept = written();
  }

  document.querySelectorAll("[data-desk-answer]").forEach(start);
})();
