"use strict";
// Without this the page shows the last samples, figures that are pictures, and tables as they are.
document.documentElement.classList.add("scripted");
for (const control of document.querySelectorAll("[data-control]")) control.hidden = false;

Theme.button(document.querySelector("[data-theme-button]"));
Marks.use(JSON.parse(document.getElementById("palette").textContent));

// Where the page has the numbers of a figure, a chart takes the place of its picture.
const chartOf = new Map();
for (const numbers of document.querySelectorAll("script[data-chart]")) {
  const place = Marks.html("div");
  const data = JSON.parse(numbers.textContent);
  numbers.parentElement.classList.add("charted");
  numbers.before(place);
  chartOf.set(numbers.parentElement, new Charts.Chart(place, data, numbers.dataset.chart));
}

// The filter leaves contestants out of every chart, table and strip of samples.
const filter = document.querySelector(".filter");
const sift = () => {
  Marks.hidden.clear();
  for (const box of filter.querySelectorAll("input")) if (!box.checked) Marks.hidden.add(box.value);
  for (const part of document.querySelectorAll("[data-model]")) {
    const { model, other } = part.dataset;
    part.hidden = Marks.hidden.has(model) || Marks.hidden.has(other);
  }
  Charts.redraw();
};
filter.addEventListener("change", sift);
for (const button of filter.querySelectorAll("[data-all]")) {
  button.addEventListener("click", () => {
    for (const box of filter.querySelectorAll("input")) box.checked = button.dataset.all === "yes";
    sift();
  });
}
sift(); // a browser may have kept what was chosen

// A slider shows, of all models at once, the pictures of its moment.
for (const slides of document.querySelectorAll(".slides")) {
  const slider = slides.querySelector("input");
  const names = Array.from(slides.querySelectorAll("option"), (option) => option.label);
  const show = () => {
    const now = Number(slider.value);
    for (const frame of slides.querySelectorAll("[data-first]")) {
      frame.hidden = now < Number(frame.dataset.first) || now > Number(frame.dataset.last);
    }
    slides.querySelector("output").textContent = names[now];
    slider.setAttribute("aria-valuetext", names[now]);
  };
  slider.addEventListener("input", show);
  show(); // a browser may have kept the slider's place
}

// A switch shows one of its panels.
for (const group of document.querySelectorAll(".switch")) {
  const show = () => {
    const chosen = group.querySelector("input:checked").value;
    for (const panel of group.querySelectorAll("[data-panel]")) {
      panel.hidden = panel.dataset.panel !== chosen;
    }
    chartOf.get(group)?.by(chosen);
  };
  group.addEventListener("change", show);
  show();
}

// A button in each head of a table sorts by its column; what has no value comes last.
const value = (row, column, numeric) => {
  const cell = row.cells[column];
  if (!numeric) return cell.textContent.trim();
  return cell.dataset.value ? Number(cell.dataset.value) : NaN;
};

const compare = (a, b, sign) => {
  if (typeof a === "string") return sign * a.localeCompare(b, "en", { numeric: true });
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return a === b ? 0 : sign * (a < b ? -1 : 1);
};

const sort = (head) => {
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  const numeric = head.dataset.sort === "number";
  const body = head.closest("table").tBodies[0];
  const rows = Array.from(body.rows, (row) => [value(row, head.cellIndex, numeric), row]);
  rows.sort(([a], [b]) => compare(a, b, ascending ? 1 : -1));
  for (const [, row] of rows) body.append(row);
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
};

for (const head of document.querySelectorAll("th[data-sort]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sort(head));
}
