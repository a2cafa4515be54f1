// How it was measured, and what can be downloaded.
"use strict";

pages.about = (() => {
  const { h } = dom;

  function show(model) {
    const { board, table, protocol } = model.board;
    const judged = model.paired
      ? "All routers are judged on the same recorded answers."
      : `This board holds ${model.evidence}. Two routers are told apart as if they had answered different queries.`;
    const facts = [
      ["Board", `${board.name}, ${board.split} split${board.season == null ? "" : `, season ${board.season}`}, publication ${board.sequence} of ${board.published}`],
      ["Table", `${table.name}, ${format.plural(table.queries, "query", "queries")}${table.arms ? ` × ${format.plural(table.arms, "arm")}` : ""}`],
      ["Table hash", table.hash], ["Arms", table.arm_ids.join(", ")], ["Costs", `${table.costs}${board.price_date ? `, prices of ${board.price_date}` : ""}`],
      ["Protocol", protocol.folds && `${protocol.folds} folds × ${protocol.repeats} repeats, seed ${protocol.seed}`],
      ["Intervals", `${format.number(protocol.confidence, format.units.share)}${protocol.draws ? `, ${protocol.draws.toLocaleString("en")} bootstrap draws of the queries, the same for every figure and every point of a curve` : ""}`],
      ["Ranked by", model.rankMetric], ["Made by", `routelab ${model.board.routelab_version}`],
    ];
    const node = h("section", null, dom.heading("How it was measured"),
      h("p", null, `${judged} A router is ranked by what is known: its rank runs from one more than the number of routers that are told apart as better, to the worst rank that is still possible. Routers of one group are not told apart from the best of the group.`),
      h("dl", { class: "method" }, facts.filter(([, text]) => text).map(([label, text]) => [h("dt", null, label), h("dd", null, text)])),
      h("h2", null, "Download"),
      h("ul", null,
        h("li", null, h("a", { href: "board.csv", download: true }, "board.csv"), ": a row for each router, a column for each end of an interval"),
        h("li", null, h("a", { href: "board.parquet", download: true }, "board.parquet"), ": the same table"),
        h("li", null, h("a", { href: "board.json.gz", download: true }, "board.json.gz"), ": all this page shows, slices, pairs, examples and history included"),
        document.body.dataset.refresh && h("li", null, h("a", { href: "api/board" }, "api/board"), " and ", h("a", { href: "api/history" }, "api/history"), ": the board and all its publications as JSON, not rounded")),
      dom.note("Numbers are rounded to four significant digits, in slices and curves to three; there below and above say how far an interval reaches, in thousandths (of a cost: thousandths of it). Of the pairs the file holds one triangle, in steps of 0.0001: row i is router i against each later one."));
    return { node, update() {} };
  }

  return { title: "Method", show };
})();
