/*
 * The judging page, made quicker. Everything works without this file: it opens the words that a judgement needs,
 * hides what it does not need, offers keys, keeps the sheet in hand, and warns before unsaved judgements are left.
 *
 * Keys count only outside of text fields and are read from the physical key, because a Japanese input method widens
 * letters. They are listed under ? and can be switched off (data-keys="off" on the body).
 */
"use strict";

(() => {
  const form = document.getElementById("review");
  if (!form) return;
  const rows = [...form.querySelectorAll(".judgement")];
  const keysOn = () => document.body.dataset.keys !== "off";
  // A page that came back refused holds judgements that are not saved yet.
  let changed = document.getElementById("error-summary") !== null;

  const chosen = (row) => row.querySelector("input[type=radio]:checked")?.value ?? "";
  const remark = (row) => row.querySelector("textarea");

  const fit = (row) => {
    const value = chosen(row);
    for (const field of row.querySelectorAll("[data-for]")) {
      field.hidden = field.dataset.for !== value && !field.querySelector("[aria-invalid]");
    }
    row.classList.toggle("judgement--returned", value === "returned");
  };

  const choose = (row, value) => {
    const radio = row.querySelector(`input[type=radio][value="${value}"]`);
    if (!radio) return false;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };

  const openWords = (row) => {
    const words = row.querySelector("[data-words]");
    if (words) words.open = true;
    remark(row)?.focus();
  };

  form.addEventListener("change", (event) => {
    changed = true;
    const row = event.target.closest(".judgement");
    if (!row || event.target.type !== "radio") return;
    fit(row);
    const value = chosen(row);
    if (value === "" || value === "accepted") return;
    row.querySelector("[data-words]").open = true;
    if (value === "returned") remark(row).focus();
  });
  form.addEventListener("input", () => { changed = true; });
  // Only this form takes the judgements along: any other one (signing out, handing the sheet over) leaves them behind, and is asked about.
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

  // ---- the sheet stays in hand while somebody works on it

  const RENEW_AFTER = 5 * 60 * 1000;
  let renewed = Date.now();
  const freshKey = () => [...crypto.getRandomValues(new Uint8Array(18))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const renew = () => {
    if (!form.dataset.renew || Date.now() - renewed < RENEW_AFTER) return;
    renewed = Date.now();
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, idempotency_key: freshKey() });
    fetch(form.dataset.renew, { method: "POST", body, redirect: "manual" }).catch(() => { renewed = 0; });
  };
  form.addEventListener("input", renew);
  document.addEventListener("keydown", renew);

  // ---- several items at once: the buttons act on the page at once instead of going to the server

  const boxes = [...form.querySelectorAll("input[name=pick]")];
  const bar = form.querySelector("[data-picked]");
  const count = () => {
    const picked = boxes.filter((box) => box.checked).length;
    if (!bar) return;
    bar.textContent = `${picked}項目を選択中`;
    bar.closest("[data-pick-bar]").hidden = picked === 0;
  };
  boxes.forEach((box) => box.addEventListener("change", count));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=as]");
    if (!button) return;
    event.preventDefault();
    const picked = rows.filter((row) => row.querySelector("input[name=pick]")?.checked);
    picked.forEach((row) => choose(row, button.value));
    const first = picked.find((row) => button.value === "returned" && !remark(row).value.trim());
    if (first) openWords(first);
  });

  // ---- texts

  const templates = document.getElementById("templates");
  let target = null;
  const show = (dialog) => { dialog.hidden = false; dialog.showModal(); };
  const insert = (text) => {
    if (!target) return;
    const field = remark(target);
    field.value = [field.value.trim(), text].filter(Boolean).join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    templates.close();
    if (chosen(target) === "" || chosen(target) === "accepted") choose(target, "accepted_with_remark");
    openWords(target);
  };
  templates?.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-text]");
    if (button) insert(button.dataset.text);
  });
  templates?.addEventListener("keydown", (event) => {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    const button = digit && templates.querySelectorAll("button[data-text]")[digit[1] - 1];
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    insert(button.dataset.text);
  });
  const help = document.getElementById("keys");
  const returning = document.getElementById("returning");
  for (const dialog of [templates, help, returning]) {
    dialog?.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog?.addEventListener("close", () => { dialog.hidden = true; });
  }
  for (const button of document.querySelectorAll("[data-help]")) {
    button.hidden = !keysOn();
    button.addEventListener("click", () => show(help));
  }

  // ---- what a return brings is listed before it is sent: marks of this page, and those that were saved before

  const sender = document.querySelector("[data-return]");
  const marks = () => {
    const here = rows.filter((row) => chosen(row) === "returned")
      .map((row) => [row.dataset.number, remark(row).value.trim() || "（理由がまだありません）"]);
    const elsewhere = [...form.querySelectorAll("[data-marked]")].filter((one) => !rows.some((row) => row.dataset.number === one.dataset.marked))
      .map((one) => [one.dataset.marked, one.querySelector(".prewrap").textContent]);
    return [...here, ...elsewhere];
  };
  sender?.addEventListener("click", (event) => {
    const found = marks();
    if (sender.dataset.sure || found.length === 0) return; // the server says what is missing
    event.preventDefault();
    returning.querySelector("[data-list]").replaceChildren(...found.map(([number, words]) => {
      const line = document.createElement("li");
      line.append(Object.assign(document.createElement("b"), { textContent: number }), `　${words}`);
      return line;
    }));
    show(returning);
  });
  returning?.querySelector("[data-sure]").addEventListener("click", () => {
    sender.dataset.sure = "yes";
    returning.close();
    form.requestSubmit(sender);
  });

  // ---- keys

  const typing = (place) => place.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  const waiting = () => rows.find((row) => chosen(row) === "") ?? rows[0];
  const current = () => rows.find((row) => row.contains(document.activeElement)) ?? waiting();
  const go = (row) => { row?.focus(); row?.scrollIntoView({ block: "nearest" }); };
  const next = (row) => {
    const place = rows.indexOf(row);
    return rows.slice(place + 1).find((one) => chosen(one) === "") ?? rows.find((one) => chosen(one) === "");
  };
  const step = (by) => {
    const place = rows.findIndex((row) => row.contains(document.activeElement));
    go(place < 0 ? waiting() : rows[place + by]);
  };
  const press = (selector) => document.querySelector(selector)?.click();

  const finish = () => {
    const button = document.querySelector("[data-finish]");
    if (!button) return;
    if (form.elements.next) {
      const onwards = Object.assign(document.createElement("input"), { type: "hidden", name: "then", value: "next" });
      form.append(onwards);
    }
    button.click();
  };

  let number = null;
  let timer = 0;
  const jump = () => {
    clearTimeout(timer);
    const wanted = number;
    number = null;
    if (!wanted) return;
    const named = wanted.includes("-") ? wanted : `${wanted[0]}-${wanted.slice(1)}`;
    const row = rows.find((one) => one.dataset.number === named);
    if (row) go(row);
    else window.location.href = `${form.dataset.all}#q${named}`;
  };
  const collect = (event) => {
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
    if (digit) number += digit[1];
    else if (event.code === "Minus" || event.code === "NumpadSubtract") number += "-";
    else {
      jump();
      return event.code === "Enter";
    }
    clearTimeout(timer);
    timer = setTimeout(jump, 1200);
    return true;
  };

  const acts = {
    KeyA: (row) => { if (row && choose(row, "accepted")) go(next(row) ?? row); },
    KeyR: (row) => { if (row && choose(row, "returned")) openWords(row); },
    KeyX: (row) => row?.querySelector("input[name=pick]")?.click(),
    KeyT: (row) => { if (row && remark(row) && templates) { target = row; show(templates); } },
    KeyG: () => { number = ""; timer = setTimeout(jump, 3000); },
    KeyF: finish,
    KeyJ: () => press("[data-next]"),
    KeyK: () => press("[data-previous]"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || !keysOn()) return;
    if (document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.code === "Escape" && event.target.closest(".judgement")) go(event.target.closest(".judgement"));
      return;
    }
    if (number !== null && collect(event)) {
      event.preventDefault();
      return;
    }
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    if (arrow) {
      // Inside a group of radio buttons the arrows choose, as everywhere.
      if (event.target.matches("input[type=radio]") || !rows.length) return;
      step(arrow);
    } else if (event.code === "Slash" && event.shiftKey) show(help);
    else if (acts[event.code] && !event.shiftKey) acts[event.code](current());
    else return;
    event.preventDefault();
  });

  rows.forEach(fit);
  count();
})();
