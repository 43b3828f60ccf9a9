/*
 * Sending one answer, and what is asked where answers were left behind: after a tab was closed, before signing out, before handing over.
 * The same save is sent again under the same number until the server has spoken, so that nothing is stored twice.
 */
"use strict";

((inspection) => {
  const { queue, element, button, icon, same } = inspection;

  /*
   * Send an entry. What became of it:
   *   saved     the server has it (`time`, `version`); `done` when nothing newer was typed meanwhile
   *   own       the same person's page, since closed, had sent something later than what it left behind (`reply` has it)
   *   conflict  somebody was quicker (`reply` says what stands instead)
   *   refused   the words cannot be taken (`message`)
   *   closed    the sheet cannot be answered now, or not by this person (`message`)
   *   session   nobody is signed in, or the page's token is old
   *   fault     the server could not (`message` with its number)
   *   offline   no reply
   */
  inspection.deliver = async (entry) => {
    const mark = entry.mark || inspection.nextMark(); // a line that an older version of this page left has none
    if (!entry.sending) entry.sending = { client: mark.hand + "_" + mark.number, version: entry.version, words: entry.words };
    const kept = queue.keep(entry);
    if (!inspection.goingAway) await kept;
    const { client, version, words } = entry.sending;
    const { status, reply, late } = await inspection.request("PUT", entry.url, { body: { ...words, version, client } });
    const numbered = (reply.message || "") + (reply.reference ? "（番号 " + reply.reference + "）" : "");
    if (status === 200) {
      inspection.atWork();
      // At once, before anything is waited for: what is typed in this moment already stands on this version.
      if (inspection.acknowledged) inspection.acknowledged(entry, reply.version);
      const done = same(entry.words, words);
      entry.version = reply.version;
      entry.sending = null;
      await (done ? queue.drop(entry) : queue.keep(entry));
      return { kind: "saved", done, time: reply.time, version: reply.version };
    }
    if (status === 409 && "version" in reply) {
      entry.sending = null;
      if (later(reply.client, entry.left || (entry.tab === inspection.tab ? null : entry.mark))) return { kind: "own", reply };
      return { kind: "conflict", reply };
    }
    if (status === 401 || status === 400) return { kind: "session" };
    if (status === 422) {
      entry.sending = null;
      return { kind: "refused", message: reply.message || "入力内容を確かめてください。" };
    }
    if (status === 403 || status === 404 || status === 409) {
      entry.sending = null;
      return { kind: "closed", message: numbered || "この点検票は、いま回答できません。" };
    }
    return status === 0 ? { kind: "offline", late } : { kind: "fault", message: numbered || "システムの中で問題が起きました。" };
  };

  // Whether a save is one that the page sent while it was being closed, after what it could still leave behind.
  function later(client, left) {
    if (!client || !left) return false;
    const at = client.lastIndexOf("_");
    return client.slice(0, at) === left.hand && Number(client.slice(at + 1)) > left.number;
  }

  // Send everything that other pages left behind; return what could not be sent.
  async function sendAll(entries) {
    const left = [];
    for (const entry of entries) {
      let outcome = await inspection.deliver(entry);
      if (outcome.kind === "session" && await inspection.signedInAgain()) outcome = await inspection.deliver(entry);
      // First what was under way when the page went, then what was written after it.
      if (outcome.kind === "saved" && !outcome.done) outcome = await inspection.deliver(entry);
      if (outcome.kind === "own") await queue.drop(entry); // the server has what was written after it
      else if (outcome.kind !== "saved") left.push({ entry, outcome });
    }
    return left;
  }

  // Entries whose page is gone: a page that is still open in another tab sends its own.
  inspection.leftBehind = async () => {
    const living = new Set([inspection.tab]);
    const found = (await queue.all()).filter((entry) => entry.tab !== inspection.tab);
    if (found.length === 0 || !inspection.others) return found;
    const hear = (event) => { if (event.data.here) living.add(event.data.here); };
    inspection.others.addEventListener("message", hear);
    inspection.others.postMessage({ ask: "who is here" });
    await new Promise((resolve) => { window.setTimeout(resolve, 300); });
    inspection.others.removeEventListener("message", hear);
    return found.filter((entry) => !living.has(entry.tab));
  };

  // What belongs to a question of this page goes through its card.
  async function adopted(entries) {
    const here = [];
    for (const entry of entries) if (inspection.adopt && await inspection.adopt(entry)) here.push(entry);
    return here;
  }

  const wordsOf = (entry) => [entry.number, entry.label || "未回答", entry.words.comment, entry.words.reply].filter(Boolean).join("　");

  function listed(lines) {
    const list = element("ul", { class: "plain-list" });
    lines.forEach(({ entry, why }) => {
      const link = element("a", { href: entry.page + "#q" + entry.number }, wordsOf(entry));
      list.append(element("li", {}, link, why ? element("span", { class: "unsent__why" }, why) : ""));
    });
    return element("details", {}, element("summary", {}, "内容を見る"), list);
  }

  const reasons = {
    conflict: () => "ほかの人か、あなたの別の画面が先に変えました。開いて、どちらを残すか選んでください。",
    offline: () => "通信が切れています。つながってから、もう一度送ってください。",
    session: () => "ログインし直してから、もう一度送ってください。",
  };
  const reasonOf = (outcome) => (reasons[outcome.kind] ? reasons[outcome.kind]() : outcome.message);

  // The box on top of the page: what waits, to be sent or thrown away by whoever wrote it.
  function box(title, lines, acts) {
    const old = document.getElementById("unsent");
    if (old) old.remove();
    const made = element("div", { class: "note note--warning unsent", id: "unsent", role: "status" }, icon("cloud-off"),
      element("div", { class: "note__body stack--s" }, element("p", {}, element("b", {}, title)), lines.length ? listed(lines) : "",
        element("div", { class: "cluster" }, ...acts)));
    document.getElementById("main").prepend(made);
    return made;
  }

  function offer(entries, title) {
    const send = async () => {
      made.querySelectorAll("button").forEach((one) => one.setAttribute("aria-busy", "true"));
      const here = await adopted(entries);
      report(await sendAll(entries.filter((entry) => !here.includes(entry))), entries.length, here.length);
    };
    const discard = async () => {
      if (!window.confirm("まだ送っていない回答" + entries.length + "件を捨てます。元には戻せません。")) return;
      await Promise.all(entries.map(queue.drop));
      made.remove();
    };
    const made = box(title, entries.map((entry) => ({ entry })), [
      button("送る", send, "btn--primary btn--small"), button("捨てる", discard, "btn--small")]);
  }

  function report(left, all, here) {
    const old = document.getElementById("unsent");
    if (left.length === 0) {
      if (old) old.remove();
      if (all === here) return; // the cards of this page show it themselves
      const done = element("div", { class: "note note--success unsent", role: "status" }, icon("done"),
        element("div", { class: "note__body" }, "送っていなかった回答" + (all - here) + "件を保存しました。"));
      document.getElementById("main").prepend(done);
      return;
    }
    const entries = left.map((one) => one.entry);
    const lines = left.map((one) => ({ entry: one.entry, why: reasonOf(one.outcome) }));
    offer(entries, "送れなかった回答が" + left.length + "件あります");
    document.querySelector("#unsent details").replaceWith(listed(lines));
    document.querySelector("#unsent details").open = true;
  }

  // After a tab was closed: in the same session what it left is sent at once, after a new sign-in its owner is asked.
  async function start() {
    const found = await inspection.leftBehind();
    if (found.length === 0) return;
    const mine = found.filter((entry) => entry.session === inspection.session);
    const older = found.filter((entry) => entry.session !== inspection.session);
    const here = await adopted(mine);
    const rest = mine.filter((entry) => !here.includes(entry));
    const left = await sendAll(rest);
    const title = "この端末に、まだ送っていない回答が" + (older.length + left.length) + "件あります";
    if (older.length) offer([...older, ...left.map((one) => one.entry)], title);
    else report(left, rest.length, 0);
  }

  // -------------------------------------------------------------------------- before signing out and handing over

  document.querySelectorAll("[data-sign-out]").forEach((form) => form.addEventListener("submit", async (event) => {
    if (form.dataset.decided) return;
    event.preventDefault();
    if (inspection.flush) await inspection.flush();
    const waiting = await queue.all();
    const go = () => {
      form.dataset.decided = "yes";
      inspection.leaving = true;
      form.requestSubmit();
      // Whoever stays, because something else on the page is not saved, has a page as before.
      window.setTimeout(() => {
        delete form.dataset.decided;
        inspection.leaving = false;
      }, 10000);
    };
    if (waiting.length === 0) { go(); return; }
    confirmSigningOut(waiting.length, go);
  }));
  window.addEventListener("pagehide", () => {
    if (inspection.others && document.querySelector("[data-decided]")) inspection.others.postMessage({ session: "ended" });
  });

  function confirmSigningOut(count, go) {
    const text = queue.durable
      ? "ログアウトすると、この端末に残ります。次にこの端末であなたがログインしたときに送れます。ほかの人には見えません。"
      : "この端末には保存できていません。ログアウトすると、送っていない回答はなくなります。";
    const dialog = element("dialog", { class: "dialog", role: "alertdialog", "aria-labelledby": "out-title", "aria-describedby": "out-text" },
      element("div", { class: "stack" }, element("h2", { id: "out-title" }, "まだ送っていない回答が" + count + "件あります"),
        element("p", { id: "out-text" }, text),
        element("div", { class: "cluster" }, button("やめる", () => dialog.close(), "btn--primary"),
          button(queue.durable ? "残してログアウトする" : "捨ててログアウトする", () => { dialog.close(); go(); }))));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("button").focus();
  }

  // Handing over: what waits for this sheet goes first, and is looked at again.
  document.querySelectorAll("form[data-after-sending]").forEach((form) => form.addEventListener("submit", async (event) => {
    if (form.dataset.sent) return;
    event.preventDefault();
    const waiting = (await queue.all()).filter((entry) => entry.sheet === form.dataset.afterSending);
    if (waiting.length === 0) {
      form.dataset.sent = "yes";
      form.requestSubmit();
      return;
    }
    const left = await sendAll(waiting);
    if (left.length === 0) window.location.reload();
    else report(left, left.length, 0);
    document.getElementById("unsent")?.scrollIntoView({ block: "center" });
  }));

  if (window.location.pathname === "/" || window.location.pathname.startsWith("/inspections")) {
    window.addEventListener("load", start);
  }
})(window.inspection);
