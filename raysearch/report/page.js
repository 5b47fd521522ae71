// What does a reader of the report do with it? Figures are drawn as they come into view; a click on
// anything that belongs to trials shows those trials alone, in every figure and in the table.
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const trials = page.trials;
  const drawn = new Map(); // element -> ranges of the axes as they were first drawn
  const filters = new Map(); // name -> {label, owners: Set}
  const ROWS = 60;
  let brushing = null; // the figure in which lines are being chosen: it does so itself

  const BASE = {
    font: { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: 12, color: "#2b333b" },
    margin: { l: 70, r: 20, t: 28, b: 46 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hovermode: "closest",
    dragmode: "zoom",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 11 } },
  };
  const AXIS = { gridcolor: "#e8ecef", linecolor: "#c5ccd3", zeroline: false, automargin: true };
  const CONFIG = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
  };

  const ownersOf = (entry) => (entry === undefined || entry === null ? [] : Array.isArray(entry) ? entry : [entry]);

  function short(value) {
    if (value === null || value === undefined) return "-";
    if (Number.isInteger(value)) return String(value);
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  }

  function label(owner) {
    const trial = trials[owner];
    const run = page.runs.length > 1 ? `${page.runs[trial.run]} ` : "";
    return `<b>${run}${trial.id}</b> ${trial.status}, ${page.metrics[trial.run]} ${short(trial.value)}`;
  }

  function hover(trace, n) {
    const owners = ownersOf(trace.customdata && trace.customdata[n]);
    const own = trace.meta.texts[n];
    const lines = [];
    if (trace.meta.filter === "counts") lines.push(`<b>${owners.length}</b> trials${trace.name ? `: ${trace.name}` : ""}`);
    else if (owners.length === 1) lines.push(label(owners[0]));
    else if (owners.length > 1) lines.push(`<b>${owners.length} trials</b>`);
    if (own) lines.push(own);
    if (["scatter", "scattergl"].includes(trace.type) && trace.x[n] !== null && trace.meta.title) {
      lines.push(`${trace.meta.title} ${short(trace.y[n])} at ${short(trace.x[n])}`);
    }
    return lines.join("<br>");
  }

  // ---- filters

  function kept() {
    let owners = null;
    for (const filter of filters.values()) {
      owners = owners === null ? filter.owners : new Set([...owners].filter((o) => filter.owners.has(o)));
    }
    return owners;
  }

  function only(list, keep) {
    return Array.isArray(list) ? list.filter((_, n) => keep[n]) : list;
  }

  function filtered(trace, owners) {
    const kind = trace.meta && trace.meta.filter;
    let found = trace;
    if (owners !== null && kind === "counts") {
      const left = trace.customdata.map((entry) => ownersOf(entry).filter((o) => owners.has(o)));
      found = { ...trace, customdata: left, x: left.map((entry) => entry.length) };
    } else if (owners !== null && kind === "parallel") {
      const keep = trace.customdata.map((o) => owners.has(o));
      const dimensions = trace.dimensions.map((d) => ({ ...d, values: only(d.values, keep) }));
      const line = { ...trace.line, color: only(trace.line.color, keep) };
      return { ...trace, dimensions, line, customdata: only(trace.customdata, keep) };
    } else if (owners !== null && kind === "points") {
      const keep = trace.customdata.map((entry) => ownersOf(entry).some((o) => owners.has(o)));
      found = { ...trace, meta: { ...trace.meta, texts: only(trace.meta.texts, keep) } };
      for (const name of ["x", "y", "base", "customdata", "text"]) {
        if (name in trace) found[name] = only(trace[name], keep);
      }
      if (trace.marker) found.marker = { ...trace.marker, color: only(trace.marker.color, keep) };
    }
    if (kind === "parallel" || trace.type === "heatmap") return found;
    return { ...found, hovertext: found.x.map((_, n) => hover(found, n)) };
  }

  function setFilter(name, text, owners) {
    if (owners === null) filters.delete(name);
    else filters.set(name, { label: text, owners: new Set(owners) });
    show();
  }

  function reset() {
    filters.clear();
    for (const box of document.querySelectorAll("select[data-filter]")) box.value = "";
    show();
  }

  function show() {
    showBar();
    showTable();
    for (const element of drawn.keys()) redraw(element);
  }

  // ---- figures

  function layoutOf(figure, ranges) {
    const layout = { ...BASE, ...figure.layout, height: figure.height };
    for (const name of Object.keys(layout)) {
      if (/^[xy]axis/.test(name)) {
        layout[name] = { ...AXIS, ...layout[name] };
        if (ranges && ranges[name]) layout[name] = { ...layout[name], range: ranges[name], autorange: false };
      }
    }
    if (figure.data[0] && figure.data[0].type === "parcoords") layout.margin = { l: 60, r: 60, t: 96, b: 24 };
    return layout;
  }

  function draw(element) {
    if (drawn.has(element)) return;
    drawn.set(element, null);
    const figure = page.figures[element.dataset.figure];
    const owners = kept();
    const data = figure.data.map((trace) => filtered(trace, null));
    Plotly.newPlot(element, data, layoutOf(figure), CONFIG);
    const ranges = {};
    for (const name of Object.keys(element._fullLayout)) {
      if (/^[xy]axis\d*$/.test(name)) ranges[name] = [...element._fullLayout[name].range];
    }
    drawn.set(element, ranges);
    element.on("plotly_click", (event) => clicked(event));
    if (data[0] && data[0].type === "parcoords") element.on("plotly_restyle", () => brushed(element));
    if (owners !== null) redraw(element);
  }

  function redraw(element) {
    const ranges = drawn.get(element);
    const figure = page.figures[element.dataset.figure];
    if (ranges === null || element === brushing) return;
    const owners = kept();
    const data = figure.data.map((trace) => filtered(trace, owners));
    Plotly.react(element, data, layoutOf(figure, ranges), CONFIG);
  }

  function clicked(event) {
    const point = event.points[0];
    const owners = ownersOf(point.data.customdata && point.data.customdata[point.pointNumber]);
    if (owners.length === 0) return;
    const name = point.data.name && owners.length > 1 ? `: ${point.data.name}` : "";
    const tick = owners.length > 1 ? tickOf(point) : "";
    const text = owners.length === 1 ? `trial ${trials[owners[0]].id}` : `${tick}${name}`.replace(/^: /, "");
    setFilter("click", text, owners);
  }

  function tickOf(point) {
    const axis = point.yaxis || {};
    const n = (axis.tickvals || []).indexOf(point.y);
    return n < 0 ? "" : axis.ticktext[n];
  }

  function brushed(element) {
    const trace = element.data[0];
    const within = (value, range) => (Array.isArray(range[0]) ? range.some((r) => within(value, r)) : value >= range[0] && value <= range[1]);
    const brushes = trace.dimensions.filter((d) => d.constraintrange);
    const owners = trace.customdata.filter((_, n) => brushes.every((d) => within(d.values[n], d.constraintrange)));
    brushing = element;
    setFilter("brush", brushes.map((d) => d.label).join(", "), brushes.length ? owners : null);
    brushing = null;
  }

  // ---- the bar and the table

  function showBar() {
    const owners = kept();
    const n = owners === null ? trials.length : owners.size;
    document.getElementById("count").textContent = owners === null ? `all ${n} trials` : `${n} of ${trials.length} trials`;
    const bar = document.getElementById("filters");
    bar.replaceChildren();
    for (const [name, filter] of filters) {
      const chip = document.createElement("button");
      chip.className = "chip";
      chip.textContent = `${filter.label} ×`;
      chip.title = "Remove this filter";
      chip.onclick = () => {
        const box = document.querySelector(`select[data-filter="${name}"]`);
        if (box) box.value = "";
        setFilter(name, "", null);
      };
      bar.append(chip);
    }
    document.getElementById("reset").hidden = filters.size === 0;
  }

  function showTable() {
    const owners = kept();
    const order = page.order.filter((o) => owners === null || owners.has(o));
    const body = document.getElementById("trial-rows");
    body.replaceChildren();
    for (const owner of order.slice(0, ROWS)) body.append(row(owner));
    const more = order.length - ROWS;
    document.getElementById("more").textContent = more > 0 ? `and ${more} more; a filter shows them` : "";
  }

  function row(owner) {
    const trial = trials[owner];
    const line = document.createElement("tr");
    line.dataset.owner = owner;
    const cells = [trial.id, trial.status, short(trial.value), trial.epochs, trial.time, trial.why, trial.configuration];
    if (page.runs.length > 1) cells.unshift(page.runs[trial.run]);
    for (const text of cells) {
      const cell = document.createElement("td");
      cell.textContent = text;
      line.append(cell);
    }
    line.onclick = () => setFilter("click", `trial ${trial.id}`, [owner]);
    return line;
  }

  function fillBoxes() {
    for (const box of document.querySelectorAll("select[data-filter]")) {
      const name = box.dataset.filter;
      const key = (trial) => (name === "run" ? page.runs[trial.run] : trial[name]);
      const values = [...new Set(trials.map(key))].sort();
      if (values.length < 2) {
        box.parentElement.hidden = true;
        continue;
      }
      for (const value of values) box.add(new Option(value, value));
      box.onchange = () => {
        const owners = [...trials.keys()].filter((o) => key(trials[o]) === box.value);
        setFilter(name, box.value, box.value === "" ? null : owners);
      };
    }
  }

  // ---- the beginning

  const figures = [...document.querySelectorAll("[data-figure]")];
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          watcher.unobserve(entry.target);
          draw(entry.target);
        }
      }
    },
    { rootMargin: "300px" },
  );
  fillBoxes();
  document.getElementById("reset").onclick = reset;
  showBar();
  showTable();
  for (const element of figures) watcher.observe(element);
  window.addEventListener("beforeprint", () => figures.forEach(draw));
  window.raysearchReport = { page, drawAll: () => figures.forEach(draw), setFilter, reset, kept };
})();
