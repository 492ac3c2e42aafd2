// What a page says to the server while somebody writes on it, also when it outlives his session: nothing typed is lost.
window.desk = (() => {
  "use strict";

  const token = (root) => root.querySelector("[name=csrfmiddlewaretoken]");

  /** Take the token of whoever is signed in now: a new sign-in, in another tab say, has made that of this page old. */
  async function renew() {
    const response = await fetch(location.pathname, { credentials: "same-origin", redirect: "error" });
    const fresh = token(new DOMParser().parseFromString(await response.text(), "text/html"));
    if (!response.ok || !fresh) throw new Error(String(response.status));
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((one) => { one.value = fresh.value; });
  }

  /** Post fields; gives the answer as JSON. Fails where nobody is signed in, or the server cannot be reached. */
  async function post(address, fields, isAnew = false) {
    fields.set("csrfmiddlewaretoken", token(document).value);
    const response = await fetch(address, { method: "POST", credentials: "same-origin", redirect: "error", body: fields });
    if (response.ok) return response.json();
    if (isAnew || response.status !== 403) throw new Error(String(response.status));
    await renew();
    return post(address, fields, true);
  }

  // --- Sending what was written ---
  // Before it leaves the page, the server is asked whether it would be taken: a form that meets the page of the sign-in
  // is lost with its files, and so is what a colleague has said meanwhile.

  const page = document.querySelector("[data-desk-ticket]");
  const checked = new WeakSet();

  const told = (form, name) => form.querySelector(`[data-told-${name}]`);

  function show(form, name) {
    ["lost", "news"].forEach((one) => { const line = told(form, one); if (line) line.hidden = one !== name; });
  }

  async function check(form, submitter) {
    const fields = new FormData();
    fields.set("seen", page.dataset.entries);
    const answer = await post(page.dataset.look, fields).catch(() => null);
    if (answer === null) { show(form, "lost"); return; }
    const news = told(form, "news");
    // Told once: whoever presses again has read it.
    const isNews = news !== null && news.hidden && answer.entries > Number(page.dataset.entries);
    show(form, isNews ? "news" : "");
    if (isNews) return;
    checked.add(form);
    form.requestSubmit(submitter);
  }

  let isChecking = false;

  function guard(event) {
    const form = event.target;
    if (!form.matches("[data-guarded]") || checked.has(form) || event.submitter && event.submitter.hasAttribute("formaction")) return;
    event.preventDefault();
    event.stopPropagation();
    if (isChecking) return;
    isChecking = true;
    check(form, event.submitter).finally(() => { isChecking = false; });
  }

  /** Ctrl and Enter send from anywhere in a form; Enter in a line of addresses sends nothing that is not finished. */
  function onKey(event) {
    const form = event.key === "Enter" && event.target.closest("[data-guarded]");
    if (!form || event.target.matches("[data-own-enter]")) return;
    const sends = event.ctrlKey || event.metaKey;
    if (sends || event.target.matches("input[type=text]")) event.preventDefault();
    if (sends) form.requestSubmit(form.querySelector("[data-send]"));
  }

  if (page) {
    document.addEventListener("keydown", onKey);
    document.addEventListener("submit", guard, true);
    document.addEventListener("input", (event) => checked.delete(event.target.closest("[data-guarded]")));
    addEventListener("pageshow", () => document.querySelectorAll("[data-guarded]").forEach((form) => checked.delete(form)));
  }
  return { post };
})();
