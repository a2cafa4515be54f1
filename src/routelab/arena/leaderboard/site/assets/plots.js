// Charts on the page: each is drawn when it is shown and again when size, theme or data change. The pictures are the
// report's own (`charts`), on other axes where a page needs them.
"use strict";

const plots = (() => {
  const { h } = dom;
  const { units, interval, metric } = format;
  const live = new Map();

  const ends = (found) => {
    const m = metric(found);
    return m && m.value !== null ? [m.value, m.low ?? null, m.high ?? null] : [null, null, null];
  };

  function redraw(node) {
    const { options, click } = live.get(node);
    const wanted = options();
    let chart = echarts.getInstanceByDom(node);
    if (!wanted) {
      chart?.dispose();
      node.classList.add("empty");
      node.textContent = "There is nothing to draw here yet.";
      return;
    }
    if (!chart) {
      node.classList.remove("empty");
      node.textContent = "";
      chart = echarts.init(node, null, { renderer: "svg" });
      chart.on("click", ({ data, seriesName }) => click?.(data?.title ?? seriesName));
    }
    chart.setOption(wanted, { notMerge: true });
    if (wanted.named) charts.nameMarks(chart);
  }

  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (!live.has(target) || !target.clientWidth) continue;
      echarts.getInstanceByDom(target)?.resize();
      redraw(target);
    }
  });

  // A chart node; `options()` gives what to draw, `click(name)` follows a mark.
  function chart(label, options, { look = "", click } = {}) {
    const node = h("div", { class: `chart ${look}`, role: "img", "aria-label": label });
    live.set(node, { options, click });
    sizes.observe(node);
    return node;
  }

  function forget(root) {
    for (const node of root.querySelectorAll(".chart")) {
      sizes.unobserve(node);
      live.delete(node);
      echarts.getInstanceByDom(node)?.dispose();
    }
  }

  const all = () => live.forEach((_, node) => node.clientWidth && redraw(node));

  function point(name, kind, x, y, tip) {
    return { name, kind, x: ends(x), y: ends(y), tip };
  }

  function ofRouter(router, kind = router.baseline ? (router.name.startsWith("oracle") ? "oracle" : "baseline") : "router") {
    return point(router.name, kind, router.cost_per_1k_usd, router.accuracy, [
      `accuracy ${interval(router.accuracy, units.percent)}`,
      `cost ${interval(router.cost_per_1k_usd, units.dollars)} per 1,000 queries`,
      ...(router.rank ? [`rank ${format.rank(router.rank)}`] : []),
    ]);
  }

  function ofArm(arm) {
    return point(arm.id, "arm", arm.cost_per_1k_usd, arm.accuracy, [
      `accuracy ${interval(arm.accuracy, units.percent)}`,
      `cost ${interval(arm.cost_per_1k_usd, units.dollars)} per 1,000 queries`,
      "single arm",
    ]);
  }

  // Mixing two arms is linear in dollars, hence curved on a logarithmic axis.
  function hull(corners) {
    const line = [...corners].filter((one) => one.cost_per_1k_usd !== null).sort((a, b) => a.cost_per_1k_usd - b.cost_per_1k_usd);
    const steps = [...Array(24).keys()].map((step) => step / 24);
    const between = line.slice(1).flatMap((right, i) => steps.map((share) => [
      line[i].cost_per_1k_usd + share * (right.cost_per_1k_usd - line[i].cost_per_1k_usd),
      line[i].accuracy + share * (right.accuracy - line[i].accuracy),
    ]));
    return line.length ? [...between, [line.at(-1).cost_per_1k_usd, line.at(-1).accuracy]] : [];
  }

  function curve(name, points) {
    return {
      name,
      points: points.map(({ dial, accuracy, cost }) => ({
        dial,
        x: ends(cost),
        y: ends(accuracy),
        tip: [`dial ${dial}`, `accuracy ${interval(accuracy, units.percent)}`, `cost ${interval(cost, units.dollars)} per 1,000 queries`],
      })),
    };
  }

  // Between the ends of a curve's accuracies, a faint area in the colour of its line.
  function band(points, color, opacity) {
    const whole = points.filter(({ x, y }) => x[0] !== null && y[1] !== null && y[2] !== null);
    return {
      type: "custom",
      silent: true,
      clip: true,
      z: 1,
      encode: { x: 0, y: [1, 2] },
      data: whole.length ? [whole.map(({ x }) => x[0])] : [],
      renderItem: (_, api) => ({
        type: "polygon",
        shape: { points: [...whole.map(({ x, y }) => api.coord([x[0], y[2]])), ...whole.toReversed().map(({ x, y }) => api.coord([x[0], y[1]]))] },
        style: { fill: color, opacity },
      }),
    };
  }

  function legend(...kinds) {
    const words = { router: "router", chosen: "chosen", arm: "single arm", baseline: "yardstick", oracle: "oracle (hindsight)", hull: "hull: single arms mixed at random", budget: "budget" };
    return h("ul", { class: "legend", "aria-hidden": "true" }, kinds.map((kind) => h("li", { class: `k-${kind}` }, words[kind])));
  }

  return { chart, forget, all, point, ofRouter, ofArm, hull, curve, band, legend };
})();
