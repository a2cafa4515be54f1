// Options of the charts of a joint run. Knows ECharts and the parts of charts.js; the page's manners are report.js.
"use strict";

Object.assign(charts, (() => {
  const { BASE, tokens, narrow, percent, dollars, known, tooltip, axis, decades, whiskers, looks, scatter } = charts.parts;

  const three = (value) => Number(value.toPrecision(3)).toString();
  const seconds = (value) => `${three(value)} s`;
  const joules = (value) => `${three(value)} J`;
  const FIGURES = {
    good_in_time: ["answers right in time", percent],
    quality: ["mean score", percent],
    slo_attainment: ["answered in time", percent],
    e2e_s_p99: ["arrival to last token, 99th percentile", seconds],
    ttft_s_p99: ["arrival to first token, 99th percentile", seconds],
    usd_per_1k: ["US dollars per 1,000 requests", dollars],
    energy_j_per_request: ["joules a request", joules],
  };
  const SERVERS = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];
  const SHARES = ["good_in_time", "quality", "slo_attainment"];

  // Logarithmic where values differ twentyfold; shares stay within 0 and 1.
  function measure(color, key, values, more) {
    const [title, formatter] = FIGURES[key];
    const found = values.filter(known);
    const [low, high] = [Math.min(...found), Math.max(...found)];
    const axisLabel = { color: color.soft, fontSize: 12, hideOverlap: true, formatter };
    if (SHARES.includes(key)) {
      const step = high - low > 0.25 ? 0.1 : high - low > 0.1 ? 0.05 : 0.01;
      const ends = { min: Math.max(0, Math.floor(low / step - 0.3) * step), max: Math.min(1, Math.ceil(high / step + 0.3) * step) };
      return axis(color, title, { type: "value", ...ends, interval: step, axisLabel, ...more });
    }
    if (low > 0 && high / low > 20) {
      const ends = { type: "log", min: low / 1.35, max: high * 1.35 };
      return axis(color, `${title}, logarithmic`, { ...ends, axisLabel: { ...axisLabel, customValues: decades(ends.min, ends.max) }, ...more });
    }
    const spare = (high - low || high) * 0.12;
    return axis(color, title, { type: "value", min: Math.max(0, low - spare), max: high + spare, axisLabel: { ...axisLabel, showMinLabel: false, showMaxLabel: false }, ...more });
  }

  function jointPlane({ rows }, { router, x, y, view }) {
    const color = tokens();
    const shown = rows
      .filter(({ name, kind }) => view === "all" || kind === "router" || name === "best-single" || name === router)
      .map(({ name, kind, at, tip }) => ({ name, kind: name === router ? "chosen" : kind, x: at[x], y: at[y], tip }))
      .filter((point) => known(point.x[0]) && known(point.y[0]));
    if (!shown.length) return null;
    const look = looks(color);
    const xs = shown.map((point) => point.x[0]);
    const ys = SHARES.includes(y) ? shown.flatMap((point) => point.y) : shown.map((point) => point.y[0]);
    return {
      named: true,
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 52, right: narrow() ? 16 : 40, top: 34, bottom: 52 },
      xAxis: measure(color, x, xs, { nameGap: 32, splitLine: { show: false } }),
      yAxis: measure(color, y, ys, { nameLocation: "end", nameGap: 14, nameTextStyle: { color: color.soft, fontSize: 12, align: "left", padding: [0, 0, 0, -44] } }),
      series: [
        whiskers(shown.filter(({ kind }) => kind !== "chosen"), { stroke: color.faint, opacity: 0.45 }),
        whiskers(shown.filter(({ kind }) => kind === "chosen"), { stroke: color.orange, lineWidth: 1.8 }),
        ...["oracle", "baseline", "router", "chosen"].map((kind) => scatter(kind, shown.filter((point) => point.kind === kind), look[kind], color)),
      ].map((series) => ({ ...series, clip: true })),
    };
  }

  const rateAxis = (color, rate, loads) => axis(color, "requests a second", {
    type: "value",
    nameGap: 32,
    min: 0,
    max: Math.max(...loads) * rate * 1.04,
    splitLine: { show: false },
    axisLabel: { color: color.soft, fontSize: 12, hideOverlap: true, showMaxLabel: false, formatter: (value) => `${Math.round(value)}` },
  });

  // One line for each router; the chosen one in front, with its intervals.
  function ribbon(color, { name, chosen, points, kind = "router", dashed = false, knee = null, label = "" }) {
    const stroke = chosen ? color.orange : kind === "router" ? color.blue : color.faint;
    const strength = chosen ? 1 : kind === "router" ? 0.4 : 0.7;
    return {
      type: "line",
      name,
      z: chosen ? 6 : 3,
      symbolSize: 5,
      showAllSymbol: true,
      data: points.map(({ value, load, tip }) => ({
        value,
        title: name,
        tip,
        symbol: load === knee ? "diamond" : "circle",
        symbolSize: load === knee ? (chosen ? 15 : 10) : chosen ? 6 : 4,
      })),
      lineStyle: { color: stroke, width: chosen ? 2.6 : 1.3, opacity: strength, type: dashed ? [5, 4] : "solid" },
      itemStyle: { color: stroke, opacity: strength },
      triggerLineEvent: true,
      emphasis: { lineStyle: { width: 2.6, opacity: 1 }, itemStyle: { opacity: 1 } },
      labelLayout: { hideOverlap: true },
      endLabel: { show: label !== "", formatter: label, color: chosen ? color.orange : color.soft, fontWeight: chosen ? 600 : 400, fontSize: 12, align: "right", offset: [-4, -14], textBorderColor: color.paper, textBorderWidth: 3 },
    };
  }

  function rule(color, from, to) {
    return { type: "line", silent: true, symbol: "none", z: 1, data: [from, to], lineStyle: { color: color.faint, type: [4, 4], width: 1.2 } };
  }

  function sweep({ sweep: lines, rows, rate, attainment }, { router, figure }) {
    const color = tokens();
    const drawn = lines.map(({ name, knee, points }) => ({
      name,
      knee,
      kind: rows.find((row) => row.name === name)?.kind,
      chosen: name === router,
      points: points.filter(({ at }) => known(at[figure][0])).map(({ load, at, tip }) => ({ load, tip, x: [load * rate, null, null], y: at[figure], value: [load * rate, at[figure][0]] })),
    }));
    const every = drawn.flatMap(({ points }) => points);
    if (!every.length) return null;
    const chosen = drawn.find((line) => line.chosen);
    const loads = every.map(({ load }) => load);
    const values = every.map(({ value }) => value[1]);
    const across = Math.max(...loads) * rate * 1.04;
    const told = chosen?.knee ? `${chosen.name}, knee ×${chosen.knee}` : chosen ? `${chosen.name}, knee below the sweep` : "";
    return {
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 60, right: 24, top: 34, bottom: 52 },
      xAxis: rateAxis(color, rate, loads),
      yAxis: measure(color, figure, figure === "slo_attainment" ? [...values, attainment] : values, { name: "" }),
      series: [
        ...(figure === "slo_attainment" ? [rule(color, [0, attainment], [across, attainment])] : []),
        ...(chosen ? [{ ...whiskers(chosen.points, { stroke: color.orange, opacity: 0.7 }), clip: true }] : []),
        ...drawn.map((line) => ribbon(color, { ...line, label: line.chosen ? told : "" })),
      ],
    };
  }

  function worth({ state: lines, rows, rate }, { router }) {
    const color = tokens();
    const own = rows.find(({ name }) => name === router)?.router;
    const drawn = lines.map(({ name, router: of, view, points }) => ({
      name,
      chosen: of === own,
      dashed: view === "aged",
      label: view === "fresh" ? of : "",
      points: points.filter(({ y }) => known(y[0])).map(({ load, y, tip }) => ({ tip, x: [load * rate, null, null], y, value: [load * rate, y[0]] })),
    }));
    const every = drawn.flatMap(({ points }) => points);
    if (!every.length) return null;
    const fresh = drawn.find(({ chosen, dashed }) => chosen && !dashed);
    const loads = lines.flatMap(({ points }) => points.map(({ load }) => load));
    const points = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Number(Math.abs(value * 100).toPrecision(2))} pt`;
    return {
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 60, right: 24, top: 34, bottom: 52 },
      xAxis: rateAxis(color, rate, loads),
      yAxis: axis(color, "", { type: "value", axisLabel: { color: color.soft, fontSize: 12, formatter: points } }),
      series: [
        rule(color, [0, 0], [Math.max(...loads) * rate * 1.04, 0]),
        ...(fresh ? [{ ...whiskers(fresh.points, { stroke: color.orange, opacity: 0.7 }), clip: true }] : []),
        ...drawn.map((line) => ribbon(color, line)),
      ],
    };
  }

  // Three panels over one time: queues, batches, memory; one colour for each server.
  function timeline({ shown }, { run }) {
    const one = shown[run];
    if (!one?.time.length) return null;
    const color = tokens(SERVERS);
    const legend = document.getElementById("server-legend");
    legend.replaceChildren(...one.servers.map(({ name }, place) => {
      const item = document.createElement("li");
      item.textContent = name;
      item.style.setProperty("--c", `var(--${SERVERS[place % SERVERS.length]})`);
      return item;
    }));
    const panels = [["waiting", "requests waiting", three], ["running", "requests in the batch", three], ["kv", "memory for keys in use", percent]];
    const end = one.time.at(-1);
    const frame = (place) => ({ left: 60, right: 24, top: `${5 + 32 * place}%`, height: "22%" });
    return {
      ...BASE,
      tooltip: tooltip(),
      grid: panels.map((_, place) => frame(place)),
      xAxis: panels.map((_, place) => axis(color, place === 2 ? "seconds" : "", {
        type: "value", gridIndex: place, min: 0, max: end, nameGap: 28, splitLine: { show: false },
        axisLabel: { show: place === 2, color: color.soft, fontSize: 12, showMaxLabel: false },
      })),
      yAxis: panels.map(([, title, formatter], place) => axis(color, title, {
        type: "value", gridIndex: place, min: 0, splitNumber: 3, nameLocation: "end", nameGap: 10,
        ...(place < 2 ? { minInterval: 1 } : {}),
        nameTextStyle: { color: color.soft, fontSize: 12, align: "left", padding: [0, 0, 0, -52] },
        axisLabel: { color: color.soft, fontSize: 12, formatter },
      })),
      series: panels.flatMap(([key, title, formatter], panel) => one.servers.map((server, place) => ({
        type: "line",
        name: server.name,
        xAxisIndex: panel,
        yAxisIndex: panel,
        step: "end",
        symbol: "circle",
        symbolSize: 7,
        itemStyle: { color: color[SERVERS[place % SERVERS.length]], opacity: 0 },
        emphasis: { itemStyle: { opacity: 1 } },
        lineStyle: { color: color[SERVERS[place % SERVERS.length]], width: 1.6, opacity: 0.9 },
        data: one.time.map((time, i) => ({ value: [time, server[key][i]], title: server.name, tip: [`${seconds(time)}: ${formatter(server[key][i])} ${title}`] })),
      }))),
    };
  }

  // A row for each request, the first at the top; what it waited, read and wrote.
  function gantt({ shown }, { run }) {
    const rows = shown[run]?.gantt;
    if (!rows?.length) return null;
    const color = tokens();
    const parts = [["waiting", color.faint], ["prefill", color.orange], ["decode", color.blue]];
    const start = Math.min(...rows.map(([arrival]) => arrival));
    const end = Math.max(...rows.map((row) => row[3]));
    return {
      ...BASE,
      tooltip: tooltip(),
      grid: { left: 16, right: 24, top: 8, bottom: 48 },
      xAxis: axis(color, "seconds", { type: "value", min: start, max: end, nameGap: 28, axisLine: { onZero: false, lineStyle: { color: color.rule } }, axisLabel: { color: color.soft, fontSize: 12, hideOverlap: true, showMinLabel: false, showMaxLabel: false } }),
      yAxis: { type: "value", show: false, min: -1, max: rows.length, inverse: true },
      series: parts.map(([name, fill], part) => ({
        type: "custom",
        name,
        clip: true,
        encode: { x: [1, 2], y: 0 },
        data: rows.map((row, i) => ({
          value: [i, row[part], row[part + 1]],
          title: `request ${i + 1}`,
          tip: [`arrived ${seconds(row[0])}`, ...parts.map(([label], k) => `${label} ${three(1000 * (row[k + 1] - row[k]))} ms`)],
        })),
        renderItem: (_, api) => {
          const [left, y] = api.coord([api.value(1), api.value(0)]);
          const [right] = api.coord([api.value(2), api.value(0)]);
          const height = Math.max(1.5, api.size([0, 1])[1] * 0.72);
          return { type: "rect", shape: { x: left, y: y - height / 2, width: Math.max(right - left, 0.5), height }, style: { fill } };
        },
      })),
    };
  }

  return { jointPlane, sweep, worth, timeline, gantt };
})());
