/*
 * Answering begins: the cards are prepared, and what happens in them goes to saving.
 */
"use strict";

((inspection) => {
  const { form, cards, saving, element } = inspection;
  if (!form || !saving || !window.fetch) return;

  document.querySelectorAll("[data-plain-save]").forEach((button) => { button.hidden = true; });
  document.querySelectorAll("[data-with-script]").forEach((one) => { one.hidden = false; });

  function copyButton(card) {
    const box = cards.frame(card).querySelector(".previous");
    if (!box || card.dataset.copy === undefined) return;
    const copy = element("button", { type: "button", class: "btn btn--small" }, "前回と同じ");
    if (inspection.singleKeys) copy.append(element("kbd", { "aria-hidden": "true" }, "0"));
    copy.addEventListener("click", () => inspection.sameAsBefore(card));
    box.append(copy);
  }

  let pointer = false;
  document.addEventListener("pointerdown", () => { pointer = true; }, true);
  document.addEventListener("keydown", () => { pointer = false; }, true);

  cards.all.forEach((card) => {
    cards.radios(card).forEach((radio) => {
      const face = cards.labelOf(radio);
      face.dataset.label = face.textContent.trim();
    });
    cards.prepare(card);
    inspection.undo.begin(card);
    inspection.showDigits(card);
    copyButton(card);
    card.addEventListener("change", (event) => {
      if (event.target.type === "date") saving.put(card);
      if (event.target.type !== "radio") return;
      const required = cards.mark(card);
      card.querySelector("[data-proposal]")?.remove(); // answered otherwise: it waits no more
      if (required) cards.openComment(card);
      if (required && pointer && cards.lacksWords(card)) cards.field(card, "comment").focus();
      saving.put(card);
    });
    card.addEventListener("input", (event) => { if (event.target.tagName === "TEXTAREA") saving.typed(card); });
    card.addEventListener("focusout", (event) => { if (event.target.tagName === "TEXTAREA") saving.left(card); });
  });

  // Whoever goes on elsewhere leaves one line behind; what is under the pointer or has the focus does not move.
  form.addEventListener("click", (event) => {
    const here = cards.frameCard(event.target);
    if (here) window.setTimeout(() => cards.all.forEach((card) => { if (card !== here) cards.fold(card, cards.frame(here)); }), 0);
  });

  cards.prepareFilter();
  document.getElementById("next-open")?.addEventListener("click", inspection.goToNextOpen);
  document.getElementById("keys-open")?.addEventListener("click", (event) => {
    event.preventDefault();
    inspection.showKeys();
  });
  document.querySelector("#keys [data-close]")?.addEventListener("click", () => document.getElementById("keys").close());

  // A browser that comes back to the page fills the fields as they were left: what differs from what was stored goes out, or is refused aloud.
  window.addEventListener("pageshow", () => {
    cards.all.forEach((card) => {
      const differs = [...card.querySelectorAll('textarea, input[type="date"]')].some((area) => area.value !== area.defaultValue)
        || cards.radios(card).some((radio) => radio.checked !== radio.defaultChecked);
      if (!differs || cards.field(card, "newer")) return;
      cards.unfold(card);
      cards.openComment(card);
      saving.put(card);
    });
  });

  // Where one stopped: the question that the address names, or else the first one that is open.
  const named = cards.all.find((card) => "#" + cards.frame(card).id === window.location.hash);
  if (named) {
    cards.unfold(named);
    cards.focusOn(named);
  }
  const first = named || cards.all.find((card) => !cards.answered(card));
  if (first) cards.frame(first).scrollIntoView({ block: "nearest" });
})(window.inspection);
