"use strict";
// Charts, from the JSON of bench/report/charts.py. Each answers to pointer and keyboard, zooms along
// its x-axis, and gives its numbers as CSV.
const Charts = (() => {
  const { html, own, whose } = Marks;
  const charts = new Set();

  const button = (text, label, click) => {
    const element = html("button", "", text);
    element.type = "button";
    element.setAttribute("aria-label", label);
    element.title = label;
    element.addEventListener("click", click);
    return element;
  };
  class Chart {
    constructor(place, data, label = "") {
      Object.assign(this, { place, label, zoom: null, panels: [], width: 0 });
      this.place.classList.add("chart");
      this.title = html("p", "chart-title");
      const tools = html("div", "tools");
      tools.append(
        button("Reset", "Show all of it", () => this.zoomTo()),
        button("+", "Zoom in", () => this.closer(0.5)),
        button("−", "Zoom out", () => this.closer(2)),
        button("CSV", "Download the numbers of this chart as CSV", () => this.download()),
      );
      const head = html("div", "chart-head");
      head.append(this.title, tools);
      this.axis = html("p", "axis"); // what the y-axes of all panels are of
      this.body = html("div", "panels");
      this.legend = html("p", "legend");
      this.note = html("p", "chart-note");
      this.tip = html("div", "tip");
      this.tip.hidden = true;
      this.aloud = html("p", "unseen");
      this.aloud.setAttribute("aria-live", "polite");
      place.append(head, this.axis, this.body, this.legend, this.note, this.tip, this.aloud);
      new ResizeObserver(() => {
        if (this.body.clientWidth !== this.width) this.draw();
      }).observe(this.body);
      charts.add(this);
      this.update(data);
    }

    update(data) {
      this.data = data;
      if (data.clocks && !(this.clock in data.clocks)) [this.clock] = Object.keys(data.clocks);
      this.title.textContent = data.title ?? "";
      this.axis.textContent = data.y ?? "";
      this.axis.hidden = !data.y;
      const few = data.shown ? ` Of each model the first ${data.shown} seeds are drawn.` : "";
      this.note.textContent = `${data.note ?? ""}${few} Drag across to zoom, double-click to end it.`.trim();
      this.draw();
    }

    by(clock) {
      if (clock === this.clock || !(clock in this.data.clocks)) return;
      this.clock = clock;
      this.zoomTo();
    }

    zoomTo(low = null, high = null) {
      this.zoom = low === null ? null : [low, high];
      this.draw();
    }

    closer(factor, around = null) {
      const shown = this.panels[0]?.x;
      if (!shown) return;
      const log = this.data.kind === "rows";
      const [there, back] = log ? [Math.log, Math.exp] : [(v) => v, (v) => v];
      const [a, b] = [there(shown.low), there(shown.high)];
      const middle = around ? there(around) : (a + b) / 2;
      const half = ((b - a) * factor) / 2;
      const [least, most] = this.reach.map(there);
      if (middle - half <= least && middle + half >= most) this.zoomTo();
      else this.zoomTo(back(Math.max(middle - half, least)), back(Math.min(middle + half, most)));
    }

    draw() {
      this.width = this.body.clientWidth;
      if (!this.width) return; // not to be seen
      const focused = this.panels.findIndex((panel) => panel.node === document.activeElement);
      const { spot } = this.panels[focused] ?? {};
      this.tell(null);
      this.panels = this.data.kind === "rows" ? drawRows(this) : drawLines(this);
      const nodes = this.panels.map((panel) => panel.outer ?? panel.node);
      this.body.replaceChildren(...nodes);
      if (!nodes.length) this.body.append(html("p", "soft", "No contestant is chosen."));
      this.place.classList.toggle("zoomed", this.zoom !== null);
      if (focused >= 0 && this.panels[focused]) {
        this.panels[focused].node.focus({ preventScroll: true });
        if (spot && this.panels[focused].series[spot[0]]?.points[spot[1]]) this.panels[focused].mark(spot);
      }
    }

    tell(panel, point, line, aloud) {
      this.tip.hidden = !panel;
      if (!panel) return;
      const name = html("strong", "", line.name);
      if (line.model) name.prepend(own(html("span", "swatch"), line.model));
      this.tip.replaceChildren(name, ...point.text.map((text) => html("span", "", text)));
      const box = panel.node.getBoundingClientRect();
      const outer = this.place.getBoundingClientRect();
      const [x, y] = [box.left - outer.left + point.x, box.top - outer.top + point.y];
      const wide = this.tip.offsetWidth;
      const left = x + 14 + wide > outer.width ? x - 14 - wide : x + 14;
      this.tip.style.left = `${Math.max(2, Math.min(left, outer.width - wide - 2))}px`;
      this.tip.style.top = `${y - this.tip.offsetHeight - 8 < 0 ? y + 12 : y - this.tip.offsetHeight - 8}px`;
      if (aloud) this.aloud.textContent = [line.name, ...point.text].join(", ");
    }

    download() {
      const cell = (value) => {
        let text = String(value ?? "");
        if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`; // no formula
        return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      };
      const lines = tableOf(this.data).map((row) => row.map(cell).join(","));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }));
      link.download = `${this.data.title.split(":")[0].replace(/[^\w]+/g, "-").toLowerCase()}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  }

  // What a chart shows, as rows of a table.
  const tableOf = (data) => {
    if (data.kind === "rows") {
      const rows = [["name", "what", "value", "low", "high"]];
      for (const row of data.rows) {
        for (const [seed, value] of row.dots) rows.push([row.name, `seed ${seed}`, value]);
        rows.push([row.name, row.dots.length ? "mean" : "ratio", row.mid, row.low, row.high]);
      }
      return rows;
    }
    const clocks = Object.keys(data.clocks);
    const rows = [["panel", "model", "curve", "seed", ...clocks, "value", "low", "high"]];
    for (const panel of data.panels) {
      for (const line of panel.lines) {
        line.y.forEach((value, i) => {
          const places = clocks.map((clock) => line.x[clock][i]);
          const seed = line.mean ? `mean of ${line.mean}` : line.seed;
          rows.push([panel.title, line.model, line.name, seed, ...places, value, line.low?.[i], line.high?.[i]]);
        });
      }
    }
    return rows;
  };

  const redraw = () => charts.forEach((chart) => chart.draw());
  return { Chart, redraw };
})();
