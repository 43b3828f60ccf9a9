/*
 * Words typed into a form are asked about before the page is left. Answers and judgements are not among them: they keep watch themselves,
 * and an answer is saved as it is given.
 */
"use strict";

((inspection) => {
  const typed = new Set();

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!event.target.matches("textarea") || !form || form.method !== "post" || form.matches("#answers, #review")) return;
    const words = [...form.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
    if (words) typed.add(form);
    else typed.delete(form);
  });
  document.addEventListener("submit", (event) => { typed.delete(event.target); });
  window.addEventListener("beforeunload", (event) => {
    if (typed.size > 0 && !inspection.leaving) event.preventDefault();
  });
})(window.inspection);
