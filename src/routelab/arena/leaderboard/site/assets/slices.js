// Where each router is strong: a table of colours, routers by labels, against the best single arm or plain.
"use strict";

pages.slices = (() => {
  const { h } = dom;
  const { units, bare, interval } = format;

  function show(model, params, change) {
    const fields = model.fields();
    if (!fields.length) return { node: h("section", null, dom.heading("Where each router is strong"), dom.note("This board has no labels to slice by.")), update() {} };
    const body = h("div", null);
    const canCompare = Boolean(model.bestSingle && fields.some((field) => model.slices(model.bestSingle, field).length));
    const modes = [...(canCompare ? [["single", "minus best single"]] : []), ["plain", "accuracy"]];
    let now = {};
    const root = h("section", null,
      dom.heading("Where each router is strong"),
      h("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
        dom.choice("Field", "field", fields.map((field) => [field, format.words(field)]), params.field ?? fields[0], change),
        dom.choice("What the colour means", "mode", modes, params.mode ?? modes[0][0], change),
        h("label", null, "Find ", h("input", { type: "search", id: "text", value: params.text ?? "", oninput: (event) => change({ text: event.target.value || null }) }))),
      body);

    function update(wanted) {
      const { field = fields[0], mode = modes[0][0], text = "" } = wanted;
      dom.press(root, "field", field);
      dom.press(root, "mode", mode);
      if (now.field !== field || now.mode !== mode) body.replaceChildren(...draw(model, field, mode));
      now = { field, mode };
      for (const line of body.querySelectorAll("tbody tr")) line.hidden = !line.dataset.router.toLowerCase().includes(text.toLowerCase());
    }
    update(params);
    return { node: root, update };
  }

  function draw(model, field, mode) {
    const routers = [...model.ranked, ...model.dropped].filter((router) => model.slices(router, field).length);
    const against = new Map(model.slices(model.bestSingle, field).map((one) => [one.label, one.accuracy.value]));
    const counts = new Map(routers.flatMap((router) => model.slices(router, field).map((one) => [one.label, one.queries])));
    const labels = [...counts.keys()];
    const table = h("table", { class: "heat" },
      h("caption", { class: "unseen" }, `Accuracy of each router for each ${field}${mode === "single" ? ", minus that of the best single arm" : ""}`),
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Router"), labels.map((label) => h("th", { scope: "col" }, label, h("small", null, counts.get(label)))))),
      h("tbody", null, routers.map((router) => {
        const found = new Map(model.slices(router, field).map((one) => [one.label, one]));
        return h("tr", { "data-router": router.name, class: router.listed ? null : "dropped" },
          h("th", { scope: "row" }, h("a", { href: `#router?name=${encodeURIComponent(router.name)}` }, router.name), !router.listed && h("small", null, "not listed")),
          labels.map((label) => cell(found.get(label), mode, against.get(label))));
      })));
    const meaning = mode === "single"
      ? "Points above (blue) or below (orange) the best single arm. Pale numbers: the best single arm lies inside the interval, so the two are not told apart. The small number is the count of queries."
      : "Accuracy in percent; a deeper colour is higher. The small number is the count of queries.";
    return [dom.note(meaning), h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Heat map, scrolls sideways" }, table)];
  }

  function cell(one, mode, single) {
    if (!one || one.accuracy.value === null) return h("td", null, format.DASH);
    const { value, low, high } = one.accuracy;
    const tip = `accuracy ${interval(one.accuracy, units.percent)}, ${format.number(one.cost, units.dollars)} per 1,000 queries`;
    if (mode === "plain") return h("td", { class: "up", "--strength": value.toFixed(2), "data-tip": tip }, bare(value, units.score));
    if (single === undefined || single === null) return h("td", { "data-tip": tip }, format.DASH);
    const gain = value - single;
    const open = low !== null && low <= single && single <= high;
    return h("td", { class: `${gain >= 0 ? "up" : "down"}${open ? " open" : ""}`, "--strength": Math.min(1, Math.abs(gain) / 0.15).toFixed(2), "data-tip": `${tip}\nbest single ${format.number(single, units.percent)}` }, bare(gain, units.points));
  }

  return { title: "Slices", show };
})();
