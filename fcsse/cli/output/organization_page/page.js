"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { names, findings, pairs } = data;
  const form = document.querySelector("form.filters");
  const accounts = Array.from(document.querySelectorAll("table.accounts tbody tr"));
  const account = accounts.map((row) => row.cells[0].textContent);
  const lower = names.map((name) => name.toLowerCase());
  const severities = ["high", "medium", "low", "info"];
  const verdicts = [["allowed", "✓ access"], ["partly", "◐ in part"], ["denied", "✕ no access"], ["unknown", "? not known"]];
  const HEIGHT = 28, MOST = 1000000;
  const cell = (text, style) => {
    const made = document.createElement("span");
    made.setAttribute("role", "cell");
    made.textContent = made.title = text;
    if (style) made.className = style;
    return made;
  };
  const list = (name, cells, choose) => {
    const box = document.querySelector(`.list.${name}`);
    const space = box.querySelector(".space");
    let shown = [];
    const draw = () => {
      // Browsers limit the height of an element; a longer list scrolls faster than its rows.
      const height = Math.min(shown.length * HEIGHT, MOST);
      const room = Math.max(1, height - box.clientHeight + HEIGHT);
      const share = shown.length * HEIGHT > height ? box.scrollTop / room : 0;
      const first = share
        ? Math.floor(share * Math.max(0, shown.length - Math.floor(box.clientHeight / HEIGHT) + 1))
        : Math.floor(box.scrollTop / HEIGHT);
      const top = share ? box.scrollTop : first * HEIGHT;
      const rows = shown.slice(first, first + Math.ceil(box.clientHeight / HEIGHT) + 1).map((place, at) => {
        const row = document.createElement("div");
        row.className = "row";
        row.setAttribute("role", "row");
        row.style.top = `${top + at * HEIGHT + HEIGHT}px`;
        row.append(...cells(place));
        if (choose) row.addEventListener("click", () => choose(place));
        return row;
      });
      space.replaceChildren(...rows);
    };
    box.addEventListener("scroll", () => requestAnimationFrame(draw));
    addEventListener("resize", draw);
    return (places) => {
      shown = places;
      space.style.height = `${Math.min(places.length * HEIGHT, MOST)}px`;
      box.scrollTop = 0;
      draw();
    };
  };
  const open = (place) => {
    const one = findings[place];
    const dialog = document.createElement("dialog");
    const part = (kind, text) => Object.assign(document.createElement(kind), { textContent: text });
    const close = part("button", "Close");
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(part("h3", one[4]), part("p", `${names[one[3]]} ${names[one[2]]}`));
    dialog.append(...one[5].map((text) => part("p", text)), ...one[6].map((text) => part("pre", text)), close);
    document.body.append(dialog);
    dialog.showModal();
  };
  const showFindings = list("findings", (place) => {
    const one = findings[place];
    return [cell(severities[one[1]], `tone ${severities[one[1]]}`), cell(account[one[0]]), cell(names[one[2]]), cell(one[4])];
  }, open);
  const showPairs = list("pairs", (place) => {
    const one = pairs[place];
    const [style, word] = verdicts[one[3]];
    return [cell(account[one[0]]), cell(names[one[1]]), cell(names[one[2]]), cell(word, `tone ${style}`), cell(names[one[4]]), cell(names[one[5]])];
  });
  const texts = findings.map((one) => [account[one[0]], lower[one[2]], lower[one[3]], one[4].toLowerCase(), ...one[5], ...one[6]].join(" ").toLowerCase());
  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = new Set(Array.from(form.querySelectorAll("input[name=severity]:checked")).map((box) => Number(box.value)));
    const verdict = form.elements.verdict.value, chosen = form.elements.account.value;
    // Each word is looked up in the names once, so that a pair is a matter of a few numbers.
    const hits = words.map((word) => lower.map((name) => name.includes(word)));
    const homes = words.map((word) => account.map((name) => name.includes(word)));
    const foundPairs = [];
    const withVerdict = new Set();
    for (let place = 0; place < pairs.length; place += 1) {
      const one = pairs[place];
      if (verdict !== "" && one[3] !== Number(verdict)) continue;
      if (verdict !== "") for (const finding of one[6]) withVerdict.add(finding);
      if (chosen !== "" && one[0] !== Number(chosen)) continue;
      if (words.every((_, at) => homes[at][one[0]] || hits[at][one[1]] || hits[at][one[2]] || hits[at][one[4]] || hits[at][one[5]])) foundPairs.push(place);
    }
    const foundFindings = [];
    for (let place = 0; place < findings.length; place += 1) {
      const one = findings[place];
      if (!on.has(one[1]) || (chosen !== "" && one[0] !== Number(chosen))) continue;
      if (verdict !== "" && !withVerdict.has(place)) continue;
      if (words.every((word) => texts[place].includes(word))) foundFindings.push(place);
    }
    foundFindings.sort((a, b) => findings[a][1] - findings[b][1] || a - b);
    showFindings(foundFindings);
    showPairs(foundPairs);
    accounts.forEach((row, number) => row.classList.toggle("chosen", String(number) === chosen));
    form.elements.shown.value = `${foundFindings.length} of ${findings.length} findings, ${foundPairs.length} of ${pairs.length} pairs`;
  };
  accounts.forEach((row, number) => {
    form.elements.account.append(new Option(`${account[number]} ${row.cells[1].textContent}`, number));
    row.addEventListener("click", () => {
      form.elements.account.value = form.elements.account.value === String(number) ? "" : String(number);
      apply();
    });
  });
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
})();
