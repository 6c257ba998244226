"use strict";
// Asks for what has changed while the page is looked at, as often as the server says, and shows it.
// When the run has ended, the report takes this page's place. All text is set as text.
let every = 2; // seconds between two questions
const { html, own } = Marks;
const at = (id) => document.getElementById(id);
const charts = new Map(); // "dataset/figure" -> its chart
let known = { palette: "", charts: "", state: "", over: -1 };

const duration = (seconds) => {
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
};
const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const count = (n) => n.toLocaleString("en");
const unit = (dataset) => known.units?.[dataset] ?? "images";

// The children of a place, one for each item, made once and filled each time.
const each = (place, items, make, fill) => {
  const there = new Map(Array.from(place.children, (child) => [child.dataset.key, child]));
  const wanted = items.map(([key, item]) => {
    let child = there.get(key);
    if (!child) {
      child = make(item);
      child.dataset.key = key;
    }
    fill(child, item);
    there.delete(key);
    return child;
  });
  for (const gone of there.values()) gone.remove();
  wanted.forEach((child, i) => {
    if (place.children[i] !== child) place.insertBefore(child, place.children[i] ?? null);
  });
};
const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// What is going on, in a sentence.
const words = (now) => {
  const { counts, trials } = now;
  const lost = ["diverged", "failed", "unsuited", "damaged"].filter((end) => counts[end]);
  const finished = `${counts.finished ?? 0} of ${trials.length} trials have finished`;
  const others = lost.length ? ` (${lost.map((end) => `${counts[end]} ${end}`).join(", ")})` : "";
  const many = counts.running ?? 0;
  const running = many ? `, ${many} ${many > 1 ? "are" : "is"} running` : "";
  const left =
    now.left === null ? "" : ` About ${duration(now.left)} of training left, until ${clock(new Date(Date.now() + now.left * 1000))}.`;
  return {
    preparing: "The run is being prepared.",
    training: `${finished}${others}${running}.${left}`,
    reporting: `${finished}${others}. The report is being written.`,
    stopped: trials.length ? `${finished}${others}. Nothing is running.` : "There is no plan that can be read here.",
    ended: `${finished}${others}.`,
  }[now.state];
};

const showState = (now) => {
  document.title = `${Math.round(now.share * 100)} % of ${now.name}`;
  put(at("name"), now.name);
  put(at("badge"), now.state);
  at("badge").dataset.state = now.state;
  put(at("words"), words(now));
  at("share").value = now.share;
  const over = (now.counts.finished ?? 0) + (now.counts.diverged ?? 0) + (now.counts.failed ?? 0);
  if (over !== known.over || now.state !== known.state) put(at("aloud"), words(now)); // not each second
  Object.assign(known, { over, state: now.state });
  put(at("foot"), now.again ? `To go on: ${now.again}` : "");
};

const showRunning = (now) => {
  const running = now.trials.filter((trial) => trial.status === "running");
  const make = (trial) => {
    const item = html("li");
    const name = html("strong", "", `${trial.model}, seed ${trial.seed}`);
    name.prepend(own(html("i", "swatch"), trial.model));
    const bar = own(document.createElement("progress"), trial.model);
    bar.setAttribute("aria-label", `${trial.model}, seed ${trial.seed}, ${trial.dataset}`);
    item.append(name, bar, html("span"), html("span"));
    return item;
  };
  each(at("running"), running.map((trial) => [keyOf(trial), trial]), make, (item, trial) => {
    const [, bar, far, how] = item.children;
    Object.assign(bar, { max: trial.total || 1, value: trial.images });
    put(far, `${trial.dataset}: ${count(trial.images)} of ${count(trial.total)}`);
    const rate = trial.rate ? `${count(Math.round(trial.rate))} a second of training` : "";
    put(how, [trial.phase, rate, trial.measured].filter(Boolean).join(", "));
    item.dataset.model = trial.model;
  });
};
const keyOf = (trial) => `${trial.dataset}/${trial.model}/${trial.seed}`;

