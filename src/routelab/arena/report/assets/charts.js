// Options of the three charts from the embedded data, and the parts they are made of. Knows ECharts; knows nothing of
// the page around it.
"use strict";

const charts = (() => {
  const probe = document.createElement("span");

  // Custom properties that use light-dark() only resolve through a real property.
  function tokens(more = []) {
    document.body.append(probe);
    const read = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const found = Object.fromEntries(
      ["paper", "ink", "soft", "rule", "faint", "blue", "orange", "gold", ...more].map((name) => [name, read(name)]),
    );
    probe.remove();
    return found;
  }

  const narrow = () => matchMedia("(max-width: 640px)").matches;
  const percent = (value) => `${Math.round(value * 1000) / 10} %`;
  const dollars = (value) => `$${Number(value.toPrecision(2))}`;
  const known = (value) => value !== null && value !== undefined;

  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const BASE = { animation: false, textStyle: { fontFamily: FONT } };

  function tooltip() {
    return {
      trigger: "item",
      className: "chart-tip",
      backgroundColor: "transparent",
      borderWidth: 0,
      padding: 0,
      confine: true,
      transitionDuration: 0,
      formatter: ({ data, seriesName }) => {
        if (!data?.tip) return "";
        const box = document.createElement("div");
        const name = document.createElement("b");
        name.textContent = data.title ?? seriesName;
        box.append(name);
        for (const line of data.tip) {
          const row = document.createElement("div");
          row.textContent = line;
          box.append(row);
        }
        return box;
      },
    };
  }

  function axis(color, name, more) {
    return {
      name,
      nameLocation: "middle",
      nameTextStyle: { color: color.soft, fontSize: 12 },
      axisLine: { lineStyle: { color: color.rule } },
      axisTick: { show: false },
      axisLabel: { color: color.soft, fontSize: 12, hideOverlap: true },
      splitLine: { lineStyle: { color: color.rule, opacity: 0.6 } },
      ...more,
    };
  }

  // 1, 2 and 5 of every decade between the ends; thinned to 1 where there would be too many.
  function decades(low, high) {
    const marks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const digit of [1, 2, 5]) marks.push(Number((digit * 10 ** power).toPrecision(1)));
    const inside = marks.filter((mark) => mark >= low && mark <= high);
    return inside.length > (narrow() ? 6 : 10) ? inside.filter((mark) => `${mark.toExponential()}`[0] === "1") : inside;
  }

  function costAxis(color, costs) {
    const positive = costs.filter(known);
    const logarithmic = positive.length > 0 && positive.every((cost) => cost > 0);
    const [low, high] = [Math.min(...positive) / 1.35, Math.max(...positive) * 1.35];
    const ends = logarithmic ? { type: "log", min: low, max: high } : { type: "value", scale: true };
    const marks = logarithmic ? { customValues: decades(low, high) } : {};
    return axis(color, `US dollars per 1,000 queries${logarithmic ? ", logarithmic" : ""}`, {
      ...ends,
      nameGap: 32,
      splitLine: { show: false },
      axisLabel: { color: color.soft, fontSize: 12, hideOverlap: true, formatter: dollars, ...marks },
    });
  }

  function accuracyAxis(color, points) {
    const ends = points.flatMap((point) => point.y).filter(known);
    const low = Math.min(...ends);
    const high = Math.max(...ends);
    const step = high - low > 0.25 ? 0.1 : high - low > 0.1 ? 0.05 : 0.02;
    return axis(color, "", {
      type: "value",
      min: Math.max(0, Math.floor(low / step) * step),
      max: Math.min(1, Math.ceil(high / step) * step),
      interval: step,
      axisLabel: { color: color.soft, fontSize: 12, formatter: percent },
    });
  }

  // Whiskers both ways; a custom series, because ECharts has no error bars of its own.
  function whiskers(points, style) {
    const rows = points.filter((point) => known(point.x[0]) && known(point.y[0]));
    return {
      type: "custom",
      silent: true,
      z: 1,
      encode: { x: 0, y: 3 },
      data: rows.map(({ x, y }) => [x[0], x[1] ?? x[0], x[2] ?? x[0], y[0], y[1] ?? y[0], y[2] ?? y[0]]),
      renderItem: (_, api) => {
        const [x, left, right, y, low, high] = [0, 1, 2, 3, 4, 5].map((i) => api.value(i));
        const line = (from, to) => ({
          type: "line",
          shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] },
          style: { lineWidth: 1.2, fill: null, ...style },
        });
        return {
          type: "group",
          children: [
            line(api.coord([left, y]), api.coord([right, y])),
            line(api.coord([x, low]), api.coord([x, high])),
          ],
        };
      },
    };
  }

  function looks(color) {
    return {
      router: { symbol: "circle", symbolSize: 11, itemStyle: { opacity: 1, color: color.blue, borderColor: color.paper, borderWidth: 1.2 }, z: 5 },
      chosen: { symbol: "circle", symbolSize: 15, itemStyle: { opacity: 1, color: color.orange, borderColor: color.paper, borderWidth: 1.5 }, z: 7 },
      arm: { symbol: "diamond", symbolSize: 11, itemStyle: { opacity: 1, color: color.ink }, z: 4 },
      baseline: { symbol: "circle", symbolSize: 8, itemStyle: { opacity: 1, color: color.paper, borderColor: color.faint, borderWidth: 1.5 }, z: 3 },
      oracle: { symbol: "triangle", symbolSize: 11, itemStyle: { opacity: 1, color: color.gold }, z: 3 },
    };
  }

  const isRouter = (kind) => kind === "router" || kind === "chosen";

  function scatter(kind, points, look, color) {
    return {
      type: "scatter",
      ...look,
      data: points.map((point) => ({ value: [point.x[0], point.y[0]], title: point.name, tip: point.tip })),
      emphasis: { scale: 1.25 },
      label: {
        verticalAlign: "middle",
        fontFamily: FONT,
        fontSize: kind === "chosen" ? 13 : 11.5,
        fontWeight: kind === "chosen" ? 600 : 400,
        color: kind === "chosen" ? color.orange : isRouter(kind) || kind === "arm" ? color.ink : color.soft,
        textBorderColor: color.paper,
        textBorderWidth: 2.5,
        formatter: ({ data }) => data.title,
      },
    };
  }

  const LAST_RESORT = ["center", 0, -2.4];

  // Writes the names of a drawn plane, the important ones first, each only where it covers nothing and its own
  // mark is the nearest one; the others are left to the hover text.
  function nameMarks(chart) {
    const { series } = chart.getOption();
    const brush = document.createElement("canvas").getContext("2d");
    const marks = series.flatMap(({ type, data, symbolSize, label }, index) =>
      type !== "scatter" ? [] : data.map((item) => {
        const [x, y] = chart.convertToPixel({ seriesIndex: index }, item.value);
        brush.font = `${label.fontWeight} ${label.fontSize}px ${label.fontFamily}`;
        return { item, x, y, chosen: label.fontWeight === 600, size: symbolSize, wide: brush.measureText(item.title).width + 2, high: label.fontSize + 2 };
      }),
    );
    const taken = [];
    const gap = (box, { x, y }) =>
      Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
    const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const spots = [["left", 1, 0], ["right", -1, 0], ["center", 0, -1.1], ["center", 0, 1.1], ["left", 0.7, -1], ["right", -0.7, -1], ["left", 0.7, 1], ["right", -0.7, 1]];
    for (const mark of marks.toReversed()) {
      for (const spot of mark.chosen ? [...spots, LAST_RESORT] : spots) {
        const [align, across, down] = spot;
        const reach = mark.size / 2 + 5;
        const x = mark.x + across * reach;
        const y = mark.y + down * (reach + mark.high / 4);
        const left = { left: x, right: x - mark.wide, center: x - mark.wide / 2 }[align];
        const box = { left, right: left + mark.wide, top: y - mark.high / 2, bottom: y + mark.high / 2 };
        const own = gap(box, mark);
        const free = !taken.some((other) => meets(box, other))
          && !marks.some((other) => other !== mark && gap(box, other) < Math.max(own, other.size / 2 + 1))
          && box.left > 2 && box.right < chart.getWidth() - 2;
        if (!free && !(mark.chosen && spot === LAST_RESORT)) continue;
        taken.push(box);
        mark.item.label = { show: true, align, position: [mark.size / 2 + x - mark.x, mark.size / 2 + y - mark.y] };
        break;
      }
    }
    chart.setOption({ series: series.map(({ type, data }) => (type === "scatter" ? { data } : {})) });
  }

  function plane({ points, hull }, { router, view }) {
    const color = tokens();
    const shown = points
      .filter((point) => known(point.x[0]) && known(point.y[0]))
      .map((point) => ({ ...point, kind: point.name === router && point.kind !== "arm" ? "chosen" : point.kind }))
      .filter((point) => view === "all" || isRouter(point.kind));
    if (!shown.length) return null;
    const look = looks(color);
    const kinds = ["oracle", "baseline", "arm", "router", "chosen"];
    return {
      named: true,
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 52, right: narrow() ? 16 : 40, top: 20, bottom: 52 },
      xAxis: costAxis(color, shown.flatMap((point) => point.x)),
      yAxis: accuracyAxis(color, shown),
      series: [
        { type: "line", silent: true, symbol: "none", z: 2, clip: true, data: hull, lineStyle: { color: color.faint, type: [6, 5], width: 1.6 } },
        whiskers(shown.filter((point) => point.kind !== "chosen"), { stroke: color.faint, opacity: 0.55 }),
        whiskers(shown.filter((point) => point.kind === "chosen"), { stroke: color.orange, lineWidth: 1.8 }),
        ...kinds.map((kind) => scatter(kind, shown.filter((point) => point.kind === kind), look[kind], color)),
      ],
    };
  }

  // Where no cost is known there is no plane: accuracies on one line each, with their intervals.
  function forest({ points }, { router, view }) {
    const color = tokens();
    const rows = points
      .filter((point) => known(point.y[0]) && (view === "all" || point.kind === "router"))
      .sort((a, b) => a.y[0] - b.y[0]);
    if (!rows.length) return null;
    const look = looks(color);
    const flat = rows.map((point, i) => ({ x: point.y, y: [i, i, i] }));
    return {
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 8, right: 24, top: 8, bottom: 40, containLabel: true },
      xAxis: { ...accuracyAxis(color, rows), name: "accuracy (costs are not known)", nameGap: 30 },
      yAxis: axis(color, "", { type: "category", data: rows.map((point) => point.name), splitLine: { show: false } }),
      series: [
        whiskers(flat, { stroke: color.faint }),
        ...rows.map((point, i) => {
          const kind = point.name === router && point.kind !== "arm" ? "chosen" : point.kind;
          return { type: "scatter", ...look[kind], data: [{ value: [point.y[0], i], title: point.name, tip: point.tip }] };
        }),
      ],
    };
  }

  function curves({ curves: all }, { router, axis: horizontal }) {
    const color = tokens();
    const place = (point) => (horizontal === "dial" ? [point.dial, null, null] : point.x);
    const drawn = all
      .map(({ name, points }) => ({
        name,
        points: points.map((point) => ({ ...point, x: place(point) })).filter((point) => known(point.x[0]) && known(point.y[0])),
      }))
      .filter(({ points }) => points.length > 1);
    if (!drawn.length) return null;
    const every = drawn.flatMap(({ points }) => points);
    const chosen = drawn.find(({ name }) => name === router);
    const x =
      horizontal === "dial"
        ? axis(color, "position of the dial", { type: "value", nameGap: 32, splitLine: { show: false } })
        : costAxis(color, every.flatMap((point) => point.x));
    const line = ({ name, points }) => ({
      type: "line",
      name,
      z: name === router ? 6 : 3,
      symbol: "circle",
      symbolSize: name === router ? 7 : 4,
      data: points.map((point) => ({ value: [point.x[0], point.y[0]], title: name, tip: point.tip })),
      lineStyle: { color: name === router ? color.orange : color.blue, width: name === router ? 2.6 : 1.3, opacity: name === router ? 1 : 0.45 },
      itemStyle: { color: name === router ? color.orange : color.blue, opacity: name === router ? 1 : 0.45 },
      emphasis: { focus: "series", lineStyle: { width: 2.6, opacity: 1 }, itemStyle: { opacity: 1 } },
      blur: { lineStyle: { opacity: 0.15 }, itemStyle: { opacity: 0.15 } },
      triggerLineEvent: true,
      endLabel: { show: name === router, formatter: "{a}", color: color.orange, fontWeight: 600, fontSize: 12, offset: [-4, -16], align: "right", textBorderColor: color.paper, textBorderWidth: 3 },
    });
    return {
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 52, right: 24, top: 24, bottom: 52 },
      xAxis: x,
      yAxis: accuracyAxis(color, every),
      series: [...(chosen ? [whiskers(chosen.points, { stroke: color.orange, opacity: 0.7 })] : []), ...drawn.map(line)],
    };
  }

  function calibration({ calibration: all }, { router }) {
    const bins = all[router];
    if (!bins) return null;
    const color = tokens();
    const most = Math.max(...bins.map(({ count }) => count));
    const unit = { type: "value", min: 0, max: 1, interval: 0.25 };
    const label = { color: color.soft, fontSize: 11, formatter: percent };
    return {
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 48, right: 14, top: 10, bottom: 42 },
      xAxis: axis(color, "predicted", { ...unit, axisLabel: label, nameGap: 26 }),
      yAxis: axis(color, "", { ...unit, axisLabel: label }),
      series: [
        { type: "line", silent: true, symbol: "none", data: [[0, 0], [1, 1]], lineStyle: { color: color.faint, type: [4, 4], width: 1.2 } },
        whiskers(bins, { stroke: color.orange, opacity: 0.7 }),
        {
          type: "scatter",
          symbolSize: (_, { data }) => 6 + 8 * Math.sqrt(data.count / most),
          itemStyle: { color: color.orange, borderColor: color.paper },
          data: bins.map(({ x, y, count, tip }) => ({ value: [x[0], y[0]], count, title: router, tip })),
        },
      ],
    };
  }

  const parts = { BASE, tokens, narrow, percent, dollars, known, tooltip, axis, decades, whiskers, looks, scatter };
  return { plane: (data, state) => (data.costs ? plane : forest)(data, state), curves, calibration, nameMarks, parts };
})();
