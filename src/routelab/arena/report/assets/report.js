// The page's behaviour: one state (chosen router, sort, views, theme) kept in the address, so a view can be shared.
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const board = document.getElementById("board");
  const select = document.getElementById("router");
  const tip = document.getElementById("tip");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const LEAST_FIRST = ["rank", "name", "cost", "collapse", "latency", "p50", "p99", "ttft", "energy", "rent"];
  const names = all("option", select).map((option) => option.value);

  const state = { router: names[0], sort: "", theme: "" };
  const choices = all(".choice button");
  for (const { dataset, ariaPressed } of choices) if (ariaPressed === "true") Object.assign(state, dataset);
  if (data.costs === false) state.axis = "dial";

  function restore() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(state)) if (wanted.has(key)) state[key] = wanted.get(key);
    if (!names.includes(state.router)) state.router = names[0];
  }

  function change(part) {
    Object.assign(state, part);
    const kept = Object.entries(state).filter(([, value]) => value);
    history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
    show();
  }

  // Charts are drawn when they first come into view and again whenever what they show changes.
  const seen = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || seen.has(target)) continue;
      seen.add(target);
      draw(target);
    }
  }, { rootMargin: "300px" });

  function draw(node) {
    const options = charts[node.dataset.chart](data, state);
    const chart = echarts.getInstanceByDom(node);
    if (!options) {
      chart?.dispose();
      node.classList.add("empty");
      node.textContent = "This run holds nothing to draw here.";
      return;
    }
    const drawn = chart ?? start(node);
    drawn.setOption(options, { notMerge: true });
    if (options.named) charts.nameMarks(drawn);
  }

  function start(node) {
    node.classList.remove("empty");
    node.textContent = "";
    const chart = echarts.init(node, null, { renderer: "svg" });
    chart.on("click", ({ data: point, seriesName }) => {
      const name = point?.title ?? seriesName;
      if (names.includes(name)) change({ router: name });
    });
    return chart;
  }

  function sortBoard() {
    const [key, direction] = state.sort.split(":");
    for (const head of all("thead th", board)) {
      const own = head.querySelector("button").dataset.sort === key;
      head.setAttribute("aria-sort", own ? direction : "none");
    }
    if (!key || !board.querySelector(`tbody .c-${CSS.escape(key)}`)) return;
    const sign = direction === "ascending" ? 1 : -1;
    for (const body of board.tBodies) {
      const rows = [...body.rows].map((row) => [row, row.querySelector(`.c-${CSS.escape(key)}`).dataset.value]);
      rows.sort(([, a], [, b]) => {
        if (a === "" || b === "") return (a === "") - (b === "");
        return sign * (key === "name" ? a.localeCompare(b) : a - b);
      });
      body.append(...rows.map(([row]) => row));
    }
  }

  function show() {
    const root = document.documentElement;
    if (state.theme) root.dataset.theme = state.theme;
    for (const row of all("tbody tr", board)) row.classList.toggle("chosen", row.dataset.router === state.router);
    for (const panel of all(".panel")) panel.hidden = panel.dataset.router !== state.router;
    for (const part of all("[data-when]")) {
      const [name, value] = part.dataset.when.split(":");
      part.hidden = state[name] !== value;
    }
    for (const button of choices) {
      const [[name, value]] = Object.entries(button.dataset);
      button.setAttribute("aria-pressed", value === state[name]);
    }
    select.value = state.router;
    sortBoard();
    for (const node of all(".chart")) {
      if (node.closest("[hidden]")) continue;
      if (seen.has(node)) draw(node);
      else watcher.observe(node);
    }
  }

  function nextDirection(key) {
    const [current, direction] = state.sort.split(":");
    const first = LEAST_FIRST.includes(key) ? "ascending" : "descending";
    if (current !== key) return first;
    return direction === "ascending" ? "descending" : "ascending";
  }

  // Hover texts: without script they are plain titles; with it they also open by touch and by arrow key.
  function adoptTitles() {
    for (const node of all("main [title]")) {
      node.dataset.tip = node.title;
      node.removeAttribute("title");
    }
    for (const table of all("table")) {
      const cells = all("tbody [data-tip]", table);
      cells.forEach((cell, i) => (cell.tabIndex = i ? -1 : 0));
    }
    for (const fact of all(".facts [data-tip]")) fact.tabIndex = 0;
  }

  function openTip(node) {
    tip.textContent = node.dataset.tip;
    tip.hidden = false;
    const around = node.getBoundingClientRect();
    const left = Math.min(Math.max(8, around.left + around.width / 2 - tip.offsetWidth / 2), innerWidth - tip.offsetWidth - 8);
    const above = around.top - tip.offsetHeight - 7;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : around.bottom + 7}px`;
    node.setAttribute("aria-describedby", "tip");
  }

  function closeTip() {
    if (tip.hidden) return;
    tip.hidden = true;
    for (const node of all("[aria-describedby=tip]")) node.removeAttribute("aria-describedby");
  }

  function walk(event) {
    const cell = event.target.closest("tbody [data-tip]");
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!cell || !step) return;
    const table = cell.closest("table");
    const rows = all("tbody tr", table);
    const row = rows[rows.indexOf(cell.parentElement) + step[0]];
    const next = row?.cells[cell.cellIndex + step[1]];
    if (!next?.dataset.tip) return;
    event.preventDefault();
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { sort, pick } = button.dataset;
    if (sort) change({ sort: `${sort}:${nextDirection(sort)}` });
    else if (pick) change({ router: pick });
    else if (choices.includes(button)) change({ ...button.dataset });
    else if (button.id === "theme") {
      const dark = getComputedStyle(document.documentElement).colorScheme === "dark"
        || (!state.theme && matchMedia("(prefers-color-scheme: dark)").matches);
      change({ theme: dark ? "light" : "dark" });
    }
  });
  for (const kind of ["pointerover", "focusin"])
    document.addEventListener(kind, (event) => {
      const node = event.target.closest?.("[data-tip]");
      node ? openTip(node) : closeTip();
    });
  document.addEventListener("focusout", closeTip);
  document.addEventListener("scroll", closeTip, { passive: true });
  document.addEventListener("keydown", (event) => (event.key === "Escape" ? closeTip() : walk(event)));
  select.addEventListener("change", () => change({ router: select.value }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  addEventListener("beforeprint", () => {
    for (const node of all(".chart")) if (!node.closest("[hidden]")) draw(node);
  });
  new ResizeObserver(() => {
    for (const node of seen) {
      if (node.closest("[hidden]")) continue;
      echarts.getInstanceByDom(node)?.resize();
      draw(node);
    }
  }).observe(document.body);

  adoptTitles();
  restore();
  show();
})();
