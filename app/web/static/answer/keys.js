/*
 * Single keys, by their place on the keyboard (`code`), so that they work with a Japanese input method on. Never in a text field, never
 * while composing, and not at all when they are switched off.
 */
"use strict";

((inspection) => {
  const { form, cards, element } = inspection;
  if (!form) return;
  const on = document.body.dataset.keys === "on";
  const help = document.getElementById("keys");
  const inText = (target) => target.matches('textarea, select, [contenteditable=""], [contenteditable="true"], input:not([type="radio"], [type="checkbox"], [type="button"], [type="submit"])');

  // On to another question; the one behind becomes one line when it is answered.
  function goTo(card, before) {
    if (card) cards.focusOn(card);
    else document.getElementById("next-open")?.focus();
    if (before && before !== card) cards.fold(before, card ? cards.frame(card) : null, "loose");
  }

  // An answer by key: on to the words that it asks for, or else to the next question.
  function done(card) {
    inspection.saving.put(card);
    if (cards.lacksWords(card)) {
      cards.openComment(card);
      cards.field(card, "comment").focus();
      return;
    }
    goTo(cards.nextOpen(card), card);
  }

  function choose(card, place) {
    const radio = cards.radios(card)[place];
    if (!radio || radio.disabled) return;
    if (cards.folded(card)) cards.unfold(card);
    radio.checked = true;
    cards.mark(card);
    done(card);
  }

  function cannotCopy(card) {
    if (card.querySelector("[data-not-copied]")) return;
    const line = element("p", { class: "small", role: "status", "data-not-copied": "" });
    card.querySelector(".options").after(line);
    line.textContent = "前回と同じにはできない項目です。今年の状況を確かめて、答えを選んでください。";
  }

  inspection.sameAsBefore = (card) => {
    if (card.dataset.copy === undefined) { cannotCopy(card); return; }
    cards.write(card, { ...cards.read(card), level: card.dataset.beforeLevel, comment: card.dataset.copy, due: "", same: true });
    card.querySelector("[data-proposal]")?.remove();
    done(card);
  };

  function step(by) {
    const list = cards.shown();
    const here = cards.current();
    const card = list[list.indexOf(here) + by];
    if (card) goTo(card, here);
  }

  const acts = {
    KeyN: () => inspection.goToNextOpen(),
    KeyJ: () => step(1),
    KeyK: () => step(-1),
    KeyC: (card) => {
      cards.unfold(card);
      cards.openComment(card);
      cards.field(card, "comment").focus();
    },
  };

  function single(event) {
    if (event.code === "Slash" && event.shiftKey) { inspection.showKeys(); return true; }
    if (event.shiftKey) return false;
    const card = cards.current();
    if (!card) return false;
    const digit = event.code.match(/^(?:Digit|Numpad)([0-9])$/);
    if (digit && event.repeat) return true;
    if (digit && digit[1] === "0") { inspection.sameAsBefore(card); return true; }
    if (digit) { choose(card, Number(digit[1]) - 1); return true; }
    if (!acts[event.code]) return false;
    acts[event.code](card);
    return true;
  }

  // With a control key, or out of a text field: these are no single characters, and always there.
  function others(event) {
    if (event.ctrlKey && event.code === "KeyS") { inspection.flush(); return true; }
    if (event.ctrlKey && event.code === "KeyZ" && !event.shiftKey && !inText(event.target)) return inspection.undo.last();
    if (event.code !== "Escape" || !inText(event.target)) return false;
    const card = cards.frameCard(event.target);
    if (card) cards.focusOn(card);
    return card !== null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    const plain = on && !event.ctrlKey && !inText(event.target);
    if (others(event) || (plain && single(event))) event.preventDefault();
  });

  inspection.goToNextOpen = () => {
    const here = cards.current();
    const card = cards.nextOpen(here) || cards.all.find((one) => !cards.answered(one));
    const button = document.getElementById("next-open");
    if (card && !cards.frame(card).hidden) goTo(card, here);
    else if (button && button.dataset.to) inspection.saving.leaveFor(button.dataset.to, button);
    else document.querySelector('.savebar button[value="check"]')?.focus();
  };

  inspection.showKeys = () => { if (help && !help.open) help.showModal(); };

  // The numbers stand at the choices of the question in hand.
  inspection.showDigits = (card) => {
    if (!on) return;
    cards.radios(card).forEach((radio, place) => radio.closest(".option").append(element("kbd", { "aria-hidden": "true" }, String(place + 1))));
  };
  inspection.singleKeys = on;
})(window.inspection);
