// The board's document as questions one can ask it. Draws nothing; the only place that knows how the data is packed.
"use strict";

const model = (() => {
  const { known } = format;

  async function inflate(packed) {
    const stream = packed.pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  const embedded = (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
    return inflate(new Blob([bytes]).stream());
  };

  // Intervals from how far they reach around their values: in thousandths, or in thousandths of the value.
  function metrics({ value, below, above }, relative = false) {
    const end = (at, reach) => (reach === null ? null : at + (reach / 1000) * (relative ? at : 1));
    return value.map((at, i) => ({ value: at, low: end(at, below[i] === null ? null : -below[i]), high: end(at, above[i]) }));
  }

  function open(board) {
    const routers = board.routers;
    const byName = new Map(routers.map((router) => [router.name, router]));
    const ranked = routers.filter((router) => router.listed && !router.baseline);
    const dropped = routers.filter((router) => !router.listed && !router.baseline);
    const baselines = routers.filter((router) => router.baseline);
    const place = new Map(board.pairs.names.map((name, i) => [name, i]));
    const order = new Map(routers.map((router, i) => [router.name, i]));
    const { paired, note: evidence } = board.board.evidence ?? { paired: true, note: null };
    const bestSingle = baselines.find((router) => router.name === "best-single") ?? null;

    // The difference a − b of the rank metric with its interval, paired unless the board says otherwise; null where
    // none was published.
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
      const accuracy = metrics(found.accuracy);
      return found.label.map((label, i) => ({ label, queries: found.queries[i], accuracy: accuracy[i], cost: found.cost_per_1k_usd[i] }));
    }

    // [{dial, accuracy, cost}] as the dial of a router is turned, each with its interval.
    function curve({ curve: found }) {
      const [accuracy, cost] = [metrics(found.accuracy), metrics(found.cost_per_1k_usd, true)];
      return found.dial.map((dial, i) => ({ dial, accuracy: accuracy[i], cost: cost[i] }));
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
          for (const { dial, accuracy, cost } of curve(router)) found.push({ name: router.name, kind: "router", dial, cost: known(cost), accuracy });
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

    return { board, routers, byName, ranked, dropped, baselines, bestSingle, pair, slices, curve, fields, settings, pick, standing, scoreboards, pickOf, failed,
      paired, evidence, confidence: board.protocol.confidence, names: routers.map((router) => router.name), rankMetric: format.words(board.rank_metric) };
  }

  return { inflate, embedded, open };
})();
