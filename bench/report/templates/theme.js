"use strict";
// Light or dark: as the system has it, until the reader chooses; the choice is kept where it can be.
const Theme = (() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const key = "bench-theme";
  try {
    const kept = localStorage.getItem(key);
    if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  } catch {
    // A file opened from the disk may have no storage: the choice then holds for this view.
  }
  const now = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
  const button = (element) => {
    const show = () => {
      element.setAttribute("aria-pressed", String(now() === "dark"));
    };
    element.addEventListener("click", () => {
      root.dataset.theme = now() === "dark" ? "light" : "dark";
      try {
        localStorage.setItem(key, root.dataset.theme);
      } catch {
        // As above.
      }
      show();
    });
    system.addEventListener("change", show);
    show();
  };
  return { button };
})();
