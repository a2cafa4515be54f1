// The page around the pages: route and state in the address, theme, hover texts, and a newer board when there is one.
"use strict";

const ready = (async () => {
  const NAV = ["board", "cost", "slices", "compare", "history", "steady", "about"];
  const { h } = dom;
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const tip = document.getElementById("tip");
  const news = document.getElementById("news");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let asked = null;
  let shown = null;
  let view = null;

  function place() {
    const [route, query] = location.hash.slice(1).split("?");
    return { route: Object.hasOwn(pages, route) ? route : "board", params: Object.fromEntries(new URLSearchParams(query ?? "")) };
  }

  function change(part) {
    const { route, params } = place();
    const kept = Object.entries({ ...params, ...part }).filter(([, value]) => value !== null && value !== "");
    const query = new URLSearchParams(kept).toString();
    history.replaceState(null, "", `#${route}${query ? `?${query}` : ""}`);
    follow();
  }

  function follow() {
    const { route, params } = place();
    if (view && shown === route && !view.rebuilds) return view.update(params);
    const turned = shown !== null && shown !== route;
    build(route, params);
    if (turned || view.rebuilds) {
      scrollTo(0, 0);
      main.querySelector("h1")?.focus({ preventScroll: true });
    }
  }

  function build(route, params) {
    plots.forget(main);
    closeTip();
    view = pages[route].show(asked, params, change);
    shown = route;
    main.replaceChildren(view.node);
    document.title = `${pages[route].title} · ${asked.board.board.name}`;
    for (const link of nav.children) link.toggleAttribute("aria-current", link.dataset.route === route);
    const current = nav.querySelector("[aria-current]");
    current?.setAttribute("aria-current", "page");
    for (const cell of main.querySelectorAll("[data-tip]:not(button):not([tabindex])")) cell.tabIndex = -1;
    for (const table of main.querySelectorAll("table")) table.querySelector("tbody [data-tip]")?.setAttribute("tabindex", 0);
  }

  // A newer board takes the place of the old one; what one looked at, where, and the focus stay.
  function replace(board) {
    asked = model.open(board);
    document.getElementById("version").textContent = `routelab ${board.routelab_version}, publication ${board.board.sequence} of ${format.day(board.board.published)}`;
    const focus = document.activeElement?.id;
    const { route, params } = place();
    const [left, top] = [scrollX, scrollY];
    build(route, params);
    scrollTo(left, top);
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  }

  async function refresh(wait) {
    try {
      const answer = await fetch("api/version", { cache: "no-cache" });
      const { sequence } = await answer.json();
      if (answer.ok && sequence !== asked.board.board.sequence) {
        const packed = await fetch("board.json.gz", { cache: "no-cache" });
        const before = asked.board.board.sequence;
        replace(JSON.parse(await model.inflate(packed.body)));
        news.textContent = `The board was updated from publication ${before} to ${sequence}.`;
      }
    } catch { /* the server is away; the next turn asks again */ }
    setTimeout(refresh, wait, wait);
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
    for (const node of document.querySelectorAll("[aria-describedby=tip]")) node.removeAttribute("aria-describedby");
  }

  // Arrow keys move from cell to cell, so that a table is one stop of the tab key.
  function walk(event) {
    const cell = event.target.closest?.("tbody td, tbody th");
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!cell || !step || event.target !== cell) return;
    const rows = [...cell.closest("table").querySelectorAll("tbody tr:not(.band)")].filter((row) => row.offsetParent);
    const cells = [...(rows[rows.indexOf(cell.parentElement) + step[0]]?.cells ?? [])];
    let at = cell.cellIndex + step[1];
    while (cells[at] && !cells[at].offsetParent) at += step[1] || 1;
    if (!cells[at]) return;
    event.preventDefault();
    cell.tabIndex = -1;
    cells[at].tabIndex = 0;
    cells[at].focus();
  }

  function turn() {
    const root = document.documentElement;
    const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    plots.all();
  }

  for (const kind of ["pointerover", "focusin"])
    document.addEventListener(kind, (event) => {
      const node = event.target.closest?.("[data-tip]");
      node ? openTip(node) : closeTip();
    });
  document.addEventListener("focusout", closeTip);
  document.addEventListener("scroll", closeTip, { passive: true });
  document.addEventListener("keydown", (event) => (event.key === "Escape" ? closeTip() : walk(event)));
  document.getElementById("theme").addEventListener("click", turn);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  dark.addEventListener("change", plots.all);
  addEventListener("hashchange", follow);

  const [board, library] = await Promise.all([model.embedded("data"), model.embedded("library")]);
  document.head.append(Object.assign(document.createElement("script"), { textContent: library }));
  nav.append(...NAV.map((route) => h("a", { href: `#${route}`, "data-route": route }, pages[route].title)));
  replace(JSON.parse(board));
  const seconds = Number(document.body.dataset.refresh);
  if (seconds) setTimeout(refresh, 1000 * seconds, 1000 * seconds);
})();
