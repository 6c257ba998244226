"use strict";
// One coordinate system: its axes, what is drawn in it, and what of it can be read point by point.
const Panel = (() => {
  const { svg, clipped } = Marks;
  let clips = 0;

  return class {
    constructor(chart, width, height, margin, label) {
      Object.assign(this, { chart, width, height, margin, series: [], spot: null });
      this.node = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0 });
      this.node.setAttribute("role", "application");
      this.node.setAttribute("aria-roledescription", "chart");
      this.node.setAttribute("aria-label", `${label} Arrow keys read values; + and - zoom, 0 ends it.`);
      const clip = svg("clipPath", { id: `clip-${(clips += 1)}` });
      clip.append(svg("rect", { x: margin.left, y: margin.top, width: this.inner, height: this.depth }));
      this.back = svg("g");
      this.front = svg("g", { "clip-path": `url(#clip-${clips})` });
      this.over = svg("g", { class: "over" });
      this.node.append(clip, this.back, this.front, this.over);
      this.listen();
    }

    get inner() {
      return Math.max(this.width - this.margin.left - this.margin.right, 10);
    }

    get depth() {
      return this.height - this.margin.top - this.margin.bottom;
    }

    get bottom() {
      return this.height - this.margin.bottom;
    }

    get right() {
      return this.margin.left + this.inner;
    }

    xAxis(x, words) {
      for (const tick of x.ticks(Math.max(2, Math.floor(this.inner / 70)))) {
        const at = x.at(tick);
        this.back.append(svg("line", { class: "grid", x1: at, x2: at, y1: this.margin.top, y2: this.bottom }));
        this.back.append(svg("text", { x: at, y: this.bottom + 16, "text-anchor": "middle" }, Axes.short(tick)));
      }
      const text = clipped(words, Math.floor((this.width - 8) / 6));
      const fits = text.length * 6 < this.inner;
      const place = fits
        ? { x: this.margin.left + this.inner / 2, "text-anchor": "middle" }
        : { x: this.width - 4, "text-anchor": "end" };
      this.back.append(svg("text", { ...place, y: this.height - 5 }, text));
    }

    yAxis(y) {
      for (const tick of y.ticks(Math.max(2, Math.floor(this.depth / 40)))) {
        const at = y.at(tick);
        this.back.append(svg("line", { class: "grid", x1: this.margin.left, x2: this.right, y1: at, y2: at }));
        this.back.append(svg("text", { x: this.margin.left - 6, y: at + 4, "text-anchor": "end" }, Axes.short(tick)));
      }
    }

    listen() {
      const place = (event) => {
        const box = this.node.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
      };
      let from = null;
      const band = svg("rect", { class: "band", y: this.margin.top, height: this.depth });
      this.node.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        [from] = place(event);
        if (event.pointerType !== "touch") this.node.setPointerCapture(event.pointerId);
        this.near(...place(event));
      });
      this.node.addEventListener("pointermove", (event) => {
        const [x, y] = place(event);
        if (from === null) {
          this.near(x, y);
          return;
        }
        const [a, b] = [Math.min(from, x), Math.max(from, x)];
        band.setAttribute("x", Math.max(a, this.margin.left));
        band.setAttribute("width", Math.max(0, Math.min(b, this.right) - Math.max(a, this.margin.left)));
        if (b - a > 8) this.over.append(band);
      });
      this.node.addEventListener("pointerup", (event) => {
        const [x] = place(event);
        band.remove();
        if (from !== null && Math.abs(x - from) > 8) {
          const [a, b] = [from, x].map((pixel) => Math.min(Math.max(pixel, this.margin.left), this.right));
          this.chart.zoomTo(this.x.value(Math.min(a, b)), this.x.value(Math.max(a, b)));
        }
        from = null;
      });
      this.node.addEventListener("pointercancel", () => {
        band.remove();
        from = null;
      });
      this.node.addEventListener("pointerleave", () => this.mark(null));
      this.node.addEventListener("dblclick", () => this.chart.zoomTo());
      this.node.addEventListener("keydown", (event) => this.key(event));
      this.node.addEventListener("blur", () => this.mark(null));
    }

    near(x, y) {
      let [best, least] = [null, 45 ** 2];
      this.series.forEach((line, s) => {
        line.points.forEach((point, i) => {
          const away = (point.x - x) ** 2 + (point.y - y) ** 2;
          if (away < least) [best, least] = [[s, i], away];
        });
      });
      this.mark(best);
    }

    key(event) {
      const turn = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      const lines = this.series;
      if (turn && lines.length) {
        let [s, i] = this.spot ?? [0, lines[0].points.length];
        if (turn[0]) {
          const { x } = lines[s].points[Math.min(i, lines[s].points.length - 1)];
          s = (s + turn[0] + lines.length) % lines.length;
          const away = lines[s].points.map((point) => Math.abs(point.x - x));
          i = away.indexOf(Math.min(...away));
        } else i = Math.min(Math.max(i + turn[1], 0), lines[s].points.length - 1);
        this.mark([s, i], true);
      } else if (event.key === "+" || event.key === "=") this.chart.closer(0.5, this.focused());
      else if (event.key === "-") this.chart.closer(2, this.focused());
      else if (event.key === "0") this.chart.zoomTo();
      else if (event.key === "Escape") this.mark(null);
      else return;
      event.preventDefault();
    }

    // The value around which the keys zoom.
    focused() {
      return this.spot && this.x.value(this.series[this.spot[0]].points[this.spot[1]].x);
    }

    mark(spot, aloud = false) {
      this.spot = spot;
      this.over.replaceChildren();
      for (const line of this.series) line.node?.classList.remove("lit");
      if (!spot) {
        this.chart.tell(null);
        return;
      }
      const line = this.series[spot[0]];
      const point = line.points[spot[1]];
      line.node?.classList.add("lit");
      this.over.append(svg("circle", { class: "spot", cx: point.x, cy: point.y, r: 5 }));
      this.chart.tell(this, point, line, aloud);
    }
  };
})();
