// Steady and selective: does a router hold its pick when only the wording changes, and change it when the query does?
"use strict";

pages.steady = (() => {
  const { h } = dom;
  const { units, interval, known } = format;

  function show(model) {
    const asked = [...model.ranked, ...model.dropped].filter((router) => known(router.robustness) !== null && known(router.selectivity) !== null);
    const rest = model.ranked.length - asked.filter((router) => router.listed).length;
    const tip = (router) => [...(router.listed ? [] : ["not listed"]), `robustness ${interval(router.robustness, units.index)}`, `selectivity ${interval(router.selectivity, units.index)}`];

    function options() {
      const points = asked.map((router) => plots.point(router.name, router.listed ? "router" : "baseline", router.selectivity, router.robustness, tip(router)));
      const base = charts.plane({ costs: true, points, hull: [] }, { view: "all" });
      if (!base) return null;
      const label = { ...base.yAxis.axisLabel, formatter: (value) => value.toFixed(2) };
      const low = Math.min(0, ...points.flatMap(({ y }) => y).map((value) => Math.floor(value)));
      return {
        ...base,
        xAxis: { ...base.xAxis, type: "value", min: 0, max: 1, name: "selectivity: how often different queries get different arms", axisLabel: label },
        yAxis: { ...base.yAxis, min: low, max: 1, interval: low < 0 ? null : 0.25, axisLabel: label },
      };
    }

    const node = h("section", null, dom.heading("Steady and selective"),
      dom.note("Up: the pick holds when a prompt is reworded. Right: different queries get different arms. A router that always picks the same arm is steady for nothing: it lies at the left."),
      rest > 0 && dom.note(`${format.plural(rest, "listed router is", "listed routers are")} missing: ${model.paired ? "they came as decisions or could not be asked again" : "their robustness or selectivity is not published"}.`),
      plots.chart("Robustness against selectivity of every router that could be asked reworded prompts; the same numbers stand in the table below", options,
        { look: "tall", click: (name) => (location.hash = `#router?name=${encodeURIComponent(name)}`) }),
      dom.asTable(() => dom.table("Robustness and selectivity", [["Router"], ["Robustness"], ["Selectivity"]], asked.map((router) => [router.listed ? router.name : `${router.name} (not listed)`, interval(router.robustness, units.index), interval(router.selectivity, units.index)]))));
    return { node, update() {} };
  }

  return { title: "Robustness", show };
})();
