/*
 * Who else is at work in this section. Asked after an own save, at most twice a minute: a page that only lies open asks nothing, so that
 * its session ends in its time.
 */
"use strict";

((inspection) => {
  const { form, element } = inspection;
  const line = document.getElementById("editors");
  if (!form || !line) return;
  const pause = 30000; // milliseconds
  let asked = Date.now();

  inspection.lookForEditors = async () => {
    if (Date.now() - asked < pause) return;
    asked = Date.now();
    const { status, reply } = await inspection.request("GET", form.dataset.editors);
    if (status !== 200) return;
    const text = reply.editors.map((one) => one.words).join("");
    if (line.dataset.shown === text) return; // said once is enough for those who listen
    line.dataset.shown = text;
    line.querySelector("[data-editors]").replaceChildren(...reply.editors.map((one) => element("span", {}, one.words)));
    line.hidden = text === "";
  };
})(window.inspection);
