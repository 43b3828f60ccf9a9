/*
 * 元に戻す: back through what this page saw, then through the history on the server; each step is a new save.
 */
"use strict";

((inspection) => {
  const { form, cards, button, same } = inspection;
  if (!form) return;
  const order = []; // the cards that were changed, the last one at the end

  function begin(card) {
    const trail = { words: cards.read(card), past: [], version: Number(cards.field(card, "version").value) };
    const undo = button("元に戻す", () => back(card), "btn--text");
    undo.hidden = trail.version === 0;
    card.tools.append(undo);
    Object.assign(card, { trail, undo });
  }

  // The card says something else now: what it said before can be had back.
  function passed(card) {
    const words = cards.read(card);
    if (same(words, card.trail.words)) return;
    card.trail.past.push(card.trail.words);
    card.trail.words = words;
    card.undo.hidden = false;
    order.push(card);
  }

  // Words that another page left behind, and that newer ones of this page took the place of.
  function kept(card, words) {
    card.trail.past.push(words);
    card.undo.hidden = false;
  }

  async function back(card) {
    const words = card.trail.past.pop() || await earlier(card);
    if (words === null) {
      inspection.saving.show("saved", "これより前の回答はありません", "");
      return;
    }
    card.trail.words = words;
    cards.unfold(card);
    cards.write(card, words);
    inspection.saving.put(card);
    card.undo.hidden = card.trail.past.length === 0 && card.trail.version === 0;
    cards.focusOn(card);
  }

  // What stood before the page was opened, one save further back each time.
  async function earlier(card) {
    if (card.trail.version === 0) return null;
    const url = form.dataset.saveUrl.replace("00000000-0000-0000-0000-000000000000", card.dataset.item);
    const { status, reply } = await inspection.request("GET", url + "/before?version=" + card.trail.version);
    if (status !== 200) {
      inspection.saving.show("failed", "元に戻せませんでした", status === 0 ? "通信が切れています。" : reply.message || "");
      return null;
    }
    card.trail.version = reply.version;
    return { level: reply.level, comment: reply.comment, reply: reply.reply, due: reply.due };
  }

  inspection.undo = {
    begin, passed, kept,
    // Take back the change that was made last, wherever it was. False when this page changed nothing.
    last() {
      let card = order.pop();
      while (card && card.trail.past.length === 0) card = order.pop();
      if (card) back(card);
      return Boolean(card);
    },
  };
})(window.inspection);
