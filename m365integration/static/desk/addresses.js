// Addresses are offered while they are typed: people who have written to this tenant, and nobody of another.
(() => {
  "use strict";

  const WAIT_MS = 150;
  const FEWEST_LETTERS = 2;

  /** What stands before the cursor since the last comma. */
  function term(input) {
    const before = input.value.slice(0, input.selectionStart);
    return before.slice(Math.max(before.lastIndexOf(","), before.lastIndexOf(";")) + 1).trimStart();
  }

  function start(input, number) {
    const list = document.createElement("ul");
    list.id = `desk-people-${number}`;
    list.className = "desk-people";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.dataset.peopleTold);
    list.hidden = true;
    Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false", autocomplete: "off" })
      .forEach(([name, value]) => input.setAttribute(name, value));
    const holder = document.createElement("span");
    holder.className = "desk-people-holder";
    input.replaceWith(holder);
    holder.append(input, list);
    let timer = 0;
    let at = -1;

    function close() {
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(next) {
      at = (next + list.children.length) % list.children.length;
      [...list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
      input.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }

    function take(address) {
      const cursor = input.selectionStart;
      const start = cursor - term(input).length;
      input.setRangeText(`${address}, `, start, cursor, "end");
      close();
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }

    function offer(people) {
      list.replaceChildren(...people.map((one, place) => {
        const line = document.createElement("li");
        const address = document.createElement("span");
        line.id = `${list.id}-${place}`;
        line.setAttribute("role", "option");
        address.textContent = one.email;
        if (one.name) line.append(`${one.name} `);
        line.append(address);
        // Before the click: that would take the cursor out of the box first.
        line.addEventListener("mousedown", (event) => { event.preventDefault(); take(one.email); });
        return line;
      }));
      close();
      if (!people.length) return;
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    }

    async function ask() {
      const typed = term(input);
      if (typed.length < FEWEST_LETTERS || document.activeElement !== input) { close(); return; }
      const fields = new FormData();
      fields.set("term", typed);
      const answer = await desk.post(input.dataset.people, fields).catch(() => ({ people: [] }));
      if (term(input) === typed && document.activeElement === input) offer(answer.people);
    }

    // What was offered belongs to other letters.
    input.addEventListener("input", () => { close(); clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); });
    /** Name what is no address, before it is sent; the server looks again. */
    function check() {
      const words = input.closest("form").dataset.invalid;
      const wrong = input.value.split(/[,;]/).map((one) => one.trim()).find((one) => one && !/^[^\s@<>]+@[^\s@<>]+$|<[^\s@<>]+@[^\s@<>]+>$|"/.test(one));
      input.setCustomValidity(words && wrong ? `“${wrong}” ${words}` : "");
    }

    input.addEventListener("input", check);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      // A line of addresses sends nothing, and what was typed stays unless an arrow has chosen another.
      if (event.key === "Enter") event.preventDefault();
      if (list.hidden || event.key === "Tab" && (at < 0 || event.shiftKey)) return;
      const chosen = () => { if (at < 0) close(); else take(list.children[at].querySelector("span").textContent); };
      const acts = {
        ArrowDown: () => mark(at + 1),
        ArrowUp: () => mark(Math.max(at, 0) - 1),
        Enter: chosen,
        Tab: chosen,
        Escape: close,
      };
      if (!acts[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      acts[event.key]();
    });
  }

  /** Put those in copy whom the last mail names as well; each once. */
  function answerAll(line) {
    const input = line.closest("form").elements.cc;
    const known = new Set(input.value.toLowerCase().split(/[,;\s]+/));
    const missing = line.dataset.others.split(", ").filter((one) => !known.has(one.toLowerCase()));
    input.value = [input.value.replace(/[,;\s]+$/, ""), ...missing].filter(Boolean).join(", ");
    input.dispatchEvent(new Event("input", { bubbles: true }));
    line.hidden = true;
  }

  document.querySelectorAll("[data-people]").forEach(start);
  document.querySelectorAll("[data-others]").forEach((line) => {
    line.hidden = false;
    line.querySelector("button").addEventListener("click", () => answerAll(line));
  });
})();
