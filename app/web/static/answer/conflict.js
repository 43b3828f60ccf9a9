/*
 * Two people, or two tabs: both texts stand in place with who and when, one is chosen. The stored one stays in the history when it is
 * replaced; the own one can be had back by 元に戻す when it is not chosen.
 */
"use strict";

((inspection) => {
  const { form, queue, cards, element, icon, button } = inspection;
  if (!form) return;

  function side(card, title, words, choose) {
    const radio = cards.radios(card).find((one) => one.value === words.level);
    const level = element("span", { class: "level" });
    if (radio) level.append(cards.labelOf(radio).querySelector("svg").cloneNode(true), cards.labelOf(radio).dataset.label);
    else level.append("未回答");
    const made = element("div", { class: "conflict__side" }, element("p", {}, element("b", {}, title)), level,
      element("p", { class: "conflict__text" }, words.comment || "（説明なし）"));
    if (words.due) made.append(element("p", { class: "small muted" }, "対応の期限　" + words.due));
    if (words.reply) made.append(element("p", { class: "small muted" }, "審査担当への返信"), element("p", { class: "conflict__text" }, words.reply));
    const pick = button("こちらを残す", choose, "btn--small");
    pick.append(element("span", { class: "visually-hidden" }, "：" + title));
    made.append(pick);
    return made;
  }

  inspection.showConflict = (card, entry, stored) => {
    const old = card.querySelector(".conflict");
    if (old) old.remove();
    card.conflict = stored;
    cards.unfold(card);
    const who = stored.saver ? stored.saver + "さんが" : "あなたが別の画面で";
    const title = element("h3", { id: "conflict-" + card.dataset.key }, icon("alert"), " " + card.dataset.number + " は、" + who + (stored.saved || "") + "に変えました");
    const end = () => {
      card.conflict = null;
      box.remove();
      cards.field(card, "version").value = stored.version;
      entry.version = stored.version;
    };
    const mine = () => {
      end();
      inspection.saving.put(card);
      cards.focusOn(card);
    };
    const theirs = async () => {
      end();
      cards.write(card, { level: stored.level, comment: stored.comment, reply: stored.reply, due: stored.due });
      inspection.undo.passed(card);
      await queue.drop(entry);
      cards.settled(card);
      inspection.saving.tell(stored.saved);
      cards.focusOn(card);
    };
    const box = element("section", { class: "conflict", role: "alert", "aria-labelledby": title.id }, title,
      element("p", { class: "small" }, "どちらを残すか選んでください。いま保存されている回答は、置き換えても履歴に残ります。"),
      element("div", { class: "conflict__sides" }, side(card, "あなたの回答", cards.read(card), mine),
        side(card, "いま保存されている回答", stored, theirs)));
    card.prepend(box);
  };
})(window.inspection);
