// One router: what it is, how well it does, what it picks, and what the audits found.
"use strict";

pages.router = (() => {
  const { h } = dom;
  const { units, interval, known, number } = format;

  function show(model, params, change) {
    const router = model.byName.get(params.name) ?? model.routers[0];
    if (!router) return { node: h("section", null, dom.heading("Routers"), dom.note("No router is on this board yet.")), update() {} };
    const groups = [["Listed", model.ranked], ["Not listed", model.dropped], ["Yardsticks", model.baselines]].map(([label, all]) => [label, all.map((one) => one.name)]);
    const node = h("section", { class: "one" },
      h("div", { class: "heading" }, h("h1", { tabindex: -1 }, router.name), dom.select("name", "Router", groups, router.name, (name) => change({ name }))),
      !router.listed && !router.baseline && h("p", { class: "why" }, `Not listed: ${router.why ?? "no reason was given"}.`),
      router.description && h("p", null, router.description),
      h("ul", { class: "explained" }, explanation(model, router).map((text) => h("li", null, text))),
      !router.baseline && h("p", null, h("a", { href: `#compare?a=${encodeURIComponent(router.name)}` }, "Compare with another"), " · ", h("a", { href: `#history?router=${encodeURIComponent(router.name)}` }, "Its history")),
      h("div", { class: "part" }, h("h2", null, "Every metric"),
        h("dl", { class: "facts" }, format.metrics.map((metric) => h("div", null, h("dt", { "data-tip": metric.hint, tabindex: 0 }, metric.title), h("dd", null, interval(metric.read(router), metric.unit)))))),
      h("div", { class: "blocks" }, picks(router), dial(model, router)),
      slices(model, router),
      audits(router),
      h("div", { class: "part" }, h("h2", null, "What was submitted"), facts(router)));
    return { node, update: (wanted) => (wanted.name ?? router.name) === router.name, rebuilds: true };
  }

  function explanation(model, router) {
    const told = [];
    const group = model.ranked.filter((one) => one.group === router.group && one !== router);
    if (router.rank) told.push(`Rank ${format.rank(router.rank)} of ${model.ranked.length}; ${group.length ? `in group ${router.group} with ${format.plural(group.length, "other")}` : `alone in group ${router.group}`}.`);
    const gain = router.delta_vs_best_single;
    if (known(gain) !== null)
      told.push(`Against the best single arm: ${interval(gain, units.points)}. ${router.beats_best_single?.significant ? "A test shows that it is better." : router.beats_best_single ? "A test does not show that it is better." : ""}`.trim());
    if (known(router.delta_vs_hull) !== null) told.push(`Against single arms mixed at random for the same cost: ${interval(router.delta_vs_hull, units.points)}.`);
    const [favourite] = [...(router.picks ?? [])].sort((a, b) => b.share - a.share);
    if (favourite) told.push(`It picks ${favourite.arm} for ${number(favourite.share, units.share)} of the queries${known(router.collapse) === null ? "" : `; collapse ${interval(router.collapse, units.index)} (0 is none)`}.`);
    if (router.calls_per_query > 1) told.push(`It makes ${number(router.calls_per_query, units.index)} calls for each query.`);
    const selective = known(router.selectivity) === null ? "" : `, at selectivity ${interval(router.selectivity, units.index)}`;
    if (known(router.robustness) !== null) told.push(`When a prompt is reworded its picks hold with robustness ${interval(router.robustness, units.index)}${selective}.`);
    else if (!router.baseline) told.push(`Nothing is known of its robustness: ${router.robustness?.why ?? "reworded prompts could not be put to it"}.`);
    return told;
  }

  function picks(router) {
    if (!router.picks?.length) return null;
    const all = [...router.picks].sort((a, b) => b.share - a.share);
    return h("div", { class: "block" }, h("h2", null, "What it picks"),
      h("ul", { class: "bars" }, all.map(({ arm, share }) => h("li", { "--share": share }, h("span", null, arm), h("b", null, number(share, units.percent)), h("i")))));
  }

  function dial(model, router) {
    const curve = model.curve(router);
    if (curve.length < 2) return null;
    const options = () => charts.curves({ curves: [plots.curve(router.name, curve)] }, { router: router.name, axis: "cost" });
    return h("div", { class: "block" }, h("h2", null, "What its dial buys"),
      plots.chart(`Accuracy of ${router.name} against cost as its dial is turned; the same numbers stand in the table below`, options, { look: "small" }),
      dom.asTable(() => dom.table("The dial", [["Dial"], ["$ per 1,000 queries"], ["Accuracy"]], curve.map(({ dial, accuracy, cost }) => [String(dial), interval(cost, units.dollars), interval(accuracy, units.percent)]))));
  }

  function slices(model, router) {
    const rows = model.fields().flatMap((field) => {
      const single = new Map(model.slices(model.bestSingle, field).map((one) => [one.label, one.accuracy.value]));
      return model.slices(router, field).map((one) => {
        const base = single.get(one.label);
        const gain = base === undefined || base === null || one.accuracy.value === null ? null : one.accuracy.value - base;
        return [`${format.words(field)}: ${one.label}`, one.queries.toLocaleString("en"), interval(one.accuracy, units.percent), number(gain, units.points), number(one.cost, units.dollars)];
      });
    });
    if (!rows.length) return null;
    return h("div", { class: "part" }, h("h2", null, "Slice by slice"), dom.table("Slices", [["Slice"], ["Queries"], ["Accuracy"], ["minus best single"], ["$ / 1k"]], rows));
  }

  function audits(router) {
    if (!router.audits.length) return null;
    const order = ["fail", "pass", "not_applicable"];
    const marks = { fail: "✗ failed", pass: "✓ passed", not_applicable: "does not apply" };
    const all = [...router.audits].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
    return h("div", { class: "part" }, h("h2", null, "Audits"),
      dom.table("Audits and their evidence", [["Audit"], ["Verdict"], ["Evidence"]], all.map((audit) => [format.words(audit.name), { text: marks[audit.verdict] ?? audit.verdict, class: audit.verdict }, audit.evidence]), "audits"));
  }

  function facts(router) {
    const rows = [
      ["Owner", router.owner], ["Kind", router.kind],
      ["Fit", { cross: "by the board on folds, judged on the rest", frozen: "frozen before it came", unknown: "unknown" }[router.fit] ?? router.fit],
      ["Received", router.received], ["Submission", router.submission], ["Recipe hash", router.recipe_hash], ["Artifact hash", router.artifact_hash],
      ["Trained on, as claimed", (router.trained_on ?? []).join("; ")], ["Open source, as claimed", router.baseline ? null : router.open_source ? "yes" : "no"],
      ["Licence, as claimed", router.licence], ["Source, as claimed", router.source_url && dom.outside(router.source_url)],
    ];
    return h("dl", { class: "method" }, rows.filter(([, text]) => text).map(([label, text]) => [h("dt", null, label), h("dd", null, text)]));
  }

  return { title: "Router", show };
})();
