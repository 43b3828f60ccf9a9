// Adds and removes rows of questions at once. Without this script the same buttons send the form, and the server draws it again.
"use strict";
(() => {
  const form = document.querySelector("form[data-special]");
  if (!form) return;
  const list = form.querySelector("[data-questions]");
  const add = form.querySelector("[data-add-question]");
  const said = form.querySelector("[data-said]");
  const rows = () => [...list.querySelectorAll("[data-question]")];

  // Names, ids and buttons by place: the first row is 1.
  const number = () => {
    const all = rows();
    all.forEach((row, place) => {
      const n = String(place + 1);
      row.querySelector("[data-number]").textContent = n;
      for (const name of ["statement", "guidance"]) {
        const control = row.querySelector(`[name="${name}"]`);
        row.querySelector(`label[for="${control.id}"]`).htmlFor = `${name}-${n}`;
        control.id = `${name}-${n}`;
      }
      const remove = row.querySelector("[data-remove-question]");
      remove.value = form.dataset.remove + n;
      remove.hidden = all.length <= Number(form.dataset.fewest);
      remove.querySelector(".visually-hidden").textContent = `：設問${n}`;
    });
    add.hidden = all.length >= Number(form.dataset.most);
  };

  const blank = (row) => {
    for (const control of row.querySelectorAll("input, textarea")) {
      control.value = "";
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
    for (const error of row.querySelectorAll(".field__error")) error.remove();
  };

  list.addEventListener("click", (event) => {
    const adding = event.target.closest("[data-add-question]");
    const removing = event.target.closest("[data-remove-question]");
    if (!adding && !removing) return;
    event.preventDefault();
    if (adding) {
      const all = rows();
      const row = all[all.length - 1].cloneNode(true);
      blank(row);
      all[all.length - 1].after(row);
      number();
      row.querySelector('[name="statement"]').focus();
      said.textContent = `設問を加えました。いま${rows().length}問です。`;
      return;
    }
    const row = removing.closest("[data-question]");
    const next = row.nextElementSibling.matches("[data-question]") ? row.nextElementSibling : row.previousElementSibling;
    row.remove();
    number();
    next.querySelector('[name="statement"]').focus();
    said.textContent = `設問を消しました。いま${rows().length}問です。`;
  });
})();
