/*
 * Saving: each answer goes into the queue as it is given and to the server after it. What is shown as 保存済み carries the server's time,
 * and nothing else ever says so.
 */
"use strict";

((inspection) => {
  const { form, queue, cards, element, icon } = inspection;
  const state = document.getElementById("save-state");
  if (!form || !state) return;
  const waits = [1, 2, 5, 15, 30];
  const quiet = 800;
  const longest = 5000;
  const slow = 400;
  const ready = new Set(); // cards whose entry may go out now
  const typing = new Map(); // card -> {since, timer}
  let sending = null;
  let attempt = 0;
  let retry = 0;
  let closed = "";
  let lastSaved = form.dataset.lastSaved || "";

  // ------------------------------------------------------------------------------------------ what is shown

  const names = { saving: "cloud-sending", saved: "cloud-saved", queued: "cloud-off", failed: "stop" };
  function show(kind, label, detail) {
    const text = [label, detail || ""].join("　");
    if (state.dataset.shown === kind + text) return; // said once is enough for those who listen
    state.dataset.shown = kind + text;
    state.className = "save-state save-state--" + kind;
    state.querySelector("use").setAttribute("href", document.body.dataset.icons + "#" + names[kind]);
    state.querySelector("span").replaceChildren(element("b", {}, label), detail ? "　" + detail : "");
  }

  const waiting = () => [...queue.own.values()].filter((entry) => entry.tab === inspection.tab);
  const countWaiting = () => { state.dataset.waiting = String(waiting().length); };
  const savedUntil = () => (lastSaved ? lastSaved + "までの回答は保存してあります。" : "");

  function banner(sentence, detail) {
    let line = document.getElementById("offline");
    if (!sentence) {
      if (line) line.remove();
      return;
    }
    if (!line) {
      line = element("div", { class: "offline", id: "offline", role: "status" }, icon("cloud-off"), element("p", {}, element("b", {}), element("span", {})));
      document.querySelector(".savebar").prepend(line);
    }
    line.querySelector("b").textContent = sentence;
    line.querySelector("span").textContent = detail;
  }

  // The state of the page as a whole: what has to be mended comes before what is merely under way.
  // `known` is when the answer that stands was saved: for a page that has saved nothing itself, and took what somebody else had.
  function tell(known) {
    lastSaved = lastSaved || known || "";
    countWaiting();
    const choices = cards.all.filter((card) => card.conflict || cards.field(card, "newer")).length;
    const refused = cards.all.filter((card) => card.refused).length;
    if (closed) show("failed", "保存できません（" + waiting().length + "件）", closed + " " + savedUntil() + "書いた言葉は、この画面から写してください。");
    else if (choices) show("failed", "保存していない項目が" + choices + "件あります", "どちらを残すか選んでください。");
    else if (refused) show("failed", "保存できない項目が" + refused + "件あります", "赤い文を読んで直してください。");
    else if (waiting().length === 0 && lastSaved) show("saved", "保存済み", lastSaved);
  }

  function tellWaiting(outcome) {
    const count = waiting().length;
    const where = queue.durable ? "端末に保存（" + count + "件）" : "まだ保存していません（" + count + "件）";
    const care = queue.durable ? "" : "この端末には保存できません。送り終わるまで、画面を閉じないでください。";
    if (outcome.kind === "fault") {
      show("failed", "保存できません（" + count + "件）", outcome.message + savedUntil() + care + "このまま、もう一度送ります。");
      banner("");
      return;
    }
    show("queued", where, "もう一度送ります。" + care);
    banner(outcome.late ? "通信に時間がかかっています。回答は続けられます" : "通信が切れています。回答は続けられます",
      count + "件を" + (queue.durable ? "この端末に保存しました。" : "この画面に残しています。") + "つながると自動で送ります。" + care);
  }

  // --------------------------------------------------------------------------------------------- into the queue

  function entryOf(card) {
    const id = [inspection.person, form.dataset.sheet, card.dataset.item, inspection.tab].join(" ");
    const radio = cards.chosen(card);
    const entry = queue.own.get(id) || {
      id, person: inspection.person, sheet: form.dataset.sheet, item: card.dataset.item, key: card.dataset.key,
      number: card.dataset.number, page: form.dataset.page, sending: null, at: Date.now(),
      url: form.dataset.saveUrl.replace("00000000-0000-0000-0000-000000000000", card.dataset.item),
      version: Number(cards.field(card, "version").value),
    };
    return Object.assign(entry, {
      words: cards.read(card), mark: inspection.nextMark(), label: radio ? cards.labelOf(radio).dataset.label : "", tab: inspection.tab, session: inspection.session,
    });
  }

  // Keep what a card says on this machine; it goes out when `put` says so.
  function note(card) {
    const kept = queue.keep(entryOf(card));
    countWaiting();
    return kept;
  }

  function put(card) {
    const typed = typing.get(card);
    if (typed) window.clearTimeout(typed.timer);
    typing.delete(card);
    note(card);
    cards.renewLine(card);
    inspection.undo.passed(card);
    if (closed || card.conflict || cards.field(card, "newer")) { tell(); return; }
    ready.add(card);
    send();
  }

  function typed(card) {
    const before = typing.get(card) || { since: Date.now(), timer: 0 };
    window.clearTimeout(before.timer);
    const rest = Math.max(0, longest - (Date.now() - before.since));
    const timer = window.setTimeout(() => put(card), Math.min(quiet, rest));
    typing.set(card, { since: before.since, timer });
    note(card);
    if (closed) tell();
    else if (!attempt) show("saving", "入力中", "");
  }

  // ---------------------------------------------------------------------------------------------- to the server

  async function send() {
    if (sending || closed || ready.size === 0 || inspection.leaving || document.documentElement.classList.contains("is-covered")) return;
    window.clearTimeout(retry);
    const card = ready.values().next().value;
    const entry = entryOf(card);
    ready.delete(card);
    const busy = window.setTimeout(() => { if (!attempt) show("saving", "保存しています", ""); }, slow);
    sending = inspection.deliver(entry);
    const outcome = await sending;
    window.clearTimeout(busy);
    sending = null;
    await settle(card, entry, outcome);
  }

  async function settle(card, entry, outcome) {
    countWaiting();
    if (outcome.kind === "saved") {
      attempt = 0;
      lastSaved = outcome.time;
      banner("");
      content(card);
      cards.settled(card);
      inspection.lookForEditors?.();
      if (!outcome.done && !typing.has(card)) ready.add(card); // typed on meanwhile: the newer words go out next
      if (ready.size === 0 && typing.size === 0) tell();
      send();
      return;
    }
    if (outcome.kind === "own") { await goOn(card, entry, outcome.reply); return; }
    if (outcome.kind === "conflict") {
      ready.delete(card); // what was typed on meanwhile waits for the choice as well
      inspection.showConflict(card, entry, outcome.reply);
    }
    if (outcome.kind === "refused") complain(card, outcome.message);
    if (outcome.kind === "closed") closed = outcome.message;
    if (outcome.kind === "conflict" || outcome.kind === "refused" || outcome.kind === "closed") {
      await queue.keep(entry);
      tell();
      send();
      return;
    }
    ready.add(card);
    if (outcome.kind === "session") {
      show("queued", queue.durable ? "端末に保存（" + waiting().length + "件）" : "まだ保存していません（" + waiting().length + "件）", "ログインし直すと送ります。");
      if (await inspection.signedInAgain()) send();
      else again(5);
      return;
    }
    tellWaiting(outcome);
    again(waits[Math.min(attempt, waits.length - 1)]);
    attempt += 1;
  }

  // What an own page sent while it was being closed is later than what it left here, and earlier than what was typed since.
  async function goOn(card, entry, stored) {
    const untouched = entry.untouched && inspection.same(entry.words, entry.untouched);
    cards.field(card, "version").value = stored.version;
    entry.version = stored.version;
    entry.left = null;
    if (untouched) {
      cards.write(card, { level: stored.level, comment: stored.comment, reply: stored.reply, due: stored.due });
      await queue.drop(entry);
      lastSaved = stored.time;
      cards.settled(card);
      if (ready.size === 0 && typing.size === 0) tell();
    } else {
      await queue.keep(entry);
      ready.add(card);
    }
    send();
  }

  inspection.acknowledged = (entry, version) => {
    const card = cards.all.find((one) => entry.sheet === form.dataset.sheet && one.dataset.item === entry.item);
    if (card) cards.field(card, "version").value = version;
  };

  function again(seconds) {
    window.clearTimeout(retry);
    retry = window.setTimeout(send, seconds * 1000);
  }

  // --------------------------------------------------------------------------------- what the server does not take

  function complain(card, sentence) {
    card.refused = true;
    cards.unfold(card);
    cards.openComment(card);
    const comment = cards.field(card, "comment");
    comment.setAttribute("aria-invalid", "true");
    let line = card.querySelector("[data-refused]");
    if (!line) {
      line = element("p", { class: "field__error", "data-refused": "", id: "refused-" + card.dataset.key });
      comment.after(line);
      comment.setAttribute("aria-describedby", line.id);
    }
    line.textContent = sentence;
  }

  function content(card) {
    card.refused = false;
    const line = card.querySelector("[data-refused]");
    if (!line) return;
    line.remove();
    cards.field(card, "comment").removeAttribute("aria-invalid");
  }

  // ------------------------------------------------------------------------------------------------- going away

  // Everything typed goes out; resolves when the queue is empty or the time is over. True when nothing waits any more.
  async function flush(milliseconds = 3000) {
    [...typing.keys()].forEach(put);
    if (!attempt || navigator.onLine) send();
    const end = Date.now() + milliseconds;
    while ((sending || ready.size > 0) && Date.now() < end && !closed) await new Promise((resolve) => { window.setTimeout(resolve, 40); });
    return waiting().length === 0;
  }

  // 確認 and the other sections wait until everything is saved, and say so.
  form.addEventListener("submit", async (event) => {
    const pressed = event.submitter;
    if (pressed && pressed.dataset.to === undefined && pressed.dataset.plainSave === undefined) {
      inspection.leaving = true; // a choice between two texts goes as a form
      return;
    }
    event.preventDefault();
    if (pressed && pressed.dataset.to) await leaveFor(pressed.dataset.to, pressed);
    else flush(); // Enter in a field saves, and never submits
  });

  async function leaveFor(to, pressed) {
    pressed.setAttribute("aria-busy", "true");
    const empty = await flush();
    pressed.removeAttribute("aria-busy");
    if (empty && !navigator.onLine) {
      banner("通信が切れています。回答は続けられます", "ほかの画面は、つながってから開けます。もう一度押してください。");
      return;
    }
    if (empty) {
      inspection.leaving = true;
      window.location.assign(to);
      return;
    }
    const blocked = cards.all.find((card) => card.conflict || card.refused || cards.field(card, "newer"));
    tell();
    if (blocked) {
      cards.unfold(blocked);
      cards.focusOn(blocked);
    } else {
      banner("まだ送っていない回答が" + waiting().length + "件あります", "送り終わってから、もう一度押してください。つながると自動で送ります。");
    }
  }

  window.addEventListener("beforeunload", (event) => {
    if (!inspection.leaving && (waiting().length > 0 || typing.size > 0)) event.preventDefault();
  });

  // The page goes away while words wait: they are sent at once, and the browser finishes the sending.
  function farewell() {
    inspection.goingAway = true;
    [...typing.keys()].forEach(put);
    if (inspection.leaving || closed || document.documentElement.classList.contains("is-covered")) return;
    [...ready].forEach((card) => {
      ready.delete(card);
      inspection.deliver(entryOf(card));
    });
  }
  window.addEventListener("pagehide", farewell);
  window.addEventListener("pageshow", () => { inspection.goingAway = false; });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") [...typing.keys()].forEach(put); });
  window.addEventListener("online", () => { if (!attempt) banner(""); send(); });
  inspection.onReturn(send);

  // What another page of this person left behind for a question of this page. Newer words of this page stay; 元に戻す has the others.
  inspection.adopt = async (left) => {
    const card = cards.all.find((one) => left.sheet === form.dataset.sheet && one.dataset.item === left.item);
    if (!card) return false;
    const entry = entryOf(card);
    if (queue.own.has(entry.id)) inspection.undo.kept(card, left.words);
    else {
      const origin = left.mark || left.left || null;
      await queue.keep({ ...left, id: entry.id, tab: inspection.tab, session: inspection.session, left: origin, untouched: left.words });
      cards.unfold(card);
      cards.write(card, left.words);
      put(card);
    }
    await queue.drop(left);
    return true;
  };

  Object.assign(inspection, { flush, saving: { put, typed, tell, note, show, leaveFor, left: (card) => { if (typing.has(card)) put(card); } } });
})(window.inspection);