const showLost = (now) => {
  const lost = now.trials.filter((trial) => ["diverged", "failed", "unsuited", "damaged"].includes(trial.status));
  at("lost").hidden = !lost.length;
  each(at("lost").querySelector("ul"), lost.map((trial) => [keyOf(trial), trial]), () => html("li"), (item, trial) => {
    const place = `${trial.dataset} ${trial.model} s${trial.seed}: ${trial.status}`;
    put(item, place + (trial.reason ? `: ${trial.reason}` : ""));
  });
};

const SHORT = { finished: "✓", waiting: "·", running: "", interrupted: "stopped at" };
const showTable = (now) => {
  const seeds = [...new Set(now.trials.map((trial) => trial.seed))];
  at("table").hidden = !now.trials.length || seeds.length * now.trials.length > 20000;
  if (at("table").hidden) return;
  const by = new Map(now.trials.map((trial) => [keyOf(trial), trial]));
  const rows = [...new Set(now.trials.map((trial) => `${trial.dataset}/${trial.model}`))];
  const share = (trial) => `${Math.floor((100 * trial.images) / (trial.total || 1))} %`;
  const cell = (trial) => {
    if (!trial) return html("td");
    const mark = SHORT[trial.status] ?? trial.status;
    const found = html("td", trial.status, ["running", "interrupted"].includes(trial.status) ? `${mark} ${share(trial)}` : mark);
    if (mark !== trial.status) found.title = trial.status;
    return found;
  };
  const head = html("tr");
  head.append(html("th", "", "contestant"), ...seeds.map((seed) => html("th", "", `seed ${seed}`)));
  const body = rows.map((name) => {
    const [dataset, model] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)];
    const row = html("tr");
    row.dataset.model = model;
    const first = html("th", "name", known.sets.length > 1 ? `${dataset} ${model}` : model);
    first.scope = "row";
    row.append(first, ...seeds.map((seed) => cell(by.get(`${name}/${seed}`))));
    return row;
  });
  at("table").querySelector("table").replaceChildren(head, ...body);
};

// A part of the page for each data set: what was said, curves, samples.
const makeSet = (dataset) => {
  const part = html("section");
  const verdict = html("div", "verdict-part");
  const title = html("h2");
  verdict.append(title, html("p", "answer"), html("div", "pairs-place"), html("p", "soft"));
  const switcher = html("fieldset", "clocks");
  switcher.hidden = true; // until there are curves
  switcher.append(html("legend", "", "Quality against"));
  const samples = html("div", "samples-part");
  samples.append(html("h2", "", `Newest samples${known.sets.length > 1 ? `, ${dataset}` : ""}`), html("div", "strips"));
  part.append(verdict, switcher, html("div", "charts-place"), samples);
  return part;
};

const showSets = (now) => {
  known.sets = [...new Set(now.trials.map((trial) => trial.dataset))];
  each(at("sets"), known.sets.map((name) => [name, name]), makeSet, (part, dataset) => {
    showVerdict(part.querySelector(".verdict-part"), dataset, now);
    showSamples(part.querySelector(".samples-part"), now.samples.filter((sample) => sample.dataset === dataset));
  });
};

const showVerdict = (part, dataset, now) => {
  const said = now.verdicts?.datasets[dataset];
  const [title, headline, place, note] = part.children;
  put(title, `${said ? "Verdict so far" : "Verdict"}${known.sets.length > 1 ? `, ${dataset}` : ""}`);
  put(headline, said?.headline ?? "The first one comes with the first report, when the trials planned so far have ended.");
  headline.classList.toggle("soft", !said);
  chartIn(place, `${dataset}/pairs`, said?.pairs);
  if (!said) {
    put(note, "");
    return;
  }
  const since = now.verdicts.since;
  const more = since ? `; ${since} trial${since > 1 ? "s have" : " has"} ended since` : "";
  note.replaceChildren(`From the report of ${clock(new Date(now.verdicts.at * 1000))}${more}. `);
  if (now.report) {
    const link = html("a", "", "That report");
    link.href = "/report.html";
    const table = html("a", "", "its pairs as CSV");
    table.href = "/comparisons.csv";
    note.append(link, ", ", table);
  }
};

const chartIn = (place, name, data) => {
  place.hidden = !data;
  if (!data) return;
  const text = JSON.stringify(data);
  const there = charts.get(name);
  if (!there) charts.set(name, { text, chart: new Charts.Chart(place.appendChild(html("div")), data) });
  else if (there.text !== text) {
    there.text = text;
    there.chart.update(data);
  }
};

