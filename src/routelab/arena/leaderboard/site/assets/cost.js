// What quality costs: the plane of accuracy and cost, and what one would pick for a budget.
"use strict";

pages.cost = (() => {
  const { h } = dom;
  const { units, known, interval, number } = format;
  const STEPS = 400;

  function show(model, params, change) {
    const costs = model.settings(true).map((one) => one.cost).filter((cost) => cost > 0);
    if (!costs.length) return { node: h("section", null, dom.heading("Quality and cost"), dom.note("No cost is known on this board.")), update() {} };
    const [low, high] = [Math.min(...costs), Math.max(...costs)];
    const budgetAt = (step) => (step >= STEPS ? high : low * (high / low) ** (step / STEPS));
    const stepOf = (budget) => Math.round((STEPS * Math.log(budget / low)) / Math.log(high / low || 2));
    let now = params;
    const budget = () => Math.max(low, Number(now.budget) || high);
    const dials = () => now.dials === "on";
    const found = () => model.pick(budget() * (1 + 1e-9), dials());

    function options() {
      const picked = found();
      const points = [...model.board.arms.map(plots.ofArm), ...model.baselines.filter((one) => one.name !== "hull").map((one) => plots.ofRouter(one)), ...model.ranked.map((one) => plots.ofRouter(one))];
      const view = now.view === "routers" ? "routers" : "all";
      const drawn = charts.plane({ costs: true, points, hull: view === "all" ? plots.hull(model.board.hull) : [] }, { router: picked?.choice.name, view });
      if (!drawn) return null;
      const bottom = drawn.yAxis.min;
      const turned = dials() ? turns(picked?.choice.name) : [];
      const limit = { type: "line", silent: true, symbol: "none", z: 2, data: [[budget(), bottom], [budget(), drawn.yAxis.max]], lineStyle: { color: drawn.series[0].lineStyle.color, width: 1.2 } };
      return { ...drawn, series: [...drawn.series, ...turned, limit] };
    }

    // The curve of every dial over a band that holds its intervals; whiskers both ways on the chosen one's,
    // which its mark names already.
    function turns(chosen) {
      const curves = model.ranked.map((router) => plots.curve(router.name, model.curve(router)));
      const series = charts.curves({ curves }, { router: chosen, axis: "cost" })?.series ?? [];
      const points = new Map(curves.map((curve) => [curve.name, curve.points]));
      const lines = series.filter(({ type }) => type === "line");
      const faint = Math.min(0.12, 1.5 / lines.length);
      const bands = lines.map(({ name, lineStyle }) => plots.band(points.get(name), lineStyle.color, name === chosen ? 0.16 : faint));
      return [...bands, ...series].map((one) => ({ ...one, clip: true, endLabel: { show: false } }));
    }

    const answer = h("div", { class: "answer", "aria-live": "polite", id: "answer" });
    const slider = h("input", { type: "range", id: "budget", min: 0, max: STEPS, value: stepOf(budget()), oninput: (event) => change({ budget: budgetAt(Number(event.target.value)).toPrecision(4) }) });
    const told = h("output", { for: "budget", id: "told" });
    const chart = plots.chart("Accuracy against cost of every router, single arm and yardstick, with intervals both ways; the same numbers stand in the table below", options,
      { look: "tall", click: (name) => model.byName.has(name) && (location.hash = `#router?name=${encodeURIComponent(name)}`) });
    const same = dom.asTable(() => points(model, dials()));
    const root = h("section", null,
      dom.heading("What would you pick for your budget?"),
      h("div", { class: "budget" },
        h("label", { for: "budget" }, "Budget per 1,000 queries"), slider, told,
        h("label", null, h("input", { type: "checkbox", id: "dials", checked: dials(), onchange: (event) => change({ dials: event.target.checked ? "on" : null }) }), " turn dials too")),
      answer,
      h("div", { class: "heading" }, plots.legend("router", "chosen", "arm", "baseline", "oracle", "hull", "budget"),
        dom.choice("What to show", "view", [["all", "everything"], ["routers", "routers only"]], now.view ?? "all", ({ view }) => change({ view: view === "all" ? null : view }))),
      chart, same);

    function update(wanted) {
      const turned = dials();
      now = wanted;
      if (turned !== dials()) same.renew();
      dom.press(root, "view", now.view ?? "all");
      told.textContent = number(budget(), units.dollars);
      slider.setAttribute("aria-valuetext", `${number(budget(), units.dollars)} per 1,000 queries`);
      answer.replaceChildren(...sentences(model, found()));
      if (chart.clientWidth) plots.all();
    }
    update(params);
    return { node: root, update };
  }

  const called = (one) => [one.kind === "router" ? h("a", { href: `#router?name=${encodeURIComponent(one.name)}` }, one.name) : h("b", null, one.name), one.dial === undefined ? "" : ` with its dial at ${one.dial}`];

  function sentences(model, found) {
    if (!found) return [h("p", null, "Nothing on this board is that cheap.")];
    const { choice, close, cheapest } = found;
    const next = close[0];
    return [
      h("p", { class: "choice-is" }, called(choice), `: ${interval(choice.accuracy, units.percent)} for ${number(choice.cost, units.dollars)}.`),
      h("p", null, next
        ? ["Not told apart from it: ", called(next), ` (${interval(next.accuracy, units.percent)} for ${number(next.cost, units.dollars)})`, close.length > 1 ? `, and ${close.length - 1} more.` : "."]
        : "Nothing else within the budget comes close: all else is told apart from it."),
      cheapest && cheapest !== next && h("p", null, "The cheapest of those: ", called(cheapest), ` (${interval(cheapest.accuracy, units.percent)} for ${number(cheapest.cost, units.dollars)}).`),
      h("p", { class: "note" }, model.board.rank_metric === "accuracy"
      ? "Not told apart: the interval of the paired difference holds zero or, where none was measured, the two accuracy intervals meet."
      : `Not told apart here means that the two accuracy intervals meet.${model.paired ? " Compare a pair for the sharper, paired test." : ""}`),
    ].filter(Boolean);
  }

  function points(model, dials) {
    const turned = (dials ? model.ranked : []).flatMap((router) => model.curve(router).map(({ dial, accuracy, cost }) => [router.name, `dial at ${dial}`, interval(cost, units.dollars), interval(accuracy, units.percent)]));
    const rows = [...model.ranked, ...model.baselines].map((router) => [router.name, router.baseline ? "yardstick" : "router", interval(router.cost_per_1k_usd, units.dollars), interval(router.accuracy, units.percent)]);
    const arms = model.board.arms.map((arm) => [arm.id, "single arm", interval(arm.cost_per_1k_usd, units.dollars), interval(arm.accuracy, units.percent)]);
    return dom.table("Cost and accuracy", [["Name"], ["What it is"], ["$ per 1,000 queries"], ["Accuracy"]], [...rows, ...arms, ...turned]);
  }

  return { title: "Cost", show };
})();
