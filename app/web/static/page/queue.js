/*
 * What is not yet on the server waits here: only unsent answers, keyed by person, sheet and item, written before they are sent and
 * deleted when the server has them. Where the browser refuses its database they stay in memory, and the page says so.
 * An entry is only ever read for the person who is signed in on this page.
 */
"use strict";

window.inspection = (() => {
  const page = document.body.dataset;
  const own = new Map(); // id -> entry of this page
  const newId = () => (window.crypto.randomUUID ? window.crypto.randomUUID() : Date.now() + "-" + Math.random().toString(36).slice(2, 14));

  const database = new Promise((resolve) => {
    try {
      const request = window.indexedDB.open("unsent-answers", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("answer", { keyPath: "id" }).createIndex("person", "person");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch (refused) {
      resolve(null);
    }
  });

  // Carry out one act on the store; null when the browser refuses.
  async function within(mode, act) {
    const opened = await database;
    if (!opened) return null;
    return new Promise((resolve) => {
      try {
        const transaction = opened.transaction("answer", mode, { durability: "strict" });
        const request = act(transaction.objectStore("answer"));
        transaction.oncomplete = () => resolve({ result: request.result });
        transaction.onabort = transaction.onerror = () => resolve(null);
      } catch (refused) {
        resolve(null);
      }
    });
  }

  const queue = {
    durable: true, // false once an answer could not be written to this machine
    async keep(entry) {
      own.set(entry.id, entry);
      const done = await within("readwrite", (store) => store.put(entry));
      queue.durable = done !== null;
    },
    async drop(entry) {
      own.delete(entry.id);
      await within("readwrite", (store) => store.delete(entry.id));
    },
    // Every unsent answer of this person, the oldest first: of this page, and those that other pages left behind.
    async all() {
      const stored = await within("readonly", (store) => store.index("person").getAll(page.person));
      const found = new Map((stored ? stored.result : []).map((entry) => [entry.id, entry]));
      own.forEach((entry, id) => found.set(id, entry));
      return [...found.values()].sort((one, other) => one.at - other.at);
    },
    own,
  };

  // A small element, with its attributes and what it holds.
  function element(tag, attributes, ...content) {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => { if (value !== null) made.setAttribute(name, value); });
    made.append(...content);
    return made;
  }

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    const use = document.createElementNS(space, "use");
    drawing.setAttribute("class", "icon");
    drawing.setAttribute("aria-hidden", "true");
    use.setAttribute("href", page.icons + "#" + name);
    drawing.append(use);
    return drawing;
  }

  function button(label, act, kind) {
    const made = element("button", { type: "button", class: "btn" + (kind ? " " + kind : "") }, label);
    made.addEventListener("click", act);
    return made;
  }

  // Whether two states of an answer say the same.
  const same = (one, other) => one.level === other.level && one.comment === other.comment && one.reply === other.reply && (one.due || "") === (other.due || "");

  // Each state of an answer has the name of the page that wrote it and a number, so that of two of them the later one is known.
  const tab = newId();
  let marks = 0;
  const nextMark = () => { marks += 1; return { hand: tab, number: marks }; };

  return { person: page.person, session: page.session, tab, nextMark, same, queue, element, icon, button };
})();
