// Two routers against each other: the paired difference in words, where they part, and queries they route differently.
"use strict";

pages.compare = (() => {
  const { h } = dom;
  const { units, interval, known, number } = format;
  const EXAMPLES_SHOWN = 12;

  function chosen(model, { a, b }) {
    const first = model.byName.has(a) ? a : model.names[0];
    const second = model.byName.has(b) ? b : model.names.find((name) => name !== first) ?? first;
    return [model.byName.get(first), model.byName.get(second)];
  }

  function show(model, params, change) {
    const body = h("div", null);
    const groups = [["Listed", model.ranked], ["Not listed", model.dropped], ["Yardsticks", model.baselines]].map(([label, routers]) => [label, routers.map((router) => router.name)]);
    const head = h("div", { class: "filters" });
    const root = h("section", null, dom.heading("Head to head"), head, body);

    function update(wanted) {
      const [a, b] = chosen(model, wanted);
      if (!a) return body.replaceChildren(dom.note("No router is on this board yet."));
      if (!head.children.length)
        head.append(
          dom.select("a", "Router", groups, a.name, (name) => change({ a: name })),
          dom.select("b", "against", groups, b.name, (name) => change({ b: name })),
          h("button", { type: "button", class: "plain", id: "swap", onclick: () => change({ a: head.querySelector("#b").value, b: head.querySelector("#a").value }) }, "swap"));
      head.querySelector("#a").value = a.name;
      head.querySelector("#b").value = b.name;
      body.replaceChildren(...[verdict(model, a, b), metrics(model, a, b), ...fields(model, a, b), examples(model, a, b)].filter(Boolean));
    }
    update(params);
    return { node: root, update };
  }

  function words(model, a, b, pair) {
    if (a === b) return "Choose two different routers.";
    if (!pair) return `No ${model.paired ? "paired " : ""}interval is published for these two: one of them is not listed.`;
    const difference = interval(pair, units.points);
    if (!pair.apart) return `Not told apart: the difference is ${difference}, and zero lies inside the interval.`;
    return `${(pair.value > 0 ? a : b).name} is better: ${interval(pair.value > 0 ? pair : model.pair(b.name, a.name), units.points)}.`;
  }

  function verdict(model, a, b) {
    const pair = model.pair(a.name, b.name);
    const reach = pair && Math.max(Math.abs(pair.low), Math.abs(pair.high)) * 1.15;
    return h("div", { class: "verdict" },
      h("p", { class: "choice-is", role: "status", id: "verdict" }, words(model, a, b, pair)),
      pair && h("div", { class: "duel", "aria-hidden": "true" }, h("span", null, `${b.name} better`), dom.strip(pair, [-reach, reach], { zero: true, wide: 320 }), h("span", null, `${a.name} better`)),
      pair && dom.note(`${a.name} minus ${b.name} in ${model.rankMetric}${model.paired ? ", on the same queries" : ""}; ${number(model.confidence, units.share)} interval of the ${model.paired ? "paired difference" : "difference, as if the two had answered different queries"}.`));
  }

  function metrics(model, a, b) {
    const rows = [
      ["Rank", { text: format.rank(a.rank) }, { text: format.rank(b.rank) }],
      ...format.metrics.filter((metric) => known(metric.read(a)) !== null || known(metric.read(b)) !== null)
        .map((metric) => [{ text: metric.title, tip: metric.hint }, ...[a, b].map((router) => ({ text: interval(metric.read(router), metric.unit) }))]),
    ];
    return h("div", { class: "part" }, h("h2", null, "Side by side"), dom.table(`Metrics of ${a.name} and ${b.name}`, [["Metric"], [a.name], [b.name]], rows));
  }

  function fields(model, a, b) {
    const rows = model.fields().flatMap((field) => {
      const others = new Map(model.slices(b, field).map((one) => [one.label, one]));
      return model.slices(a, field).filter((one) => others.has(one.label)).map((one) => ({ field, one, other: others.get(one.label) }));
    }).filter(({ one, other }) => one.accuracy.value !== null && other.accuracy.value !== null);
    if (!rows.length) return [];
    rows.sort((x, y) => gap(y) - gap(x));
    return [h("div", { class: "part" }, h("h2", null, "Where they part"),
      dom.note("Largest difference first. The intervals of a slice are wide; a difference is told apart only where the two do not meet."),
      dom.table("Accuracy by slice", [["Slice"], ["Queries"], [a.name], [b.name], ["Difference"], ["Told apart"]], rows.slice(0, 12).map(({ field, one, other }) => {
        const apart = one.accuracy.low > other.accuracy.high || other.accuracy.low > one.accuracy.high;
        return [`${format.words(field)}: ${one.label}`, one.queries.toLocaleString("en"), interval(one.accuracy, units.percent), interval(other.accuracy, units.percent), number(one.accuracy.value - other.accuracy.value, units.points), apart ? "yes" : "no"];
      })))];
  }

  const gap = ({ one, other }) => Math.abs(one.accuracy.value - other.accuracy.value);

  function examples(model, a, b) {
    const all = (model.board.examples ?? []).filter((one) => model.pickOf(one, a.name) && model.pickOf(one, b.name));
    if (!all.length) return h("div", { class: "part" }, h("h2", null, "Example queries"), dom.note(model.paired ? "Queries are shown on the open split only; these two share none." : "What was picked for which query is not published."));
    const parted = all.filter((one) => model.pickOf(one, a.name) !== model.pickOf(one, b.name));
    return h("div", { class: "part" }, h("h2", null, "Queries they route differently"),
      dom.note(`They pick differently on ${parted.length} of ${format.plural(all.length, "example")}.${parted.length > EXAMPLES_SHOWN ? ` The first ${EXAMPLES_SHOWN} are shown.` : ""}`),
      h("ul", { class: "losses", id: "examples" }, parted.slice(0, EXAMPLES_SHOWN).map((one) => h("li", null,
        h("p", { class: "prompt", tabindex: 0 }, one.prompt),
        h("div", null, [a, b].map((router) => fate(model, one, router)), h("p", { class: "fate" }, [one.domain, one.difficulty, one.form, one.query_id].filter(Boolean).join(" · ")))))));
  }

  // A plan of several calls has no score of its own here: that of each arm it called stands beside it.
  function fate(model, example, router) {
    const pick = model.pickOf(example, router.name);
    const scores = pick.split(" → ").map((arm) => example.scores[arm]).map((score) => (score === undefined || score === null ? format.DASH : number(score, units.share)));
    return h("p", { class: "fate" }, h("b", null, router.name), ` picks ${pick}: `, h("b", null, scores.join(" → ")));
  }

  return { title: "Head to head", show };
})();
