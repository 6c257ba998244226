"use strict";
// Elements of charts. All text is set as text: names come from users.
const Marks = (() => {
  const hidden = new Set(); // contestants that the filter leaves out
  let palette = {}; // contestant -> its colour on white and on dark

  const svg = (tag, attributes = {}, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text) element.textContent = text;
    return element;
  };
  const html = (tag, kind = "", text = "") => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (text) element.textContent = text;
    return element;
  };
  const own = (element, model) => {
    const [light, dark] = palette[model] ?? ["#666666", "#aaaaaa"];
    element.style.setProperty("--light", light);
    element.style.setProperty("--dark", dark);
    element.dataset.own = model;
    return element;
  };
  const clipped = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
  const whose = (line) => {
    if (!line.mean) return `seed ${line.seed}`;
    return line.mean > 1 ? `mean of ${line.mean} seeds` : "the only finished seed";
  };

  // The path of a line, with a gap where there is no number.
  const path = (x, y) => {
    let text = "";
    let pen = "M";
    for (let i = 0; i < x.length; i += 1) {
      if (Number.isFinite(x[i]) && Number.isFinite(y[i])) {
        text += `${pen}${x[i].toFixed(1)} ${y[i].toFixed(1)}`;
        pen = "L";
      } else pen = "M";
    }
    return text;
  };

  // The colours of all contestants, for what is on the page already and what will be.
  const use = (colours) => {
    palette = colours;
    for (const element of document.querySelectorAll("[data-own]")) own(element, element.dataset.own);
  };

  return { svg, html, own, use, hidden, clipped, whose, path };
})();
