/*
 * The questions of a section: what is chosen and written in each, one line for what is answered, the filter, and the counts.
 */
"use strict";

((inspection) => {
  const form = document.getElementById("answers");
  if (!form) return;
  const { element, button } = inspection;
  const cards = [...form.querySelectorAll("[data-item]")];
  const needsWords = new Set((form.dataset.commentRequired || "").split(" ").filter(Boolean));
  const appliesNot = new Set((form.dataset.noItemLevels || "").split(" ").filter(Boolean));
  const reasons = JSON.parse(form.dataset.reasons || "[]");
  const leavesWork = new Set((form.dataset.actionLevels || "").split(" ").filter(Boolean));
  const field = (card, kind) => card.querySelector('[name="' + kind + "-" + card.dataset.key + '"]');
  const radios = (card) => [...card.querySelectorAll('input[type="radio"]')];
  const chosen = (card) => card.querySelector('input[type="radio"]:checked');
  const frame = (card) => card.closest(".question");
  const labelOf = (radio) => radio.closest(".option").querySelector(".option__face");

  const read = (card) => ({
    level: chosen(card) ? chosen(card).value : null,
    comment: field(card, "comment").value,
    reply: field(card, "reply") ? field(card, "reply").value : "",
    due: field(card, "due").value,
    same: card.dataset.same === "yes" && field(card, "comment").value.trim() === (card.dataset.copy || "").trim()
      && chosen(card) !== null && chosen(card).value === card.dataset.beforeLevel,
  });

  // Put words into the fields, without sending them.
  function write(card, words) {
    radios(card).forEach((radio) => { radio.checked = radio.value === words.level; });
    field(card, "comment").value = words.comment;
    if (field(card, "reply")) field(card, "reply").value = words.reply;
    field(card, "due").value = words.due || "";
    card.dataset.same = words.same ? "yes" : "";
    mark(card);
    renewLine(card);
    if (words.comment || needsWords.has(words.level)) openComment(card);
  }

  const lacksWords = (card) => {
    const level = chosen(card);
    return level !== null && needsWords.has(level.value) && !field(card, "comment").value.trim();
  };
  const answered = (card) => chosen(card) !== null && !lacksWords(card);

  // ------------------------------------------------------------------------------------ the comment of a card

  function mark(card) {
    const label = card.querySelector("[data-mark]");
    if (chosen(card)) card.querySelector("[data-not-copied]")?.remove();
    const required = chosen(card) !== null && needsWords.has(chosen(card).value);
    if (label) {
      label.textContent = required ? "※必須" : "任意";
      label.classList.toggle("field__mark--required", required);
    }
    if (chosen(card) && appliesNot.has(chosen(card).value)) offerReasons(card);
    else if (card.reasons) card.reasons.hidden = true;
    // A date for what is left to do; nothing is left of what is done or does not apply.
    card.querySelector("[data-due-for]").hidden = !(chosen(card) && leavesWork.has(chosen(card).value));
    return required;
  }

  // Why an item does not apply is mostly one of a few reasons: a press writes it, and what was written by hand stays before it.
  function offerReasons(card) {
    if (!card.reasons && reasons.length) {
      card.reasons = element("div", { class: "reasons", role: "group", "aria-label": card.dataset.number + " のよくある理由" }, element("span", {}, "よくある理由"),
        ...reasons.map(([label, text]) => button(label, () => writeReason(card, text), "btn--text")));
      field(card, "comment").before(card.reasons);
    }
    if (card.reasons) card.reasons.hidden = false;
  }

  function writeReason(card, text) {
    const comment = field(card, "comment");
    const own = reasons.reduce((words, [, given]) => words.replace(given, ""), comment.value).trim();
    comment.value = own ? own + "\n" + text : text;
    comment.focus();
    comment.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A comment that nobody has to write waits behind a button, so that four questions fit a screen.
  function prepare(card) {
    const tools = element("div", { class: "question__tools" });
    const opener = button("状況を書く", () => { openComment(card); field(card, "comment").focus(); }, "btn--text");
    tools.append(opener);
    card.querySelector(".options").append(tools);
    Object.assign(card, { tools, opener });
    card.dataset.answered = chosen(card) ? "yes" : "";
    const invalid = field(card, "comment").getAttribute("aria-invalid") === "true";
    if (!mark(card) && !field(card, "comment").value.trim() && !invalid) card.querySelector("[data-comment-for]").hidden = true;
    else opener.hidden = true;
  }

  function openComment(card) {
    card.querySelector("[data-comment-for]").hidden = false;
    card.opener.hidden = true;
  }

  // --------------------------------------------------------------------------------------------- one line

  function lineOf(card) {
    const outer = frame(card);
    if (outer.tagName === "DETAILS") return outer.querySelector("summary");
    if (!card.line) {
      const number = outer.querySelector(".question__number").cloneNode(true);
      const text = element("span", { class: "question__text" }, outer.querySelector(".question__wording").firstChild.textContent.trim());
      card.line = element("button", { type: "button", class: "question__line", "aria-expanded": "false" }, number, text,
        element("span", { class: "level" }), element("span", { class: "question__open" }, "直す"));
      card.line.hidden = true;
      card.line.addEventListener("click", () => { unfold(card); focusOn(card); });
      outer.prepend(card.line);
    }
    return card.line;
  }

  // Renew level, 前回も同じ and the first words of the comment in the line of a card; it can be read while the card is open.
  function renewLine(card) {
    const line = lineOf(card);
    const level = line.querySelector(".level");
    const radio = chosen(card);
    level.replaceChildren();
    if (radio) level.append(labelOf(radio).querySelector("svg").cloneNode(true), labelOf(radio).dataset.label);
    else level.append("未回答");
    let note = line.querySelector("[data-note]");
    if (!note) {
      note = element("span", { class: "small muted nowrap", "data-note": "" }, "前回も同じ");
      level.after(note);
    }
    note.hidden = !radio || radio.value !== card.dataset.beforeLevel;
    let words = line.querySelector(".question__excerpt");
    if (!words) {
      words = element("span", { class: "question__excerpt" });
      line.querySelector(".question__text").after(words);
    }
    words.textContent = field(card, "comment").value.trim().slice(0, 60);
  }

  const folded = (card) => {
    const outer = frame(card);
    return outer.tagName === "DETAILS" ? !outer.open : outer.classList.contains("question--folded");
  };
  const staysOpen = (card) => !answered(card) || card.conflict || card.refused || frame(card).classList.contains("question--returned");

  /*
   * Fold what is answered; `anchor` stays where it is on the screen. Where the page cannot scroll far enough for that, the card stays
   * open, so that nothing moves under a pointer; "loose" folds it all the same.
   */
  function fold(card, anchor, how) {
    if (folded(card) || staysOpen(card) || card.contains(document.activeElement)) return;
    const outer = frame(card);
    const before = anchor ? anchor.getBoundingClientRect().top : 0;
    const set = (closed) => {
      if (outer.tagName === "DETAILS") outer.open = !closed;
      else {
        outer.classList.toggle("question--folded", closed);
        lineOf(card).hidden = !closed;
      }
    };
    renewLine(card);
    set(true);
    if (!anchor) return;
    window.scrollBy(0, anchor.getBoundingClientRect().top - before);
    const moved = anchor.getBoundingClientRect().top - before;
    if (Math.abs(moved) <= 1 || how === "loose") return;
    set(false);
    window.scrollBy(0, anchor.getBoundingClientRect().top - before);
  }

  function unfold(card) {
    const outer = frame(card);
    if (outer.tagName === "DETAILS") outer.open = true;
    else {
      outer.classList.remove("question--folded");
      if (card.line) card.line.hidden = true;
    }
  }

  // ------------------------------------------------------------------------------------ where one is, and goes

  const shown = () => cards.filter((card) => !frame(card).hidden);
  let last = null;
  form.addEventListener("focusin", (event) => {
    const card = event.target.closest("[data-item]") || frameCard(event.target);
    if (card) last = card;
  });
  const frameCard = (target) => cards.find((card) => frame(card).contains(target)) || null;
  const current = () => frameCard(document.activeElement) || (last && !frame(last).hidden ? last : null)
    || shown().find((card) => !chosen(card)) || shown()[0] || null;
  const nextOpen = (after) => {
    const list = shown();
    const from = list.indexOf(after) + 1;
    return [...list.slice(from), ...list.slice(0, from)].find((card) => !answered(card) && card !== after) || null;
  };

  function focusOn(card) {
    if (folded(card)) lineOf(card).focus();
    else (chosen(card) || radios(card)[0]).focus();
    last = card;
    frame(card).scrollIntoView({ block: "nearest" });
  }

  // ------------------------------------------------------------------------------------------ filter and counts

  const filters = {
    all: () => true,
    open: (card) => !answered(card),
    returned: (card) => frame(card).classList.contains("question--returned"),
    changed: (card) => Boolean(card.dataset.beforeLevel) && chosen(card) !== null && chosen(card).value !== card.dataset.beforeLevel,
  };

  function prepareFilter() {
    const bar = document.getElementById("question-filter");
    if (!bar || cards.length < 2) return;
    bar.hidden = false;
    bar.addEventListener("click", (event) => {
      const pressed = event.target.closest("button");
      if (!pressed) return;
      bar.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one === pressed)));
      const keeps = filters[pressed.value];
      cards.forEach((card) => { frame(card).hidden = !keeps(card); });
      cards.filter((card) => !frame(card).hidden && pressed.value === "all").forEach((card) => fold(card, null));
      document.getElementById("none-shown").hidden = shown().length > 0;
    });
  }

  function count(step) {
    const bar = document.getElementById("sheet-progress");
    if (!bar) return;
    const done = Number(bar.dataset.answered) + step;
    const applicable = Number(bar.dataset.applicable);
    bar.dataset.answered = String(done);
    bar.querySelector('[data-count="answered"]').textContent = String(done);
    const left = bar.querySelector('[data-count="left"]');
    if (left) left.textContent = String(applicable - done);
    const minutes = bar.querySelector('[data-count="minutes"]');
    if (minutes) minutes.textContent = applicable > done ? "目安 約" + Math.max(1, Math.round(((applicable - done) * 12) / 60)) + "分" : "";
    const rect = bar.querySelector("rect");
    if (rect && applicable) rect.setAttribute("width", ((100 * done) / applicable).toFixed(1) + "%");
    const here = document.querySelector('.sections a[aria-current="step"] .sections__count');
    const parts = here ? here.textContent.trim().match(/^(\d+)\/(\d+)$/) : null;
    if (!parts) return;
    const finished = Number(parts[1]) + step === Number(parts[2]) && !cards.some(lacksWords);
    here.textContent = finished ? "完了" : Number(parts[1]) + step + "/" + parts[2];
  }

  // A save has arrived: the counts follow what the server holds.
  function settled(card) {
    const now = chosen(card) ? "yes" : "";
    if (now !== card.dataset.answered) count(now ? 1 : -1);
    card.dataset.answered = now;
  }

  Object.assign(inspection, {
    form,
    cards: { all: cards, field, radios, chosen, read, write, mark, prepare, openComment, lacksWords, answered, needsWords, frame, frameCard,
      renewLine, fold, unfold, folded, current, nextOpen, focusOn, shown, prepareFilter, settled, labelOf },
  });
})(window.inspection);
