// How the board came about: the rank or score of the routers over its publications.
"use strict";

pages.history = (() => {
  const { h } = dom;
  const { units, interval } = format;
  const LINES = 12;

  function show(model, params, change) {
    const publications = model.board.history.publications;
    const names = Object.keys(model.board.history.routers);
    const listed = model.ranked.map((router) => router.name).filter((name) => names.includes(name));
    const gone = names.filter((name) => !listed.includes(name));
    const boards = model.scoreboards();
    let now = params;
    const chosen = () => (names.includes(now.router) ? now.router : listed[0] ?? names[0]);
    const by = () => (now.by === "score" ? "score" : "rank");

    function options() {
      const drawn = [...new Set([...listed.slice(0, LINES), chosen()])].map((name) => line(model, boards, name, by()));
      const base = charts.curves({ curves: drawn }, { router: chosen(), axis: "dial" });
      if (!base) return null;
      const numbers = publications.map((one) => one.sequence);
      const few = { ...base.xAxis, name: "publication", minInterval: 1, min: numbers[0], max: numbers.at(-1) };
      const last = Math.max(2, ...drawn.flatMap(({ points }) => points.flatMap(({ y }) => y)));
      const step = last > 100 ? 50 : last > 12 ? 10 : 1;
      const ranks = { ...base.yAxis, inverse: true, min: 1, max: step * Math.ceil(last / step), interval: null, minInterval: 1, axisLabel: { ...base.yAxis.axisLabel, formatter: (value) => `${value}` } };
      const steps = base.series.map((series) => (series.type === "line" ? { ...series, step: "end" } : series));
      return { ...base, xAxis: few, yAxis: by() === "rank" ? ranks : base.yAxis, series: steps };
    }

    const chart = plots.chart("Rank or score of the leading routers over the publications of this board; the same numbers stand in the table below", options,
      { look: "tall", click: (name) => names.includes(name) && change({ router: name }) });
    const log = h("div", { class: "part" });
    const picker = dom.select("router", "Follow", [["Listed", listed], ["No longer listed", gone]], chosen(), (name) => change({ router: name }));
    const root = h("section", null,
      h("div", { class: "heading" }, h("h1", { tabindex: -1 }, "History"),
        dom.choice("What to draw", "by", [["rank", "rank"], ["score", model.rankMetric]], by(), change)),
      h("div", { class: "filters" }, picker),
      dom.note(`The last ${format.plural(publications.length, "publication")}: the first ${LINES} of today, and the one you follow with its intervals. A new publication can move a router without a change of its own: others come, and ranks shift.`),
      chart, log);

    function update(wanted) {
      now = wanted;
      dom.press(root, "by", by());
      picker.querySelector("select").value = chosen() ?? "";
      log.replaceChildren(h("h2", null, "Publications"), table(model, publications, chosen()));
      if (chart.clientWidth) plots.all();
    }
    update(params);
    return { node: root, update };
  }

  function line(model, boards, name, by) {
    const points = model.standing(name).map((one, i) => one && {
      dial: model.board.history.publications[i].sequence,
      x: [null, null, null],
      y: by === "rank" ? [boards[i].indexOf(one.value) + 1, one.rankLow, one.rankHigh] : [one.value, one.low, one.high],
      tip: [`publication ${model.board.history.publications[i].sequence}`, `rank ${format.rank({ low: one.rankLow, high: one.rankHigh })}`, `${model.rankMetric} ${interval(one, units.score)}`],
    });
    return { name, points: points.filter(Boolean) };
  }

  function table(model, publications, name) {
    const standing = model.standing(name ?? "");
    const rows = publications.map((one, i) => [String(one.sequence), format.day(one.published), one.trigger, format.rank(standing[i] && { low: standing[i].rankLow, high: standing[i].rankHigh }), interval(standing[i], units.score)]);
    return dom.table("Publications, newest first", [["No."], ["Day"], ["Set off by"], [`Rank of ${name}`], [`${model.rankMetric} of ${name}`]], rows.reverse(), "log");
  }

  return { title: "History", show };
})();
