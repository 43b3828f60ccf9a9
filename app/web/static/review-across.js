/*
 * One item over all units, made quicker: all rows are picked at once, and J and K turn to the next item. Everything works without it.
 */
"use strict";

(() => {
  const form = document.getElementById("across");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=pick]")];
  const head = form.querySelector("thead .table__pick");
  if (head && boxes.length) {
    const all = Object.assign(document.createElement("input"), { type: "checkbox", className: "judgement__select" });
    all.setAttribute("aria-label", "このページの所属をすべて選ぶ");
    all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
    boxes.forEach((box) => box.addEventListener("change", () => { all.checked = boxes.every((one) => one.checked); }));
    all.checked = boxes.every((box) => box.checked);
    head.replaceChildren(all);
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=insert]");
    const text = form.querySelector("#template")?.selectedOptions[0]?.dataset.text;
    if (!button || !text) return;
    event.preventDefault();
    const field = form.querySelector("#remark");
    field.value = [field.value.trim(), text].filter(Boolean).join("\n");
    field.focus();
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (document.body.dataset.keys === "off" || event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select")) return;
    const link = { KeyJ: "[data-next]", KeyK: "[data-previous]" }[event.code];
    if (!link) return;
    event.preventDefault();
    document.querySelector(link)?.click();
  });
})();
