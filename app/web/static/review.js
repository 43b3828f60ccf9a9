/*
 * The judging page, made quicker. Everything works without this file: it opens the words that a judgement needs,
 * hides what it does not need, offers keys, and warns before unsaved judgements are left.
 *
 * Keys count only outside of text fields and are read from the physical key, because a Japanese input method widens
 * letters: N next item, A 受理, R 差戻し, J next department.
 */
"use strict";

(() => {
  const form = document.getElementById("review");
  if (!form) return;
  const rows = [...form.querySelectorAll(".judgement")];
  // A page that came back refused holds judgements that are not saved yet.
  let changed = document.getElementById("error-summary") !== null;

  const chosen = (row) => row.querySelector("input[type=radio]:checked")?.value ?? "";

  const fit = (row) => {
    const value = chosen(row);
    for (const field of row.querySelectorAll("[data-for]")) {
      field.hidden = field.dataset.for !== value && !field.querySelector("[aria-invalid]");
    }
    row.classList.toggle("judgement--returned", value === "returned");
  };

  const choose = (row, value) => {
    const radio = row.querySelector(`input[type=radio][value="${value}"]`);
    if (!radio) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    if (value === "accepted") radio.focus();
  };

  form.addEventListener("change", (event) => {
    changed = true;
    const row = event.target.closest(".judgement");
    if (!row || event.target.type !== "radio") return;
    fit(row);
    const value = chosen(row);
    if (value === "" || value === "accepted") return;
    const words = row.querySelector("[data-words]");
    words.open = true;
    if (value === "returned") words.querySelector("textarea").focus();
  });
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

  const typing = (target) => target.closest("input:not([type=radio]), textarea, select, [contenteditable]");

  const move = (step) => {
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const row = rows[here + step] ?? (here < 0 ? rows[0] : null);
    row?.querySelector("input[type=radio]:checked, input[type=radio]")?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const row = event.target.closest(".judgement");
    if (event.code === "KeyA" && row) choose(row, "accepted");
    else if (event.code === "KeyR" && row) choose(row, "returned");
    else if (event.code === "KeyN") move(1);
    else if (event.code === "KeyJ") document.querySelector("[data-next]")?.click();
    else return;
    event.preventDefault();
  });

  rows.forEach(fit);
})();
