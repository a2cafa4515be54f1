// Elements from text: nothing here or elsewhere parses HTML, so what a submitter wrote stays text.
"use strict";

const dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name.startsWith("--")) node.style.setProperty(name, value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }

  const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  // A link a submitter gave: only to the web, and with nothing passed on. Anything else stays text.
  function outside(address) {
    let url = null;
    try { url = new URL(address); } catch { /* no address */ }
    if (!url || !["http:", "https:"].includes(url.protocol)) return address;
    return h("a", { href: url.href, rel: "nofollow noopener noreferrer", target: "_blank" }, address);
  }

  // head: [[title, hint]]; rows: arrays of cells, the first of which names the row; a cell is text, a node,
  // or {text, tip, class}.
  function table(caption, head, rows, kind = "") {
    const cell = (tag, content, attributes) => {
      const { text = content, tip, class: look } = content?.text !== undefined && !(content instanceof Node) ? content : {};
      return h(tag, { ...attributes, class: look, "data-tip": tip }, text);
    };
    return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption },
      h("table", { class: `slices ${kind}` },
        h("caption", { class: "unseen" }, caption),
        h("thead", null, h("tr", null, head.map(([title, hint]) => h("th", { scope: "col", "data-tip": hint }, title)))),
        h("tbody", null, rows.map(([first, ...rest]) =>
          h("tr", null, cell("th", first, { scope: "row" }), rest.map((content) => cell("td", content, {})))))));
  }

  // The same numbers as a chart, for whoever cannot see it; made when opened, and again by `renew` when they change.
  function asTable(make) {
    const node = h("details", { class: "as-table" }, h("summary", null, "The same as a table"));
    const renew = () => node.replaceChildren(node.firstChild, ...(node.open ? [make()] : []));
    node.addEventListener("toggle", renew);
    return Object.assign(node, { renew });
  }

  function choice(label, name, options, value, change) {
    return h("div", { class: "choice", role: "group", "aria-label": label }, options.map(([key, text]) =>
      h("button", { type: "button", id: `${name}-${key}`, "aria-pressed": String(key === value), onclick: () => change({ [name]: key }) }, text)));
  }

  function press(root, name, value) {
    for (const button of root.querySelectorAll(`[id^="${name}-"][aria-pressed]`))
      button.setAttribute("aria-pressed", String(button.id === `${name}-${value}`));
  }

  // groups: [[label, [name]]]
  function select(id, label, groups, value, change) {
    const options = (names) => names.map((name) => h("option", { value: name, selected: name === value }, name));
    const filled = groups.filter(([, names]) => names.length);
    return h("label", null, `${label} `,
      h("select", { id, onchange: (event) => change(event.target.value) },
        filled.map(([group, names]) => (group ? h("optgroup", { label: group }, options(names)) : options(names)))));
  }

  // An interval as a small picture on a scale from low to high: its value a dot, or with `zero` around a line there.
  function strip(metric, [low, high], { zero = false, wide = 84, dot = true } = {}) {
    if (!metric || metric.value === null) return null;
    const at = (value) => 3 + (wide - 6) * Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
    return svg("svg", { class: "strip", width: wide, height: 12, "aria-hidden": "true" },
      zero && svg("path", { class: "zero", d: `M${at(0)} 0v12` }),
      svg("line", { class: "span", x1: at(metric.low ?? metric.value), x2: at(metric.high ?? metric.value), y1: 6, y2: 6 }),
      dot && svg("circle", { cx: at(metric.value), cy: 6, r: 2.8 }));
  }

  const heading = (title, ...more) => h("div", { class: "heading" }, h("h1", { tabindex: -1 }, title), more);
  const note = (...text) => h("p", { class: "note" }, text);

  return { h, svg, outside, table, asTable, choice, press, select, strip, heading, note };
})();

// The pages by route: {title, show(model, params, change) -> {node, update(params)}}.
const pages = {};
