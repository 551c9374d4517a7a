"use strict";
(() => {
  const form = document.querySelector("form.filters");
  const all = (query) => Array.from(document.querySelectorAll(query));
  const texts = new Map();
  const text = (element) => {
    if (!texts.has(element)) texts.set(element, (element.dataset.t || element.textContent).toLowerCase());
    return texts.get(element);
  };
  const findings = all(".finding");
  const rows = all(".pairs tbody tr");
  const marks = all(".matrix td[data-v], svg.picture path[data-v]");
  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set(all("form.filters input[name=severity]:checked").map((box) => box.value));
    const verdict = form.elements.verdict.value;
    const says = (element) => words.every((word) => text(element).includes(word));
    let shown = 0;
    for (const one of findings) {
      const about = !verdict || (one.dataset.v || "").split(" ").includes(verdict);
      const on = severities.has(one.dataset.s) && about && says(one);
      one.classList.toggle("off", !on);
      shown += on;
    }
    let pairs = 0;
    for (const one of rows) {
      const on = (!verdict || one.dataset.v === verdict) && says(one);
      one.classList.toggle("off", !on);
      pairs += on;
    }
    for (const one of marks) one.classList.toggle("faded", !((!verdict || one.dataset.v === verdict) && says(one)));
    form.elements.shown.value = `${shown} of ${findings.length} findings, ${pairs} of ${rows.length} pairs`;
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  for (const one of all(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", () => {
      const code = one.querySelector("code");
      getSelection().selectAllChildren(code);
      const done = navigator.clipboard ? navigator.clipboard.writeText(code.textContent) : Promise.reject();
      done.catch(() => document.execCommand("copy")).then(() => { button.textContent = "Copied"; });
    });
    one.append(button);
  }
  apply();
})();
