/*
 * Answering: each answer is saved as it is given. Without this script the page's own form does the same by one button.
 * What is shown as 保存済み carries the server's time and nothing else ever says so.
 */
"use strict";

(() => {
  const form = document.getElementById("answers");
  const state = document.getElementById("save-state");
  if (!form || !state || !window.fetch) return;

  let token = form.elements.csrf_token ? form.elements.csrf_token.value : "";
  const waits = [1, 2, 5, 15, 30];
  const quiet = 800;
  const longest = 5000;
  const slow = 400;
  const queue = new Map(); // item id -> {card, client}
  let sending = false;
  const typing = new Map(); // card -> when its unsent words began
  const refused = new Set(); // cards whose words the server did not take
  let stopped = false;
  let leaving = false;
  let attempt = 0;

  document.querySelectorAll("[data-plain-save]").forEach((button) => { button.hidden = true; });

  const sprite = (state.querySelector("use") || { getAttribute: () => "" }).getAttribute("href").split("#")[0];
  const icons = { saving: "cloud-sending", saved: "cloud-saved", queued: "cloud-off", failed: "stop" };

  function show(kind, label, detail) {
    state.className = "save-state save-state--" + kind;
    const use = state.querySelector("use");
    if (use) use.setAttribute("href", sprite + "#" + icons[kind]);
    const text = state.querySelector("span");
    text.textContent = "";
    const strong = document.createElement("b");
    strong.textContent = label;
    text.append(strong, detail ? "　" + detail : "");
  }

  const newId = () => (window.crypto.randomUUID ? window.crypto.randomUUID() : Date.now() + "-" + Math.random().toString(36).slice(2, 14));
  const field = (card, kind) => card.querySelector('[name="' + kind + "-" + card.dataset.key + '"]');
  const chosen = (card) => card.querySelector('input[type="radio"]:checked');

  function bodyOf(card, client) {
    const level = chosen(card);
    const reply = field(card, "reply");
    return JSON.stringify({
      level: level ? level.value : null,
      comment: field(card, "comment").value,
      reply: reply ? reply.value : "",
      version: Number(field(card, "version").value),
      client: client,
    });
  }

  function put(card) {
    if (field(card, "newer")) {
      // Two texts stand here: what is typed waits for the choice, and leaving the page still warns.
      show("failed", "この項目は保存していません", "どちらを残すか選んでください。");
      return;
    }
    typing.delete(card);
    queue.set(card.dataset.item, { card: card, client: newId() });
    send();
  }

  async function send() {
    if (sending || stopped || queue.size === 0) return;
    sending = true;
    const [id, job] = queue.entries().next().value;
    const body = bodyOf(job.card, job.client);
    const busy = window.setTimeout(() => show("saving", "保存しています", ""), slow);
    let response = null;
    let reply = {};
    try {
      response = await fetch(form.dataset.saveUrl.replace("00000000-0000-0000-0000-000000000000", id), {
        method: "PUT",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
        body: body,
        credentials: "same-origin",
        redirect: "manual",
        keepalive: body.length < 60000,
      });
      reply = await response.json().catch(() => ({}));
    } catch (error) {
      response = null;
    }
    window.clearTimeout(busy);
    sending = false;
    settle(id, job, body, response, reply);
  }

  function settle(id, job, body, response, reply) {
    if (response && response.ok) {
      attempt = 0;
      field(job.card, "version").value = reply.version;
      // Typed on meanwhile: the newer words go out next, based on what was just saved.
      if (queue.get(id) === job) {
        queue.delete(id);
        if (bodyOf(job.card, job.client) !== body.replace(/"version":\d+/, '"version":' + reply.version)) put(job.card);
      }
      refresh(job.card);
      content(job.card);
      if (queue.size === 0 && typing.size === 0) tell(reply.time);
      send();
      return;
    }
    const status = response ? response.status : 0;
    if (status === 409 && "version" in reply) {
      // Two people: the whole form goes to the server, which shows both texts. Nothing is thrown away.
      stopped = true;
      leaving = true;
      form.requestSubmit ? form.requestSubmit() : form.submit();
      return;
    }
    if (status === 401 || status === 400) {
      // Signed out meanwhile: the words stay here, and go out once the same person has signed in again in another tab.
      renew().then((same) => {
        if (same) { send(); return; }
        show("failed", "保存できません（" + queue.size + "件）", "この画面は閉じずに、別のタブでログインし直してください。続けて保存します。");
        window.setTimeout(send, 5000);
      });
      return;
    }
    if (status === 409 || status === 403 || status === 404) {
      stopped = true;
      show("failed", "保存できません", (reply.message || "画面を開き直してください。") + " 書いた言葉は、この画面から写してください。");
      return;
    }
    if (status === 422) {
      if (queue.get(id) === job) queue.delete(id);
      complain(job.card, reply.message || "入力内容を確かめてください。");
      send();
      return;
    }
    const wait = waits[Math.min(attempt, waits.length - 1)];
    attempt += 1;
    show("queued", "まだ保存していません（" + queue.size + "件）", "通信が切れています。" + wait + "秒後にもう一度送ります。");
    window.setTimeout(send, wait * 1000);
  }

  // Say 保存済み only while nothing on this page waits for mending.
  function tell(time) {
    if (refused.size > 0) show("failed", "保存できない項目が" + refused.size + "件あります", "赤い文を読んで直してください。");
    else show("saved", "保存済み", time);
  }

  function complain(card, sentence) {
    refused.add(card);
    open(card);
    const comment = field(card, "comment");
    comment.setAttribute("aria-invalid", "true");
    let line = card.querySelector("[data-refused]");
    if (!line) {
      line = document.createElement("p");
      line.className = "field__error";
      line.dataset.refused = "";
      line.id = "refused-" + card.dataset.key;
      comment.after(line);
      comment.setAttribute("aria-describedby", line.id);
    }
    line.textContent = sentence;
    tell("");
  }

  function content(card) {
    refused.delete(card);
    const line = card.querySelector("[data-refused]");
    if (line) {
      line.remove();
      field(card, "comment").removeAttribute("aria-invalid");
    }
  }

  // Fetch the page anew for its token; only where the same person is signed in does sending go on.
  async function renew() {
    try {
      const page = await fetch(window.location.href, { credentials: "same-origin" });
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("answers");
      if (!fresh || fresh.dataset.person !== form.dataset.person) return false;
      token = fresh.elements.csrf_token.value;
      form.elements.csrf_token.value = token;
      return true;
    } catch (error) {
      return false;
    }
  }

  function refresh(card) {
    const level = chosen(card);
    const wasAnswered = card.dataset.answered === "yes";
    if (level && !wasAnswered) {
      card.dataset.answered = "yes";
      count(1);
    }
  }

  function count(step) {
    const bar = document.getElementById("sheet-progress");
    if (!bar) return;
    const answered = Number(bar.dataset.answered) + step;
    const applicable = Number(bar.dataset.applicable);
    bar.dataset.answered = String(answered);
    bar.querySelector('[data-count="answered"]').textContent = String(answered);
    const left = bar.querySelector('[data-count="left"]');
    if (left) left.textContent = String(applicable - answered);
    const rect = bar.querySelector("rect");
    if (rect && applicable) rect.setAttribute("width", ((100 * answered) / applicable).toFixed(1) + "%");
    const here = document.querySelector('.sections a[aria-current="step"] .sections__count');
    const parts = here ? here.textContent.trim().match(/^(\d+)\/(\d+)$/) : null;
    if (parts) here.textContent = Number(parts[1]) + step === Number(parts[2]) && !wordless() ? "完了" : Number(parts[1]) + step + "/" + parts[2];
  }

  // Whether an answer of this page still lacks the words that its level asks for.
  const wordless = () => [...form.querySelectorAll("[data-item]")].some((card) => {
    const level = chosen(card);
    return level !== null && needsWords.has(level.value) && !field(card, "comment").value.trim();
  });

  const needsWords = new Set((form.dataset.commentRequired || "").split(" ").filter(Boolean));

  function mark(card) {
    const level = chosen(card);
    const label = card.querySelector("[data-mark]");
    const required = level !== null && needsWords.has(level.value);
    if (label) {
      label.textContent = required ? "※必須" : "任意";
      label.classList.toggle("field__mark--required", required);
    }
    return required;
  }

  // A comment that nobody has to write waits behind a button, so that four questions fit a screen.
  function fold(card) {
    const box = card.querySelector("[data-comment-for]");
    const comment = field(card, "comment");
    const opener = document.createElement("button");
    opener.type = "button";
    opener.className = "btn btn--text question__more";
    opener.textContent = "状況を書く";
    opener.addEventListener("click", () => { open(card); comment.focus(); });
    card.querySelector(".options").append(opener);
    card.opener = opener;
    if (!mark(card) && !comment.value.trim() && comment.getAttribute("aria-invalid") !== "true") {
      box.hidden = true;
    } else {
      opener.hidden = true;
    }
  }

  function open(card) {
    card.querySelector("[data-comment-for]").hidden = false;
    card.opener.hidden = true;
  }

  form.querySelectorAll("[data-item]").forEach((card) => {
    let timer = 0;
    fold(card);
    card.dataset.answered = chosen(card) ? "yes" : "";
    card.addEventListener("change", (event) => {
      if (event.target.type !== "radio") return;
      const required = mark(card);
      const comment = field(card, "comment");
      if (required) open(card);
      if (required && !comment.value.trim()) comment.focus();
      put(card);
    });
    card.addEventListener("input", (event) => {
      if (event.target.tagName !== "TEXTAREA" || stopped) return;
      window.clearTimeout(timer);
      if (!typing.has(card)) typing.set(card, Date.now());
      show("saving", "入力中", "");
      const rest = Math.max(0, longest - (Date.now() - typing.get(card)));
      timer = window.setTimeout(() => put(card), Math.min(quiet, rest));
    });
    card.addEventListener("focusout", (event) => {
      if (event.target.tagName !== "TEXTAREA" || timer === 0) return;
      window.clearTimeout(timer);
      timer = 0;
      put(card);
    });
  });

  // A browser that comes back to the page fills the fields as they were left: what differs from what was stored goes out, or is refused aloud.
  window.addEventListener("pageshow", () => {
    form.querySelectorAll("[data-item]").forEach((card) => {
      const differs = [...card.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue)
        || [...card.querySelectorAll('input[type="radio"]')].some((radio) => radio.checked !== radio.defaultChecked);
      if (!differs || field(card, "newer")) return;
      open(card);
      put(card);
    });
  });

  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (queue.size > 0 || typing.size > 0 || refused.size > 0)) event.preventDefault();
  });

  // The page goes away while words wait: they are sent at once, and the browser finishes the sending.
  function flush() {
    [...typing.keys()].forEach(put);
  }
  window.addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") flush(); });
  form.addEventListener("submit", () => { leaving = true; });
})();