const showSamples = (part, samples) => {
  part.hidden = !samples.length;
  const make = () => {
    const item = html("figure");
    const link = html("a");
    link.append(html("img"));
    item.append(html("figcaption"), link);
    return item;
  };
  each(part.querySelector(".strips"), samples.map((sample) => [sample.model, sample]), make, (item, sample) => {
    const [caption, link] = item.children;
    const seen = `seed ${sample.seed}, after ${count(sample.images)} ${unit(sample.dataset)}`;
    const name = html("strong", "", sample.model);
    if (caption.dataset.said !== seen) {
      caption.replaceChildren(name, `, ${seen}`);
      caption.dataset.said = seen;
    }
    item.dataset.model = sample.model;
    const source = `/${sample.source}`;
    if (link.getAttribute("href") === source) return;
    link.href = source;
    link.firstChild.src = source;
    link.firstChild.alt = `${sample.dataset}: samples of ${sample.model}, ${seen}`;
  });
};

const showCharts = (found) => {
  for (const [dataset, figures] of Object.entries(found)) {
    const part = Array.from(at("sets").children).find((child) => child.dataset.key === dataset);
    if (!part) continue;
    known.units = { ...known.units, [dataset]: /points/.test(figures.quality?.clocks.images ?? "") ? "points" : "images" };
    const place = part.querySelector(".charts-place");
    each(place, Object.keys(figures).map((name) => [name, name]), () => html("div"), (child, name) => {
      chartIn(child, `${dataset}/${name}`, figures[name]);
    });
    const clocks = Object.entries(figures.quality?.clocks ?? {});
    const switcher = part.querySelector(".clocks");
    switcher.hidden = !clocks.length;
    if (switcher.querySelector("input")) continue;
    clocks.forEach(([name, text], k) => {
      const label = html("label");
      const box = Object.assign(html("input"), { type: "radio", name: `clock-${dataset}`, value: name, checked: k === 0 });
      box.addEventListener("change", () => charts.get(`${dataset}/quality`).chart.by(name));
      label.append(box, text);
      switcher.append(label);
    });
  }
};

// The filter, with a box for each contestant that there is.
const showFilter = (now) => {
  const text = JSON.stringify(now.palette);
  if (text === known.palette) return;
  known.palette = text;
  Marks.use(now.palette);
  for (const model of Object.keys(now.palette)) {
    if (at("filter").querySelector(`input[value=${CSS.escape(model)}]`)) continue;
    const label = html("label");
    const box = Object.assign(html("input"), { type: "checkbox", value: model, checked: true });
    label.append(box, own(html("span", "swatch"), model), html("span", "label", model));
    at("filter").append(label);
  }
};
const sift = () => {
  for (const part of document.querySelectorAll("[data-model]")) part.hidden = Marks.hidden.has(part.dataset.model);
};
at("filter").addEventListener("change", (event) => {
  if (event.target.checked) Marks.hidden.delete(event.target.value);
  else Marks.hidden.add(event.target.value);
  sift();
  Charts.redraw();
});

const ask = async (address) => {
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
};

const look = async () => {
  const now = await ask("/live.json");
  every = now.every;
  if (now.state === "ended") {
    location.replace("/"); // the report
    return;
  }
  showFilter(now);
  showSets(now);
  showState(now);
  showRunning(now);
  showLost(now);
  showTable(now);
  if (now.charts !== known.charts) {
    showCharts(await ask("/charts.json"));
    known.charts = now.charts;
  }
  sift();
};

let waiting = null;
const go = async () => {
  clearTimeout(waiting);
  try {
    await look();
  } catch (error) {
    if (!(error instanceof TypeError)) console.error(error);
    put(at("badge"), "away");
    at("badge").dataset.state = "away";
    put(at("words"), "The server does not answer: its run may have ended. `bench serve` with the folder shows it again.");
  }
  if (!document.hidden) waiting = setTimeout(go, every * 1000);
};
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) go();
});
Theme.button(document.querySelector("[data-theme-button]"));
document.documentElement.classList.add("scripted");
go();
