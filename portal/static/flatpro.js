/* Small conveniences over pages that work without them: copy buttons, keys, fresh relative times.
   Words come from data attributes of <body>, so that this file knows no language. */
"use strict";

(() => {
  const root = document.documentElement;
  const words = document.body.dataset;
  const live = document.getElementById("live");
  root.classList.add("has-script");
  document.querySelector("[data-focus]")?.focus();

  /* --- The menu of narrow screens: it opens and closes by itself, and goes away when left. --- */

  const menu = document.querySelector(".site-menu");

  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });

  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });

  /* --- Escape closes the menu, and a step that wants a second look; what was typed there stays. --- */

  document.addEventListener("keydown", (event) => {
    const opened = event.key === "Escape" && event.target.closest("details[open]:is(.site-menu, .confirm)");
    if (!opened) return;
    opened.open = false;
    opened.querySelector("summary").focus();
  });

  /* --- Copy: the clipboard needs a secure context; an intranet over plain HTTP has none. --- */

  const copyBySelection = (text) => {
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "visually-hidden";
    document.body.append(box);
    box.select();
    const copied = document.execCommand("copy");
    box.remove();
    return copied;
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyBySelection(text);
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const copied = await copy(button.dataset.copy);
    button.focus();
    live.textContent = copied ? words.copied : words.notCopied;
    if (!copied) return;
    button.classList.add("done");
    setTimeout(() => {
      button.classList.remove("done");
      live.textContent = "";
    }, 2000);
  });

  /* --- Keys: by place as well as by sign, as "/" and "j" are other letters in Russian. --- */

  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

  const stepRows = (step) => {
    const links = [...document.querySelectorAll("[data-rows] tbody tr")]
      .map((row) => row.querySelector("a"))
      .filter(Boolean);
    if (!links.length) return false;
    const row = document.activeElement.closest("[data-rows] tbody tr");
    const current = row ? links.findIndex((link) => row.contains(link)) : -1;
    const next = current < 0 ? (step > 0 ? 0 : links.length - 1) : current + step;
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
    return true;
  };

  const focusSearch = () => {
    const box = document.querySelector("main [data-search]") ?? document.querySelector("[data-search]");
    box?.focus();
    box?.select();
    return Boolean(box);
  };

  const keys = { Slash: focusSearch, KeyJ: () => stepRows(1), KeyK: () => stepRows(-1) };
  const signs = { "/": "Slash", j: "KeyJ", k: "KeyK" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape" && event.target.matches("[data-search]")) event.target.blur();
      return;
    }
    const act = keys[signs[event.key] ?? event.code];
    if (act?.()) event.preventDefault();
  });

  /* --- Relative times: the server wrote them; a page left open keeps them true. --- */

  const day = 86400;
  const units = Object.entries({
    year: 365 * day, month: 30 * day, week: 7 * day, day, hour: 3600, minute: 60,
  });
  const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: "always" });

  // The same rounding as Babel's format_timedelta, so that the words change only when time does.
  const refresh = (time) => {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const found = units.find(([, length]) => Math.abs(seconds) / length >= 0.85);
    if (!found) return;
    const [unit, length] = found;
    const count = Math.max(1, Math.round(Math.abs(seconds) / length));
    time.textContent = relative.format(Math.sign(seconds) * count, unit);
  };

  setInterval(() => document.querySelectorAll("time[data-ago]").forEach(refresh), 60000);
})();
