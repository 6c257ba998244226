"use strict";
// A row a model or pair along one logarithmic axis: seeds, mean or ratio, interval.
const drawRows = (() => {
  const { svg, own, hidden, clipped } = Marks;
  const { number, scale, ends } = Axes;

  const draw = (chart) => {
    const { data, zoom, width } = chart;
    const rows = data.rows.filter((row) => !row.models.some((model) => hidden.has(model)));
    chart.legend.hidden = true;
    if (!rows.length) return [];
    const longest = Math.max(...rows.map((row) => row.name.length));
    const left = Math.min(longest * 7.6 + 16, 240, width * 0.42);
    const side = width > 640 ? Math.max(...rows.map((row) => row.text.length)) * 6.3 + 14 : 14;
    const below = data.rows.some((row) => row.dots.length) ? 9 : 0;
    const step = below ? 38 : 30;
    const margin = { left, right: side, top: 6, bottom: 42 };
    const panel = new Panel(chart, width, margin.top + step * rows.length + margin.bottom, margin, `${data.title}. ${chart.label}`);
    // An interval of few seeds may be so wide that the values would be lost in it.
    const values = rows.flatMap((row) => [row.mid, data.one, ...row.dots.map((dot) => dot[1])]).filter((v) => v > 0);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const far = below ? 1.6 : 4;
    const limits = rows.flatMap((row) => [row.low, row.high]).filter((v) => v > 0)
      .map((v) => Math.min(Math.max(v, least / far), most * far));
    chart.reach = ends([...values, ...limits], true, 0.04);
    const x = (panel.x = scale(...(zoom ?? chart.reach), left, panel.right, true));
    panel.xAxis(x, data.x);
    if (data.one && data.one > x.low && data.one < x.high) {
      const at = x.at(data.one);
      panel.back.append(svg("line", { class: "level", x1: at, x2: at, y1: margin.top, y2: panel.bottom }));
    }
    rows.forEach((row, k) => drawRow(panel, row, margin.top + step * (k + 0.5), x, below, width > 640));
    return [panel];
  };

  const drawRow = (panel, row, y, x, below, texts) => {
    const kind = below ? "own" : row.told;
    const points = [];
    const middle = y + below;
    const name = svg("text", { class: "name", x: panel.margin.left - 8, y: y + 4, "text-anchor": "end" });
    name.append(svg("title", {}, row.name), clipped(row.name, Math.floor((panel.margin.left - 10) / 7.4)));
    panel.back.append(name);
    if (texts) panel.back.append(svg("text", { x: panel.right + 8, y: y + 4 }, row.text));
    if (row.low !== null && row.high !== null) {
      const [a, b] = [row.low, row.high].map((value) => (value > 0 ? x.at(value) : -10));
      panel.front.append(svg("line", { class: `interval ${kind}`, x1: a, x2: b, y1: middle, y2: middle }));
      const ended = [[a < panel.margin.left, panel.margin.left, "M7 -4l-7 4 7 4z"], [b > panel.right, panel.right, "M-7 -4l7 4 -7 4z"]];
      for (const [beyond, at, d] of ended) {
        const arrow = svg("path", { class: `arrow ${kind}`, d, transform: `translate(${at} ${middle})` });
        if (beyond) panel.front.append(arrow);
      }
    }
    for (const [seed, value] of row.dots) {
      const dot = own(svg("circle", { class: "dot", cx: x.at(value), cy: y - below / 2, r: 5 }), row.models[0]);
      panel.front.append(dot);
      points.push({ x: x.at(value), y: y - below / 2, text: [number(value, 4), `seed ${seed}`] });
    }
    if (row.mid !== null && (row.dots.length > 1 || !below)) {
      const at = x.at(row.mid);
      const mark = below
        ? svg("line", { class: "bar", x1: at, x2: at, y1: middle - 6, y2: middle + 6 })
        : svg("circle", { class: `ratio ${kind}`, cx: at, cy: middle, r: 5 });
      panel.front.append(mark);
      points.push({ x: at, y: middle, text: [row.text, below ? "mean [95 % t interval]" : row.verdict ?? "ratio [95 % interval]"] });
    }
    const seen = points.filter((point) => point.x >= panel.margin.left - 1 && point.x <= panel.right + 1);
    seen.sort((a, b) => a.x - b.x);
    if (seen.length) panel.series.push({ name: row.name, model: below ? row.models[0] : "", points: seen });
  };

  return draw;
})();
