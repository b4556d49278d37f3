/* «New» beside what was published since this reader's last visit. Kept in the browser alone; the
   word comes from data-new-word, so that this file knows no language. Without storage: nothing. */
"use strict";

(() => {
  const list = document.querySelector("[data-new-word]");
  if (!list) return;
  const word = list.dataset.newWord;

  // The visit before this one: kept for as long as the tab lives, so that a reload shows the same.
  const lastVisit = () => {
    const kept = sessionStorage.getItem("flatpro.before") ?? localStorage.getItem("flatpro.visit");
    sessionStorage.setItem("flatpro.before", kept ?? new Date().toISOString());
    localStorage.setItem("flatpro.visit", new Date().toISOString());
    return kept ? Date.parse(kept) : NaN;
  };

  let since;
  try {
    since = lastVisit();
  } catch {
    return;
  }
  if (Number.isNaN(since)) return;

  const mark = () => {
    for (const time of document.querySelectorAll("[data-new-word] .product time[datetime]")) {
      const isNew = Date.parse(time.dateTime) > since;
      if (!isNew || time.nextElementSibling?.matches(".new-mark")) continue;
      const badge = document.createElement("span");
      badge.className = "status status-info new-mark";
      badge.textContent = word;
      time.after(badge);
    }
  };

  mark();
  // The list is replaced as one types.
  new MutationObserver(mark).observe(document.querySelector("main"), { childList: true, subtree: true });
})();
