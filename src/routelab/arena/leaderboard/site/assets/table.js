// The board itself: a table that sorts and filters, listed routers first, then those not listed, then yardsticks.
"use strict";

pages.board = (() => {
  const { h } = dom;
  const { known, explain, half, bare, units } = format;

  function lead(model) {
    const { board, table } = { board: model.board.board, table: model.board.table };
    const [first] = model.ranked;
    const group = model.ranked.filter((router) => router.group === first?.group).map((router) => router.name);
    const facts = [
      `${board.split} split`,
      `${format.plural(table.queries, "query", "queries")}`,
      ...(table.arms ? [format.plural(table.arms, "arm")] : []),
      format.plural(model.ranked.length, "router"),
      `published ${format.day(board.published)}`,
      ...(board.season == null ? [] : [`season ${board.season}`]),
    ];
    const others = group.slice(1);
    return h("section", { class: "lead" },
      h("p", { class: "kicker" }, h("b", null, board.name), facts.join(" · ")),
      h("h1", { tabindex: -1 }, title(group)),
      h("div", { class: "sentences" },
        first && h("p", null, others.length
          ? `${first.name} scores highest, but ${format.list(others)} ${others.length === 1 ? "is" : "are"} not told apart from it.`
          : "Every other router is told apart from it."),
        model.evidence && h("p", null, `This board holds ${model.evidence}.`),
        board.step > 0 && h("p", null, `Scores are rounded to ${bare(board.step, units.score)} points, so that they cannot be used to learn the hidden queries.`)));
  }

  function title(group) {
    if (!group.length) return "No router is listed yet.";
    if (group.length === 1) return `${group[0]} is first.`;
    return group.length === 2 ? `${format.list(group)} share the first place.` : `${group.length} routers share the first place.`;
  }

  function columns(model) {
    const most = Math.max(1, model.ranked.length);
    const single = model.ranked.map((router) => router.delta_vs_best_single).filter((m) => known(m) !== null);
    const reach = Math.max(0.01, ...single.map((m) => Math.max(Math.abs(m.low ?? m.value), Math.abs(m.high ?? m.value))));
    const of = (metric) => ({
      ...metric,
      first: metric.better === "low" ? "ascending" : "descending",
      value: (router) => known(metric.read(router)),
      tip: (router) => explain(metric.read(router), metric.unit, model.confidence) + claim(metric, router),
      cell: (router) => {
        const found = metric.read(router);
        const wins = metric.key === "delta_vs_best_single" && proven(router);
        return [
          metric.key === "delta_vs_best_single" && dom.strip(found, [-reach, reach], { zero: true }),
          h("span", { class: "figure" }, bare(known(found), metric.unit), h("span", { class: "pm" }, ` ${half(found, metric.unit)}`)),
          metric.key === "delta_vs_best_single" && h("span", { class: "tick" }, wins ? "✓" : ""),
        ];
      },
    });
    return [
      { key: "rank", title: "Rank", hint: "From the best to the worst rank still possible; routers of one group are not told apart from its best", core: true, first: "ascending",
        value: (router) => router.rank?.low ?? null,
        tip: (router) => (router.rank ? `${format.plural(router.rank.low - 1, "router is", "routers are")} told apart as better; the rank may be as low as ${router.rank.high}` : router.baseline ? "a yardstick: shown, not ranked" : "not listed, hence not ranked"),
        cell: (router) => (router.rank
          ? [h("span", { class: "figure" }, format.rank(router.rank)), dom.strip({ value: router.rank.low, low: router.rank.low - 0.4, high: router.rank.high + 0.4 }, [0.5, most + 0.5], { wide: 56, dot: false }), h("small", null, `group ${router.group}`)]
          : "") },
      { key: "name", title: "Router", hint: "Name, owner, and what was submitted", core: true, first: "ascending",
        value: (router) => router.name, tip: (router) => router.description || null, cell: name },
      ...format.metrics.map(of),
      { key: "audits", title: "Audits", hint: "Audits passed, of those that apply", core: true, first: "descending",
        value: (router) => (router.audits.length ? -model.failed(router).length : null),
        tip: (router) => router.audits.map((audit) => `${format.words(audit.name)}: ${format.words(audit.verdict)}`).join("\n") || null,
        cell: (router) => audits(model, router) },
    ];
  }

  function claim(metric, router) {
    const found = metric.key === "delta_vs_best_single" && router.beats_best_single;
    if (!found) return "";
    const p = found.p_adjusted === null ? "p not computed" : found.p_adjusted < 0.001 ? "p < 0.001" : `p = ${found.p_adjusted.toFixed(3)}`;
    return `. ${found.significant ? "Beats the best single arm" : "Not shown to beat the best single arm"} (${p}, adjusted for all routers)`;
  }

  function name(router) {
    return [
      h("a", { href: `#router?name=${encodeURIComponent(router.name)}` }, router.name),
      h("span", { class: "badges" },
        h("span", null, router.owner),
        h("span", { class: "badge" }, router.kind),
        !router.baseline && router.fit !== "unknown" && h("span", { class: "badge", "data-tip": router.fit === "cross" ? "fitted by the board on folds, judged on the rest" : "fitted before it came" }, router.fit)),
      !router.listed && !router.baseline && h("span", { class: "why" }, `not listed: ${router.why ?? "no reason was given"}`),
    ];
  }

  function audits(model, router) {
    const judged = router.audits.filter((audit) => audit.verdict !== "not_applicable");
    const failed = model.failed(router).length;
    if (!judged.length) return format.DASH;
    return h("span", { class: failed ? "fail" : "pass" }, failed ? `✗ ${failed} failed` : `✓ ${judged.length} of ${judged.length}`);
  }

  function show(model, params, change) {
    const cells = columns(model);
    const bodies = [["", model.ranked], ["Not listed", model.dropped], ["Yardsticks, shown but not ranked", model.baselines]]
      .filter(([, routers]) => routers.length)
      .map(([label, routers]) => ({ node: h("tbody", { class: routers === model.ranked ? "routers" : routers === model.dropped ? "dropped" : "yardsticks" }), label, rows: routers.map((router) => row(router, cells)) }));
    const table = h("table", { class: "board", id: "board" },
      h("caption", { class: "unseen" }, `Leaderboard of ${model.board.board.name}; headers sort it`),
      h("thead", null, h("tr", null, cells.map((column) =>
        h("th", { scope: "col", class: look(column), "aria-sort": "none" },
          h("button", { type: "button", id: `sort-${column.key}`, "data-tip": column.hint, onclick: () => change({ sort: next(column) }) }, column.title))))),
      bodies.map(({ node, label, rows }) => {
        if (label) node.append(h("tr", { class: "band" }, h("th", { scope: "rowgroup", colspan: cells.length }, label)));
        node.append(...rows.map(({ node: line }) => line));
        return node;
      }));
    const shown = h("p", { class: "note", role: "status", id: "shown" });
    let now = params;
    let order = "";

    function next({ key, first }) {
      const [current, direction] = (now.sort ?? "rank:ascending").split(":");
      return `${key}:${current !== key ? first : direction === "ascending" ? "descending" : "ascending"}`;
    }

    function update(wanted) {
      now = wanted;
      const [key, direction] = (wanted.sort ?? "rank:ascending").split(":");
      const column = cells.find((one) => one.key === key) ?? cells[0];
      cells.forEach((one, i) => table.tHead.rows[0].cells[i].setAttribute("aria-sort", one === column ? direction : "none"));
      const keep = filter(wanted);
      let count = 0;
      for (const { node, rows } of bodies) {
        let seen = 0;
        for (const { router, node: line } of rows) {
          line.hidden = !keep(router);
          seen += !line.hidden;
        }
        node.hidden = !seen;
        count += seen;
        if (order !== `${column.key}:${direction}`) node.append(...sorted(rows, column, direction).map(({ node: line }) => line));
      }
      order = `${column.key}:${direction}`;
      table.classList.toggle("every", wanted.columns === "all");
      table.classList.toggle("grouped", column.key === "rank");
      dom.press(root, "columns", wanted.columns ?? "core");
      shown.textContent = count ? `${format.plural(count, "row")} of ${model.routers.length}, by ${column.title.toLowerCase()}.` : "Nothing matches. Clear a filter to see more.";
    }

    const root = h("div", null, lead(model),
      h("section", { "aria-label": "Leaderboard" }, filters(model, params, change), shown,
        h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Leaderboard, scrolls sideways" }, table),
        h("p", { class: "note below" }, `Whiskers and ± are ${format.number(model.confidence, units.share)} intervals. Two routers are told apart only where the interval of their ${model.paired ? "paired " : ""}difference leaves out zero.`)));
    update(params);
    return { node: root, update };
  }

  const proven = (router) => router.listed && !router.baseline && Boolean(router.beats_best_single?.significant);
  const look = (column) => `c-${column.key}${column.core ? "" : " more"}`;

  function row(router, cells) {
    const node = h("tr", { "data-router": router.name, class: router.group % 2 ? "odd" : null }, cells.map((column) => {
      const wins = column.key === "delta_vs_best_single" && proven(router) ? " proven" : "";
      return h(column.key === "name" ? "th" : "td", { class: look(column) + wins, scope: column.key === "name" ? "row" : null, "data-tip": column.tip(router) }, column.cell(router));
    }));
    return { router, node };
  }

  function sorted(rows, column, direction) {
    const sign = direction === "ascending" ? 1 : -1;
    return rows
      .map((one) => [one, column.value(one.router)])
      .sort(([, a], [, b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        return sign * (typeof a === "string" ? a.localeCompare(b) : a - b);
      })
      .map(([one]) => one);
  }

  function filter({ text = "", kind, owner, listed, yardsticks }) {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    return (router) => {
      if (router.baseline && yardsticks === "off") return false;
      if (!router.listed && !router.baseline && listed === "only") return false;
      if (kind && router.kind !== kind) return false;
      if (owner && router.owner !== owner) return false;
      const hay = `${router.name} ${router.owner} ${router.description ?? ""}`.toLowerCase();
      return wanted.every((word) => hay.includes(word));
    };
  }

  function filters(model, params, change) {
    const every = (key) => [...new Set(model.routers.map((router) => router[key]))].sort();
    const any = (key, label) => h("label", null, `${label} `,
      h("select", { id: `by-${key}`, onchange: (event) => change({ [key]: event.target.value || null }) },
        h("option", { value: "" }, "any"), every(key).map((value) => h("option", { value, selected: params[key] === value }, value))));
    const tick = (key, on, off, label) => h("label", null,
      h("input", { type: "checkbox", id: `only-${key}`, checked: params[key] ? params[key] === on : off === on, onchange: (event) => change({ [key]: event.target.checked === (off === on) ? null : event.target.checked ? on : "off" }) }), ` ${label}`);
    return h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      h("label", null, "Find ", h("input", { type: "search", id: "text", value: params.text ?? "", placeholder: "name, owner, words", oninput: (event) => change({ text: event.target.value || null }) })),
      any("kind", "Kind"), any("owner", "Owner"),
      tick("listed", "only", null, "listed only"),
      tick("yardsticks", "on", "on", "yardsticks"),
      dom.choice("Columns", "columns", [["core", "main columns"], ["all", "all metrics"]], params.columns ?? "core", ({ columns }) => change({ columns: columns === "all" ? "all" : null })));
  }

  return { title: "Leaderboard", show };
})();
