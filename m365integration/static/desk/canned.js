// Canned answers: put where the cursor is in the answer. Without it nothing of them is shown.
(() => {
  "use strict";

  /** Paragraphs where blank lines stand; one alone is words among those that are there. */
  function words(text) {
    const holder = document.createElement("div");
    const parts = text.split(/\n{2,}/).map((part) => {
      const paragraph = document.createElement("p");
      part.split("\n").forEach((line, at) => { if (at) paragraph.append(document.createElement("br")); paragraph.append(line); });
      return paragraph;
    });
    holder.append(...parts);
    return parts.length > 1 ? holder.innerHTML : parts[0].innerHTML;
  }

  /** Insert as if it were typed, so that it can be undone; else behind the cursor. */
  function insert(text) {
    const editor = document.querySelector("[data-editor]");
    if (editor && !editor.hidden) {
      editor.focus();
      document.execCommand("insertHTML", false, words(text));
      return;
    }
    const box = document.getElementById("answer-text");
    box.focus();
    if (document.execCommand("insertText", false, text)) return;
    box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.querySelectorAll("[data-canned]").forEach((part) => {
    const choice = part.querySelector("select");
    const use = () => {
      if (!choice.value) { choice.focus(); return; }
      insert(choice.value);
      choice.value = "";
    };
    part.querySelector("button").addEventListener("click", use);
    choice.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); use(); } });
    part.hidden = false;
  });
})();
