// Files of an answer: chosen, dropped or pasted, listed with their sizes, and told beforehand when they are too large.
(() => {
  "use strict";

  function size(bytes) {
    const number = new Intl.NumberFormat(document.documentElement.lang || undefined, { maximumFractionDigits: 1 });
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1024 * 1024 ? `${number.format(bytes / 1024)} KB` : `${number.format(bytes / 1024 / 1024)} MB`;
  }

  function start(form) {
    const part = (name) => form.querySelector(`[data-${name}]`);
    const input = part("files");
    const files = new DataTransfer();
    let pasted = 0;

    function row(file, at) {
      const line = document.createElement("li");
      const remove = document.createElement("button");
      line.append(`${file.name} · ${size(file.size)} `);
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `${form.dataset.remove} ${file.name}`);
      remove.addEventListener("click", () => { files.items.remove(at); show(); input.focus(); });
      line.append(remove);
      return line;
    }

    /** What is sent along already, from an answer that was taken back. */
    const keptBytes = () => [...form.querySelectorAll("[data-kept]:checked")].reduce((sum, one) => sum + Number(one.dataset.kept), 0);

    function show() {
      input.files = files.files;
      const list = part("attached");
      list.replaceChildren(...[...files.files].map(row));
      list.hidden = files.files.length === 0;
      const sum = [...files.files].reduce((before, file) => before + file.size, keptBytes());
      const isOver = sum > Number(form.dataset.mostBytes);
      const told = part("attach-told");
      told.classList.toggle("is-over", isOver);
      told.textContent = isOver ? form.dataset.over : sum > Number(form.dataset.usualBytes) ? form.dataset.doubtful : "";
      if (told.textContent) told.textContent = `${size(sum)}: ${told.textContent}`;
      told.hidden = !told.textContent;
      input.setCustomValidity(isOver ? form.dataset.over : "");
    }

    function add(found) {
      [...found].forEach((file) => files.items.add(file));
      show();
    }

    /** Every picture from the clipboard is called image.png, so it gets a name that tells it from the next. */
    function named(file) {
      if (!/^image\.\w+$/.test(file.name)) return file;
      pasted += 1;
      return new File([file], `${form.dataset.picture} ${pasted}.${file.name.split(".").pop()}`, { type: file.type });
    }

    const bringsFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");

    input.addEventListener("change", () => add(input.files));
    form.addEventListener("change", (event) => { if (event.target.matches("[data-kept]")) show(); });
    form.addEventListener("dragover", (event) => {
      if (!bringsFiles(event)) return;
      event.preventDefault();
      form.classList.add("is-dropped-on");
    });
    form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) form.classList.remove("is-dropped-on"); });
    form.addEventListener("drop", (event) => {
      form.classList.remove("is-dropped-on");
      if (!bringsFiles(event)) return;
      event.preventDefault();
      add(event.dataTransfer.files);
    });
    form.addEventListener("paste", (event) => {
      const found = event.clipboardData ? [...event.clipboardData.files] : [];
      // Words copied from an office program come with a picture of themselves.
      if (!found.length || event.clipboardData.getData("text/plain")) return;
      event.preventDefault();
      add(found.map(named));
    });
    // A file that misses the form would be opened by the browser, in the place of all that was written.
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => { if (bringsFiles(event)) event.preventDefault(); });
    part("drop-hint").hidden = false;
    show();
  }

  document.querySelectorAll("[data-desk-answer]").forEach(start);
})();
