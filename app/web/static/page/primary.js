/*
 * A goes to the page's main act: its one solid blue button or link. It never presses it. By the place of the key, never in a text field,
 * not while composing, and not when single keys are switched off. A page with an act of its own under this key says so on its root.
 */
"use strict";

((inspection) => {
  if (document.body.dataset.keys !== "on") return;
  const inText = 'textarea, select, [contenteditable], input:not([type="radio"], [type="checkbox"], [type="button"], [type="submit"])';
  const shown = (one) => one.offsetParent !== null || one.getClientRects().length > 0;

  document.addEventListener("keydown", (event) => {
    if (event.code !== "KeyA" || event.defaultPrevented || event.isComposing || event.repeat) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target.matches(inText) || document.querySelector("dialog[open]") || document.documentElement.dataset.ownKeys) return;
    const acts = [...document.querySelectorAll(".savebar .btn--primary, main .btn--primary, .page-head .btn--primary")].filter(shown);
    if (acts.length === 0) return;
    event.preventDefault();
    acts[0].focus();
  });
})(window.inspection);
