"use strict";
// Numbers as text, and axes: what every chart needs.
const Axes = (() => {
  // As bench.words.number has it: significant digits, an exponent only for very small and large.
  const number = (value, digits = 3) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size === 0) return "0";
    if (size < 1e-4 || size >= 1e7) return value.toExponential(digits - 1);
    const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
    const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return value.toLocaleString("en", options);
  };

  const short = (value) => {
    const size = Math.abs(value);
    if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
    if (size >= 1e3) return `${+(value / 1e3).toPrecision(3)}k`;
    if (size > 0 && size < 1e-3) return value.toExponential(0);
    return String(+value.toPrecision(3));
  };

  const evenly = (low, high, most) => {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((digit) => digit * power).find((each) => each >= rough);
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-12); k += 1) found.push(k * step);
    return found;
  };

  const within = [[1], [1, 3], [1, 2, 5], [1, 2, 3, 5, 7], [1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9]];
  const logarithmic = (low, high, most) => {
    let fitting = [];
    for (const digits of within) {
      const found = [];
      for (let d = Math.floor(Math.log10(low)); d <= Math.ceil(Math.log10(high)); d += 1) {
        for (const digit of digits) {
          const tick = Number(`${digit}e${d}`);
          if (tick >= low && tick <= high) found.push(tick);
        }
      }
      if (found.length <= most) fitting = found;
      if (found.length >= Math.min(4, most)) break;
    }
    return fitting.length > 1 ? fitting : evenly(low, high, most);
  };

  // A map from the values low..high to the pixels from..to, and back.
  const scale = (low, high, from, to, log = false) => {
    const there = log ? Math.log : (value) => value;
    const back = log ? Math.exp : (value) => value;
    const [a, b] = [there(low), there(high)];
    return {
      low,
      high,
      at: (value) => from + ((there(value) - a) / (b - a)) * (to - from),
      value: (pixel) => back(a + ((pixel - from) / (to - from)) * (b - a)),
      ticks: (most) => (log ? logarithmic : evenly)(low, high, most),
    };
  };

  // The ends of some values with a little room; of none, or of one alone, something around it.
  const ends = (values, log = false, share = 0.05) => {
    const there = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
    if (!there.length) return log ? [0.1, 10] : [0, 1];
    let [low, high] = [Infinity, -Infinity];
    for (const value of there) [low, high] = [Math.min(low, value), Math.max(high, value)];
    if (log) {
      const room = Math.max(share * Math.log(high / low), 0.03);
      return [low * Math.exp(-room), high * Math.exp(room)];
    }
    const room = share * (high - low) || Math.abs(high) * 0.1 || 1;
    return [low - room, high + room];
  };

  return { number, short, scale, ends };
})();
