// How a number is written, the same way as in routelab's reports: points, dollars, intervals, a dash for none.
"use strict";

const format = (() => {
  const DASH = "–";
  const units = {
    percent: { scale: 100, decimals: 1, suffix: " %" },
    share: { scale: 100, decimals: 0, suffix: " %" },
    points: { scale: 100, decimals: 1, suffix: " pt", signed: true },
    score: { scale: 100, decimals: 1 },
    dollars: { scale: 1, decimals: null, prefix: "$" },
    index: { scale: 1, decimals: 2 },
  };

  const significant = (value) => (value === 0 ? "0" : value >= 1e-6 ? value.toLocaleString("en", { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }) : value.toExponential(2));

  function bare(value, { scale, decimals, signed }, more = 0) {
    if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
    const size = Math.abs(value * scale);
    const text = decimals === null ? significant(size) : size.toFixed(decimals + more);
    const sign = Number(text.replaceAll(",", "")) === 0 ? "" : value < 0 ? "−" : signed ? "+" : "";
    return sign + text;
  }

  function number(value, unit, more = 0) {
    const text = bare(value, unit, more);
    return text === DASH ? text : `${unit.prefix ?? ""}${text}${unit.suffix ?? ""}`;
  }

  const metric = (found) => (typeof found === "number" ? { value: found, low: null, high: null } : found ?? null);
  const known = (found) => metric(found)?.value ?? null;
  const bounded = (found) => found.low !== null && found.low !== undefined && found.high !== null && found.high !== undefined;

  function interval(found, unit) {
    const m = metric(found);
    if (!m || m.value === null) return DASH;
    return bounded(m) ? `${number(m.value, unit)} [${bare(m.low, unit)}, ${bare(m.high, unit)}]` : number(m.value, unit);
  }

  // The half width in the unit, or nothing.
  function half(found, unit) {
    const m = metric(found);
    if (!m || m.value === null || !bounded(m)) return "";
    const longer = Math.max(m.value - m.low, m.high - m.value);
    return `±${unit.decimals === null ? longer.toPrecision(2) : bare(longer, { ...unit, signed: false })}`;
  }

  function explain(found, unit, confidence) {
    const m = metric(found);
    if (!m) return "not measured";
    if (m.value === null) return `undefined: ${m.why || "no reason was given"}`;
    const exact = number(m.value, unit, 1);
    if (!bounded(m)) return `${exact}, no interval`;
    return `${exact}, ${number(confidence, units.share)} interval ${bare(m.low, unit, 1)} to ${bare(m.high, unit, 1)}`;
  }

  const rank = (found) => (!found ? DASH : found.low === found.high ? `${found.low}` : `${found.low}–${found.high}`);
  const day = (time) => (time ? String(time).slice(0, 10) : DASH);
  const words = (name) => name.replaceAll("_", " ");
  const plural = (count, noun, many = `${noun}s`) => `${count.toLocaleString("en")} ${count === 1 ? noun : many}`;

  function list(names, most = 3) {
    if (names.length > most) return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
    return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join("");
  }

  // Every metric of a router; `better` says which end is good, `core` which ones the table always shows.
  const metrics = [
    ["arena_score", "Arena", "Arena score × 100: accuracy and log cost in one number", units.score, "high", true],
    ["accuracy", "Accuracy", "Mean score of the answers, in percent", units.score, "high", true],
    ["cost_per_1k_usd", "$ / 1k", "US dollars per 1,000 queries, the router's own cost included", units.dollars, "low", true],
    ["delta_vs_best_single", "Δ best single", "Accuracy minus that of the best single arm, in points; ✓ where a test shows it is better", units.points, "high", true],
    ["delta_vs_hull", "Δ hull", "Accuracy minus that of single arms mixed at random for the same cost, in points", units.points, "high", false],
    ["regret_vs_oracle", "Regret", "Score left on the table against the best arm of each query, in points", units.score, "low", false],
    ["optimality.selection", "Optimal selection", "How often the cheapest perfect arm was picked, where there is one, in percent", units.score, "high", false],
    ["optimality.cost", "Optimal cost", "Cheapest perfect cost over paid cost, where the pick was perfect, in percent", units.score, "high", false],
    ["optimality.accuracy", "Optimal accuracy", "Score on the queries that some arm answers perfectly, in percent", units.score, "high", false],
    ["collapse", "Collapse", "Share of the favourite arm, less the oracle's share of that arm; 0 is no collapse", units.index, "low", false],
    ["pick_entropy", "Pick entropy", "0 is one arm for all, 1 is all arms alike", units.index, null, false],
    ["robustness", "Robustness", "1 is the same pick when a prompt is reworded, 0 is as if asked something else", units.index, "high", true],
    ["selectivity", "Selectivity", "How often two different queries get different arms", units.index, null, false],
    ["calls_per_query", "Calls", "Calls made for each query", units.index, "low", false],
  ].map(([key, title, hint, unit, better, core]) => ({
    key: key.replace(".", "-"), title, hint, unit, better, core,
    read: (router) => metric(key.split(".").reduce((found, part) => found?.[part], router)),
  }));

  return { metrics, DASH, units, bare, number, metric, known, interval, half, explain, rank, day, words, plural, list };
})();
