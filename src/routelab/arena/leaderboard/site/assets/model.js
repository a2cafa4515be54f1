// The board's document as questions one can ask it. Draws nothing; the only place that knows how the data is packed.
"use strict";

const model = (() => {
  const { known, metric } = format;

  async function inflate(packed) {
    const stream = packed.pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  const embedded = (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
    return inflate(new Blob([bytes]).stream());
  };

  function open(board) {
    const routers = board.routers;
    const byName = new Map(routers.map((router) => [router.name, router]));
    const ranked = routers.filter((router) => router.listed && !router.baseline);
    const dropped = routers.filter((router) => !router.listed && !router.baseline);
    const baselines = routers.filter((router) => router.baseline);
    const place = new Map(board.pairs.names.map((name, i) => [name, i]));
    const order = new Map(routers.map((router, i) => [router.name, i]));
    const bestSingle = baselines.find((router) => router.name === "best-single") ?? null;

    // The paired difference a − b of the rank metric with its interval; null where none was published.
    function pair(a, b) {
      const [i, j] = [place.get(a), place.get(b)];
      if (i === undefined || j === undefined || i === j) return null;
      const [first, second, sign] = i < j ? [i, j, 1] : [j, i, -1];
      const value = sign * board.pairs.delta[first][second - first - 1] * board.pairs.unit;
      const half = board.pairs.half[first][second - first - 1] * board.pairs.unit;
      return { value, low: value - half, high: value + half, apart: Math.abs(value) > half };
    }

    // [{label, queries, accuracy, cost}] of one field.
    function slices(router, field) {
      const found = router?.slices?.[field];
      if (!found) return [];
      return found.label.map((label, i) => ({
        label,
        queries: found.queries[i],
        accuracy: { value: found.value[i], low: found.low[i], high: found.high[i] },
        cost: found.cost_per_1k_usd[i],
      }));
    }

    const fields = () => [...new Set(routers.flatMap((router) => Object.keys(router.slices ?? {})))];

    // Everything one could run: a router as published, a single arm, and where wanted other positions of a dial.
    function settings(dials) {
      const found = [
        ...ranked.map((router) => ({ name: router.name, kind: "router", cost: known(router.cost_per_1k_usd), accuracy: router.accuracy })),
        ...board.arms.map((arm) => ({ name: arm.id, kind: "arm", cost: known(arm.cost_per_1k_usd), accuracy: arm.accuracy })),
      ];
      if (dials)
        for (const router of ranked)
          for (const point of router.curve ?? [])
            found.push({ name: router.name, kind: "router", dial: point.dial, cost: point.cost_per_1k_usd, accuracy: metric(point.accuracy) });
      return found.filter((one) => one.cost !== null && known(one.accuracy) !== null);
    }

    // Whether a is told apart from b by accuracy: by their paired difference where it was measured, else by intervals
    // that do not meet.
    function apart(a, b) {
      const paired = board.rank_metric === "accuracy" && a.dial === undefined && b.dial === undefined ? pair(a.name, b.name) : null;
      return paired ? paired.apart : (b.accuracy.high ?? b.accuracy.value) < (a.accuracy.low ?? a.accuracy.value);
    }

    // The most accurate setting a budget pays for, and which others are not told apart from it.
    function pick(budget, dials) {
      const paid = settings(dials).filter((one) => one.cost <= budget);
      if (!paid.length) return null;
      const better = (a, b) => known(b.accuracy) - known(a.accuracy) || a.cost - b.cost;
      const [choice, ...rest] = paid.sort(better);
      const close = rest.filter((one) => one.name !== choice.name && !apart(choice, one));
      const cheapest = close.reduce((least, one) => (one.cost < (least ?? choice).cost ? one : least), null);
      return { choice, close, cheapest };
    }

    // The standing of a router at each publication, null where it was not listed.
    function standing(name) {
      const steps = Object.hasOwn(board.history.routers, name) ? board.history.routers[name] : [];
      let at = 0;
      let now = null;
      return board.history.publications.map((_, index) => {
        while (at < steps.length && steps[at][0] <= index) now = steps[at++];
        if (!now || now.length === 1) return null;
        const [, value, low, high, rankLow, rankHigh] = now;
        return { value, low, high, rankLow, rankHigh };
      });
    }

    // For each publication the scores of all, best first: the place of a score is where it stands there.
    function scoreboards() {
      const all = Object.keys(board.history.routers).map(standing);
      return board.history.publications.map((_, i) => all.map((steps) => steps[i]?.value ?? null).filter((value) => value !== null).sort((a, b) => b - a));
    }

    const pickOf = (example, name) => example.picks[order.get(name)] ?? null;
    const failed = (router) => (router.audits ?? []).filter((audit) => audit.verdict === "fail");

    return { board, routers, byName, ranked, dropped, baselines, bestSingle, pair, slices, fields, settings, pick, standing, scoreboards, pickOf, failed,
      confidence: board.protocol.confidence, names: routers.map((router) => router.name), rankMetric: format.words(board.rank_metric) };
  }

  return { inflate, embedded, open };
})();
