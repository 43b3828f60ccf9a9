/*
 * Answering: each answer is saved as it is given. Without this script the page's own form does the same by one button.
 * What is shown as 保存済み carries the server's time and nothing else ever says so.
 */
"use strict";

(() => {
  const form = document.getElementById("answers");
  const state = document.getElementById("save-state");
  if (!form || !state || !window.fetch) return;

  const token = form.elements.csrf_token ? form.elements.csrf_token.value : "";
  const waits = [1, 2, 5, 15, 30];
  const quiet = 800;
  const slow = 400;
  const queue = new Map(); // item id -> {card, client}
  let sending = false;
  let stopped = false;
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
      if (queue.size === 0) show("saved", "保存済み", reply.time);
      send();
      return;
    }
    const status = response ? response.status : 0;
    if (status === 409 && "version" in reply) {
      // Two people: the whole form goes to the server, which shows both texts. Nothing is thrown away.
      stopped = true;
      queue.clear();
      form.requestSubmit ? form.requestSubmit() : form.submit();
      return;
    }
    if (status === 401 || status === 409 || status === 403 || status === 404 || status === 400) {
      stopped = true;
      show("failed", "保存できません", reply.message || "画面を開き直してください。入力した内容はこの画面に残っています。");
      return;
    }
    if (status === 422) {
      queue.delete(id);
      show("failed", "保存できません", reply.message || "入力内容を確かめてください。");
      return;
    }
    const wait = waits[Math.min(attempt, waits.length - 1)];
    attempt += 1;
    show("queued", "まだ保存していません（" + queue.size + "件）", "通信が切れています。" + wait + "秒後にもう一度送ります。");
    window.setTimeout(send, wait * 1000);
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
    if (parts) here.textContent = Number(parts[1]) + step === Number(parts[2]) ? "完了" : Number(parts[1]) + step + "/" + parts[2];
  }

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
      if (event.target.tagName !== "TEXTAREA") return;
      window.clearTimeout(timer);
      show("saving", "入力中", "");
      timer = window.setTimeout(() => put(card), quiet);
    });
    card.addEventListener("focusout", (event) => {
      if (event.target.tagName !== "TEXTAREA" || timer === 0) return;
      window.clearTimeout(timer);
      timer = 0;
      put(card);
    });
  });

  window.addEventListener("beforeunload", (event) => {
    if (queue.size > 0 && !stopped) event.preventDefault();
  });
})();
