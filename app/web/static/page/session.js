/*
 * The session: before it ends by itself a question is asked; once it has ended the page is covered, and one signs in over it. What is
 * typed stays behind the cover. Whoever else signs in goes to the own home page, and nothing of the first person is shown or sent.
 */
"use strict";

((inspection) => {
  const page = document.body.dataset;
  const warning = 120; // seconds before the end
  const patience = 8000; // milliseconds for one request
  const { element, button } = inspection;
  const others = "BroadcastChannel" in window ? new BroadcastChannel("inspection") : null;
  const returned = []; // what to do once somebody is signed in again
  let end = 0; // in seconds of `time()`
  let cover = null;
  let question = null;
  let asking = false;

  // A clock that is set changes one of these, a machine that sleeps stops the other: the later one counts, and the server is asked.
  const began = { steady: performance.now(), wall: Date.now() };
  const time = () => Math.max(performance.now() - began.steady, Date.now() - began.wall) / 1000;
  const lasts = (seconds) => { end = Math.max(end, time() + seconds); };

  inspection.token = () => {
    const field = document.querySelector('input[name="csrf_token"]');
    return field ? field.value : "";
  };

  // Send a request of our own. Status 0: nothing came back, or too late.
  inspection.request = async (method, url, { body = null, form = null, token = inspection.token() } = {}) => {
    const ending = new AbortController();
    const timer = window.setTimeout(() => ending.abort(), patience);
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    if (body !== null) headers["Content-Type"] = "application/json";
    const content = body !== null ? JSON.stringify(body) : form;
    try {
      const response = await fetch(url, {
        method, headers, body: content, credentials: "same-origin", redirect: "manual", signal: ending.signal,
        keepalive: method === "PUT" && content.length < 15000,
      });
      const reply = await response.json().catch(() => ({}));
      return { status: response.status, reply };
    } catch (error) {
      return { status: 0, reply: {}, late: ending.signal.aborted };
    } finally {
      window.clearTimeout(timer);
    }
  };

  // The server writes down at most once a minute that somebody is at work.
  inspection.atWork = () => lasts(Number(page.idle) - 60);

  // Who is signed in now? "same", "nobody", "other", or "unknown" without a connection. The page takes over the fresh token.
  inspection.who = async () => {
    const { status, reply } = await inspection.request("GET", "/session");
    if (status !== 200) return "unknown";
    if (reply.person === null) return "nobody";
    if (reply.person !== inspection.person || reply.first_password) return "other";
    inspection.session = reply.session;
    document.querySelectorAll('input[name="csrf_token"]').forEach((field) => { field.value = reply.token; });
    end = time() + reply.seconds;
    return "same";
  };

  inspection.onReturn = (act) => returned.push(act);

  // The server did not take us for signed in. True when it was only an old token, and sending can go on.
  inspection.signedInAgain = async () => {
    const who = await inspection.who();
    if (who === "same") return true;
    if (who === "other") leave("/");
    if (who === "nobody") hide();
    return false;
  };

  inspection.leaving = false;
  function leave(to) {
    inspection.leaving = true;
    hide();
    window.location.replace(to);
  }

  // ------------------------------------------------------------------------------------------------ the cover

  function hide() {
    if (question) question.close();
    if (cover) return;
    const staff = element("input", { class: "input input--short", id: "cover-staff", autocomplete: "username" });
    const password = element("input", { class: "input", id: "cover-password", type: "password", autocomplete: "current-password" });
    const code = element("input", { class: "input input--short", id: "cover-code", inputmode: "numeric", autocomplete: "one-time-code" });
    const second = element("div", { class: "field", hidden: "" }, element("label", { class: "field__label", for: "cover-code" }, "確認コード"), code);
    const said = element("p", { class: "field__error", role: "alert", hidden: "" });
    const kept = element("p", {});
    const form = element("form", { class: "stack", novalidate: "" },
      element("div", { class: "field" }, element("label", { class: "field__label", for: "cover-staff" }, "職員番号"), staff),
      element("div", { class: "field" }, element("label", { class: "field__label", for: "cover-password" }, "パスワード"), password),
      second, said, element("button", { class: "btn btn--primary btn--wide", type: "submit" }, "ログイン"));
    cover = element("dialog", { class: "dialog dialog--cover", "aria-labelledby": "cover-title" },
      element("div", { class: "stack" }, element("h2", { id: "cover-title", tabindex: "-1" }, "ログインの時間が切れました"), kept, form));
    cover.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      signIn(staff, password, said, { field: second, input: code });
    });
    document.body.append(cover);
    document.documentElement.classList.add("is-covered");
    cover.showModal();
    staff.focus();
    words(kept);
  }

  async function words(kept) {
    const waiting = (await inspection.queue.all()).length;
    // No number here: who stands before a cover may be somebody else.
    const words = inspection.queue.durable ? "入力した内容は、この端末に保存してあります。" : "この画面を閉じないでください。";
    kept.textContent = "もう一度ログインすると、この画面の続きから始められます。" + (waiting ? words : "");
  }

  inspection.keptWords = (count) => inspection.queue.durable
    ? "まだ送っていない回答" + count + "件は、この端末に保存してあります。"
    : "まだ送っていない回答が" + count + "件、この画面にだけ残っています。画面を閉じないでください。";

  async function signIn(staff, password, said, second) {
    const say = (sentence) => {
      said.textContent = sentence;
      said.hidden = !sentence;
    };
    if (asking) return;
    asking = true;
    say("");
    const asksForCode = !second.field.hidden;
    const outcome = asksForCode ? await tryCode(second.input.value) : await trySigningIn(staff.value, password.value);
    asking = false;
    password.value = "";
    second.input.value = "";
    if (outcome.status === 200 && outcome.reply.code) {
      // The password is right; the account has a second factor.
      second.field.hidden = false;
      staff.disabled = password.disabled = true;
      second.input.focus();
      return;
    }
    if (outcome.status === 0) say("通信が切れているため、確かめられません。つながってから、もう一度押してください。");
    else if (outcome.status !== 200) say(outcome.reply.message || "ログインできませんでした。もう一度入れてください。");
    else if (!(await goOn())) leave(outcome.reply.to || "/");
    if (!said.hidden) (asksForCode ? second.input : password).focus();
  }

  async function trySigningIn(staff, password) {
    const state = await inspection.request("GET", "/session");
    if (state.status !== 200) return state;
    if (state.reply.person !== null) return { status: 200, reply: { to: "/" } }; // signed in elsewhere meanwhile
    const form = new URLSearchParams({ staff_no: staff, password, csrf_token: state.reply.token });
    return inspection.request("POST", "/login", { form, token: state.reply.token });
  }

  async function tryCode(code) {
    const state = await inspection.request("GET", "/session");
    if (state.status !== 200) return state;
    if (state.reply.person !== null) return { status: 200, reply: { to: "/" } };
    const form = new URLSearchParams({ one_time_code: code, csrf_token: state.reply.token });
    const outcome = await inspection.request("POST", "/login/code", { form, token: state.reply.token });
    // Too long between the password and the code: both once more.
    if (outcome.status === 401) leave("/login");
    return outcome;
  }

  // Take the cover off for the same person.
  async function goOn() {
    if ((await inspection.who()) !== "same") return false;
    if (cover) cover.remove();
    cover = null;
    document.documentElement.classList.remove("is-covered");
    if (others) others.postMessage({ session: "new" });
    returned.forEach((act) => act());
    return true;
  }

  // ----------------------------------------------------------------------------------------- before the end

  async function ask() {
    if (asking || question || cover) return;
    asking = true;
    const who = await inspection.who();
    asking = false;
    if (who === "nobody") hide();
    else if (who === "other") leave("/");
    else if (end - time() <= warning + 2) show();
  }

  async function show() {
    const waiting = (await inspection.queue.all()).length;
    const minutes = Math.max(1, Math.round((end - time()) / 60));
    question = element("dialog", { class: "dialog", role: "alertdialog", "aria-labelledby": "idle-title", "aria-describedby": "idle-text" },
      element("div", { class: "stack" }, element("h2", { id: "idle-title" }, "まもなく自動でログアウトします"),
        element("p", { id: "idle-text" }, "操作がないため、" + minutes + "分後にログアウトします。"
          + (waiting ? inspection.keptWords(waiting) : "回答は、保存した時刻の分まで残っています。")),
        element("div", { class: "cluster" },
          button("続ける", renew, "btn--primary"),
          button("ログアウトする", () => { question.close(); document.querySelector("[data-sign-out]").requestSubmit(); }))));
    const before = document.activeElement;
    question.addEventListener("cancel", (event) => { event.preventDefault(); renew(); });
    question.addEventListener("close", () => {
      question.remove();
      question = null;
      if (before && before.focus && !cover) before.focus();
    });
    document.body.append(question);
    question.showModal();
    question.querySelector("button").focus();
  }

  async function renew() {
    const { status, reply } = await inspection.request("POST", "/session/renew");
    if (status === 200) end = time() + reply.seconds;
    else if (status !== 0) await inspection.signedInAgain();
    if (question && status !== 0) question.close();
  }

  async function look() {
    if (cover || inspection.leaving) return;
    if (time() > end + 1) {
      hide();
      const who = await inspection.who();
      if (who === "other") leave("/");
      else if (who === "same" && end - time() > 1) goOn();
    } else if (time() > end - warning) ask();
  }

  lasts(Number(page.left));
  window.setInterval(look, 1000);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") look(); });
  // A page that comes back from the browser's memory may be somebody else's by now.
  window.addEventListener("pageshow", (event) => { if (event.persisted) inspection.signedInAgain(); });
  if (others) {
    others.addEventListener("message", async (event) => {
      if (event.data.ask) others.postMessage({ here: inspection.tab });
      if (event.data.session === "ended") inspection.signedInAgain();
      if (event.data.session === "new" && cover && !(await goOn()) && (await inspection.who()) === "other") leave("/");
    });
  }
  inspection.others = others;
})(window.inspection);
