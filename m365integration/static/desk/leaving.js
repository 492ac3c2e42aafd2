// A mail of ours that waits: the seconds left to take it back, and then how it stands, without loading the page again.
(() => {
  "use strict";

  const ASKED_AFTER_S = [2, 3, 5, 10, 20, 30, 60];

  /** What is due may wait for a while yet: it can be taken back until the server says otherwise. */
  function hideWhenOver(form, fresh) {
    form.hidden = fresh === null || fresh.getAttribute("action") !== form.getAttribute("action");
  }

  /** Bring the head of an entry up to date until its mail has left, or has failed to. */
  async function follow(entry, turn = 0) {
    if (turn >= ASKED_AFTER_S.length) return;
    await new Promise((done) => { setTimeout(done, ASKED_AFTER_S[turn] * 1000); });
    const { entry: address } = document.querySelector("[data-desk-ticket]").dataset;
    const response = await fetch(`${address}?entry=${entry.id.split("-")[1]}`, { credentials: "same-origin", redirect: "error" }).catch(() => null);
    if (response === null || !response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(entry.id);
    if (fresh === null) return;
    const head = document.adoptNode(fresh.querySelector(".desk-entry-head"));
    const trouble = fresh.querySelector(":scope > [role=alert]");
    const isUnderWay = head.querySelector("[data-under-way]") !== null;
    entry.querySelector(".desk-entry-head").replaceWith(head);
    hideWhenOver(entry.querySelector("form.desk-undo"), fresh.querySelector("form.desk-undo"));
    // Why it has not left stands below; what can be done about it, on the page when it is loaded again.
    if (trouble && !entry.querySelector(":scope > [role=alert]")) head.after(document.adoptNode(trouble));
    if (isUnderWay) follow(entry, turn + 1);
  }

  function count(form) {
    const shown = form.querySelector("[data-seconds]");
    const ends = Date.now() + Number(form.dataset.leavesIn) * 1000;
    const tick = () => {
      const left = Math.ceil((ends - Date.now()) / 1000);
      shown.textContent = left > 0 ? `· ${left} s` : "";
      if (left > 0) return;
      clearInterval(timer);
      follow(form.closest(".desk-entry"));
    };
    const timer = setInterval(tick, 250);
    tick();
  }

  document.querySelectorAll("[data-leaves-in]").forEach(count);
})();
