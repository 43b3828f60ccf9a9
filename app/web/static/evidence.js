/*
 * Evidence on the cards of a section: choose, drop or paste files, see each on its way, take one off and put it back.
 * Without this script the same links lead to a page of the item that does all of it.
 */
"use strict";

(() => {
  const form = document.getElementById("answers");
  const fields = [...document.querySelectorAll("[data-evidence]")];
  if (!form || fields.length === 0 || !window.fetch) return;

  const largest = 20 * 1024 * 1024;
  const queue = [];
  let busy = false;
  let lastCard = null;

  const token = () => form.elements.csrf_token.value;
  const newKey = () => (window.crypto.randomUUID ? window.crypto.randomUUID() : Date.now() + "-" + Math.random().toString(36).slice(2) + "-evidence");
  const cardOf = (node) => (node instanceof Element ? node.closest(".question") : null);
  const fieldOf = (card) => (card ? card.querySelector("[data-evidence]") : null);
  const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");

  fields.forEach((field) => {
    const chooser = document.createElement("input");
    chooser.type = "file";
    chooser.multiple = true;
    chooser.hidden = true;
    chooser.accept = form.dataset.accept || "";
    chooser.addEventListener("change", (event) => {
      event.stopPropagation();
      take(field, [...chooser.files]);
      chooser.value = "";
    });
    const sending = document.createElement("ul");
    sending.className = "evidence__sending";
    const said = document.createElement("p");
    said.className = "small";
    said.setAttribute("role", "status");
    const before = document.createElement("div");
    before.hidden = true;
    field.append(before, chooser, sending, said);
    field.before = before;
    const opener = field.querySelector("[data-before]");
    if (opener) opener.setAttribute("aria-expanded", "false");
    field.sending = sending;
    field.said = said;
    field.addEventListener("click", (event) => {
      const more = event.target.closest("[data-again]");
      if (more) againThisYear(field, more);
      const link = event.target.closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if ("choose" in link.dataset) {
        event.preventDefault();
        chooser.click();
      } else if (link.dataset.unlink) {
        event.preventDefault();
        unlink(field, link);
      } else if ("before" in link.dataset) {
        event.preventDefault();
        if (field.before.hidden) openBefore(field, link);
        else closeBefore(field, link);
      }
    });
    const card = cardOf(field);
    card.addEventListener("focusin", () => { lastCard = card; });
    card.addEventListener("pointerdown", () => { lastCard = card; });
    card.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      card.classList.add("is-dropzone");
    });
    card.addEventListener("dragleave", (event) => {
      if (!card.contains(event.relatedTarget)) card.classList.remove("is-dropzone");
    });
    card.addEventListener("drop", (event) => {
      card.classList.remove("is-dropzone");
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (card.tagName === "DETAILS") card.open = true;
      take(field, [...event.dataTransfer.files]);
    });
  });

  // A file that misses its card must not take the page away.
  ["dragover", "drop"].forEach((kind) => window.addEventListener(kind, (event) => {
    if (!hasFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  }));

  // A screenshot from the clipboard goes to the card in which somebody is; words that come with it stay words.
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (!data || data.files.length === 0 || [...data.types].includes("text/plain")) return;
    const field = fieldOf(cardOf(event.target)) || fieldOf(cardOf(document.activeElement)) || fieldOf(lastCard);
    if (!field) return;
    event.preventDefault();
    take(field, [...data.files].map(named));
  });

  function named(file) {
    if (file.name && !/^image\.\w+$/.test(file.name)) return file;
    const at = new Date();
    const two = (number) => String(number).padStart(2, "0");
    const day = at.getFullYear() + "-" + two(at.getMonth() + 1) + "-" + two(at.getDate());
    const ending = file.type === "image/jpeg" ? "jpg" : "png";
    return new File([file], "画面の写し " + day + " " + two(at.getHours()) + "-" + two(at.getMinutes()) + "-" + two(at.getSeconds()) + "." + ending, { type: file.type });
  }

  function take(field, files) {
    files.forEach((file) => {
      const row = document.createElement("li");
      const name = document.createElement("span");
      name.className = "evidence__name";
      name.textContent = file.name;
      row.append(name);
      field.sending.append(row);
      const job = { field: field, file: file, row: row, key: newKey() };
      if (file.size === 0) refuse(job, "中身が空です。ファイルを開いて確かめてから、もう一度選んでください。");
      else if (file.size > largest) refuse(job, "20MBを超えています。分けるか、画像を小さくしてから付けてください。");
      else {
        wait(job);
        queue.push(job);
      }
    });
    next();
  }

  function wait(job) {
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", job.file.name + " を送っています");
    job.bar = bar;
    job.row.append(bar);
  }

  function next() {
    if (busy || queue.length === 0) return;
    busy = true;
    const job = queue.shift();
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("idempotency_key", job.key);
    body.append("files", job.file, job.file.name);
    request.open("POST", job.field.dataset.upload);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) job.bar.value = Math.round((100 * event.loaded) / event.total);
    });
    request.addEventListener("loadend", () => {
      busy = false;
      settle(job, request);
      next();
    });
    request.send(body);
  }

  function settle(job, request) {
    let reply = {};
    try { reply = JSON.parse(request.responseText); } catch (error) { reply = {}; }
    if (request.status === 200) {
      show(job.field, reply.html);
      if (reply.message) {
        remain(job, reply.message);
      } else {
        job.row.remove();
        say(job.field, "「" + job.file.name + "」を付けました。");
      }
    } else if (request.status === 401 || request.status === 400) {
      again(job, "ログインし直す必要があります。別のタブでログインしてから、「もう一度送る」を押してください。");
    } else if (request.status === 0 || (request.status >= 500 && request.status !== 503)) {
      again(job, reply.message || "送れませんでした。通信を確かめてから、「もう一度送る」を押してください。");
    } else {
      refuse(job, reply.message || "受け取れませんでした。画面を開き直してください。");
    }
  }

  // Nothing new was attached: it stands here until somebody has read it, whatever is said of the files after it.
  function remain(job, sentence) {
    const line = document.createElement("p");
    line.setAttribute("role", "alert");
    line.textContent = sentence;
    job.row.replaceChildren(line, button("閉じる", job.file.name, () => job.row.remove()));
  }

  function refuse(job, sentence) {
    if (job.bar) job.bar.remove();
    const line = document.createElement("p");
    line.className = "field__error";
    line.setAttribute("role", "alert");
    line.textContent = sentence.split("\n").map((one) => one.replace("「" + job.file.name + "」：", "")).join(" ");
    const close = button("閉じる", job.file.name, () => job.row.remove());
    job.row.append(line, close);
  }

  function again(job, sentence) {
    refuse(job, sentence);
    const more = button("もう一度送る", job.file.name, async () => {
      await renew();
      job.row.querySelectorAll("p, button").forEach((one) => one.remove());
      wait(job);
      queue.push(job);
      next();
    });
    job.row.append(more);
  }

  function button(label, about, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn--small";
    made.textContent = label;
    const hidden = document.createElement("span");
    hidden.className = "visually-hidden";
    hidden.textContent = "：" + about;
    made.append(hidden);
    made.addEventListener("click", act);
    return made;
  }

  // Somebody signed in anew in another tab: its token counts from now on, and only for the same person.
  async function renew() {
    try {
      const page = await fetch(window.location.href, { credentials: "same-origin" });
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("answers");
      if (fresh && fresh.dataset.person === form.dataset.person) form.elements.csrf_token.value = fresh.elements.csrf_token.value;
    } catch (error) { /* the next sending says what is wrong */ }
  }

  function show(field, html) {
    if (typeof html !== "string") return;
    field.querySelector("[data-evidence-list]").innerHTML = html;
    const hint = field.querySelector(".evidence__hint");
    if (hint) hint.hidden = field.querySelector(".evidence__list") !== null;
  }

  function say(field, sentence, ...more) {
    field.said.textContent = sentence;
    more.forEach((one) => field.said.append(" ", one));
  }

  async function post(url, values) {
    const body = new FormData();
    body.append("idempotency_key", newKey());
    Object.entries(values).forEach(([name, value]) => body.append(name, value));
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": token() },
        body: body,
        credentials: "same-origin",
      });
      return { ok: response.ok, reply: await response.json().catch(() => ({})) };
    } catch (error) {
      return { ok: false, reply: {} };
    }
  }

  // What the year before offers is asked for when somebody opens it: the page itself carries nothing of it.
  async function openBefore(field, opener) {
    let reply = {};
    try {
      const response = await fetch(opener.dataset.before, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      reply = await response.json().catch(() => ({}));
    } catch (error) { reply = {}; }
    if (typeof reply.html !== "string") {
      say(field, reply.message || "読み込めませんでした。通信を確かめてから、もう一度押してください。");
      return false;
    }
    field.before.innerHTML = reply.html;
    field.before.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    return true;
  }

  function closeBefore(field, opener) {
    field.before.hidden = true;
    field.before.replaceChildren();
    opener.setAttribute("aria-expanded", "false");
  }

  const refresh = (field) => (field.before.hidden ? null : openBefore(field, field.querySelector("[data-before]")));

  async function againThisYear(field, pressed) {
    const title = pressed.dataset.title;
    pressed.disabled = true;
    const { ok, reply } = await post(field.dataset.link, { evidence: pressed.dataset.again });
    if (!ok) {
      pressed.disabled = false;
      pressed.focus();
      say(field, reply.message || "付けられませんでした。通信を確かめてから、もう一度押してください。");
      return;
    }
    show(field, reply.html);
    await refresh(field);
    say(field, "「" + title + "」を付けました。");
    (field.before.querySelector("[data-again]") || field.querySelector("[data-before]")).focus();
  }

  async function unlink(field, link) {
    const title = link.dataset.title;
    const piece = link.dataset.piece;
    const { ok, reply } = await post(link.dataset.unlink, {});
    if (!ok) {
      say(field, reply.message || "外せませんでした。通信を確かめてから、もう一度押してください。");
      return;
    }
    show(field, reply.html);
    refresh(field);
    const undo = button("元に戻す", title, async () => {
      const back = await post(field.dataset.link, { evidence: piece });
      if (back.ok) {
        show(field, back.reply.html);
        refresh(field);
      }
      say(field, back.ok ? "「" + title + "」を元に戻しました。" : back.reply.message || "元に戻せませんでした。もう一度押してください。");
      field.querySelector("[data-choose]").focus();
    });
    say(field, "「" + title + "」を外しました。", undo);
    undo.focus();
  }

  window.addEventListener("beforeunload", (event) => {
    if (busy || queue.length > 0) event.preventDefault();
  });
})();
