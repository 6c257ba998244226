"use strict";
// Curves: a panel or several, a line a seed, the mean of finished seeds and their range.
const drawLines = (() => {
  const { svg, html, own, hidden, clipped, whose, path } = Marks;
  const { number, scale, ends } = Axes;

  const draw = (chart) => {
    const { data, clock, zoom, width } = chart;
    const log = Boolean(data.log);
    const visible = data.panels
      .map((panel) => ({ ...panel, lines: panel.lines.filter((line) => !hidden.has(line.model)) }))
      .filter((panel) => panel.lines.length);
    const models = [...new Set(visible.flatMap((panel) => panel.lines.map((line) => line.model)))];
    const single = data.panels.length === 1;
    const direct = single && width > 620 && models.length <= 8;
    const columns = Math.max(1, Math.min(visible.length, Math.floor((width + 14) / 300), 3));
    const wide = Math.floor((width - 14 * (columns - 1)) / columns);
    const high = single ? Math.min(400, Math.max(260, width * 0.42)) : 210;
    const margin = { left: 50, right: direct ? 118 : 12, top: 8, bottom: 40 };
    chart.reach = ends(visible.flatMap((panel) => panel.lines.flatMap((line) => line.x[clock])), false, 0.02);
    fillLegend(chart, models, direct);
    return visible.map((panel) => {
      const label = `${data.title}${panel.title ? `, ${panel.title}` : ""}. ${chart.label}`;
      const drawn = new Panel(chart, wide, high, margin, label);
      const x = (drawn.x = scale(...(zoom ?? chart.reach), margin.left, drawn.right));
      const inside = (line) => (value, i) => line.x[clock][i] >= x.low && line.x[clock][i] <= x.high;
      const values = panel.lines.flatMap((line) => line.y.filter(inside(line)));
      const y = scale(...levelled(ends(values, log), panel, zoom), drawn.bottom, margin.top, log);
      drawn.xAxis(x, data.clocks[clock]);
      drawn.yAxis(y);
      for (const level of panel.levels) drawLevel(drawn, level, y);
      if (panel.zero && y.low < 0 && y.high > 0) {
        drawn.back.append(svg("line", { class: "zero", x1: margin.left, x2: drawn.right, y1: y.at(0), y2: y.at(0) }));
      }
      // Means come last, so that they lie above the seeds.
      for (const line of [...panel.lines].sort((a, b) => (a.mean ?? 0) - (b.mean ?? 0))) {
        drawLine(drawn, line, clock, x, y, data.clocks[clock]);
      }
      drawn.series.reverse(); // the keyboard begins with a mean
      if (direct) nameEnds(drawn, panel.lines, clock, x, y);
      drawn.outer = html("div", "panel");
      if (!single) drawn.outer.append(html("p", "panel-title", panel.title));
      drawn.outer.append(drawn.node);
      return drawn;
    });
  };

  // The ends of an axis with the levels in it that are near: a far one would squeeze the values.
  const levelled = ([low, high], panel, zoom) => {
    let [least, most] = [low, high];
    for (const { value } of zoom ? [] : panel.levels) {
      if (value >= low * (low / high) ** 0.35) [least, most] = [Math.min(least, value / 1.05), Math.max(most, value * 1.08)];
    }
    return [least, most];
  };

  const drawLevel = (panel, level, y) => {
    const there = level.value >= y.low && level.value <= y.high;
    if (!there && level.value > y.high) return; // zoomed away from it
    const at = there ? y.at(level.value) : panel.bottom;
    if (there) panel.back.append(svg("line", { class: "level", x1: panel.margin.left, x2: panel.right, y1: at, y2: at }));
    const place = there ? { x: panel.right - 4, "text-anchor": "end" } : { x: panel.margin.left + 5 };
    panel.over.before(svg("text", { ...place, y: at - 5, class: "halo" }, level.name + (there ? "" : " (further down)")));
  };

  const drawLine = (panel, line, clock, x, y, words) => {
    const at = line.x[clock].map((value) => x.at(value));
    const to = (values) => values.map((value) => (value === null ? NaN : y.at(value)));
    const up = to(line.y);
    if (line.low) {
      const band = `${path(at, to(line.high))}${path([...at].reverse(), to(line.low).reverse()).replace("M", "L")}Z`;
      panel.front.prepend(own(svg("path", { class: "range", d: band }), line.model));
    }
    const kind = `line ${line.mean ? "mean" : line.end === "running" ? "now" : "seed"}${line.ink ? " ink" : ""}`;
    const node = own(svg("path", { class: kind, d: path(at, up) }), line.model);
    panel.front.append(node);
    const last = at.length - 1;
    if (line.end === "diverged" && last >= 0) {
      panel.front.append(svg("path", { class: "cross", d: `M${at[last] - 4} ${up[last] - 4}l8 8m0-8l-8 8` }));
    }
    const name = [line.model, line.name].filter(Boolean).join(", ");
    const points = at
      .map((px, i) => ({
        x: px,
        y: up[i],
        text: [
          `${number(line.y[i], 4)}${line.low ? ` [${number(line.low[i])} to ${number(line.high[i])}]` : ""}`,
          `${whose(line)}${line.end ? `, ${line.end}` : ""}`,
          `${line.x[clock][i].toLocaleString("en")} ${words}`,
        ],
      }))
      .filter((point) => Number.isFinite(point.y) && point.x >= panel.margin.left - 1 && point.x <= panel.right + 1);
    if (points.length) panel.series.push({ name, model: line.model, node, points });
  };

  // The height at which a line ends or leaves the panel; null of one that does not reach its inside.
  const leaves = (line, clock, x, y) => {
    const there = [...line.y.keys()].filter((i) => line.y[i] !== null);
    const [from, to] = [there.findLast((i) => line.x[clock][i] <= x.high), there.find((i) => line.x[clock][i] > x.high)];
    if (from === undefined || (to === undefined && line.x[clock][from] < x.low)) return null;
    if (to === undefined) return y.at(line.y[from]);
    const share = (x.high - line.x[clock][from]) / (line.x[clock][to] - line.x[clock][from]);
    return y.at(line.y[from]) + share * (y.at(line.y[to]) - y.at(line.y[from]));
  };

  // Names at the right edge, pushed apart where they would meet.
  const nameEnds = (panel, lines, clock, x, y) => {
    const last = new Map(); // of a model: its mean, or its first seed where none has finished
    for (const line of lines) if (line.mean || !last.has(line.model)) last.set(line.model, line);
    const spots = [];
    for (const [model, line] of last) {
      const at = leaves(line, clock, x, y);
      if (at !== null) spots.push({ model, y: Math.min(Math.max(at, panel.margin.top + 6), panel.bottom) });
    }
    spots.sort((a, b) => a.y - b.y);
    const first = spots.map((spot) => spot.y);
    for (let turn = 0; turn < 200; turn += 1) {
      for (let k = 1; k < spots.length; k += 1) {
        const overlap = 16 - (spots[k].y - spots[k - 1].y);
        if (overlap > 0.01) [spots[k - 1].y, spots[k].y] = [spots[k - 1].y - overlap / 2, spots[k].y + overlap / 2];
      }
    }
    spots.forEach(({ model, y: at }, k) => {
      const lead = `M${panel.right + 2} ${first[k]}L${panel.right + 14} ${at}`;
      panel.back.append(own(svg("path", { class: "line mean", d: lead }), model));
      panel.back.append(svg("text", { class: "name", x: panel.right + 18, y: at + 4 }, clipped(model, 14)));
    });
  };

  const fillLegend = (chart, models, direct) => {
    const { names } = chart.data;
    const entries = names
      ? names.map((name, k) => [name, k === 0 ? null : models.slice(0, 5)])
      : models.map((model) => [model, [model]]);
    chart.legend.hidden = direct || !models.length;
    const items = entries.map(([name, colours]) => {
      const item = html("span", "key");
      for (const model of colours ?? []) item.append(own(html("span", "swatch"), model));
      if (!colours) item.append(html("span", "swatch ink"));
      item.append(clipped(name, 40));
      return item;
    });
    chart.legend.replaceChildren(...items);
  };

  return draw;
})();
