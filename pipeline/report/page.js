"use strict";
const parsed = id => JSON.parse(document.getElementById(id).textContent);
const shapes = parsed("shapes"), common = parsed("common"), views = new Map();
const names = [...document.querySelectorAll("script.ticker")].map(script => script.dataset.name);
const kept = new Map();  // by figure, the label of the part that was chosen
let chosen, run = 0;

function shown(figure) {
  return (figure.dataset.of === "all" ? common : chosen).figures[figure.dataset.name];
}

function records(table) {
  const names = Object.keys(table);
  return table[names[0]].map((_, at) => Object.fromEntries(names.map(name => [name, table[name][at]])));
}

async function draw(figure) {
  const own = shown(figure), chart = figure.querySelector(".chart"), spec = structuredClone(shapes[figure.dataset.name]);
  const width = Math.max(chart.clientWidth, 240), beside = 88;  // the vertical axis with its title
  spec.datasets = Object.fromEntries(Object.entries(own.rows).map(([name, table]) => [name, records(table)]));
  for (const param of spec.params ?? []) {
    if (param.name in own.start) param.value = own.start[param.name];
    if (param.name === "brush" && kept.has(figure)) param.value = own.spans[kept.get(figure)];
    if (param.bind && views.has(figure)) param.value = views.get(figure).view.signal(param.name);
  }
  if (spec.vconcat) {
    spec.config.view.continuousWidth = width - beside;
    if (width < 480) spec.vconcat[0].height = 170;  // on a phone the headline and the figure share the first screen
  }
  else if (spec.height.step) spec.width = width - beside;
  else Object.assign(spec, {width, autosize: {type: "fit-x", contains: "padding"}});
  spec.config.font = "system-ui, sans-serif";
  spec.config.axisX = {tickCount: Math.ceil(width / 110)};
  views.get(figure)?.finalize();
  const controls = figure.querySelector(".controls");
  controls.replaceChildren();
  views.set(figure, await vegaEmbed(chart, spec, {actions: false, renderer: "svg", bind: controls}));
  chart.querySelector("svg").setAttribute("aria-hidden", "true");  // the element around it speaks for it
}

function spans(figure) {
  const row = figure.querySelector(".spans");
  const press = () => {
    for (const button of row.children) button.setAttribute("aria-pressed", String(button.textContent === kept.get(figure)));
  };
  row.replaceChildren(...Object.keys(shown(figure).spans).map(label => {
    const button = Object.assign(document.createElement("button"), {textContent: label, type: "button"});
    button.addEventListener("click", () => {
      kept.set(figure, label);
      press();
      draw(figure);
    });
    return button;
  }));
  press();
}

async function drawAll(own) {
  const main = document.querySelector("main");
  main.setAttribute("aria-busy", "true");
  for (const figure of document.querySelectorAll("figure")) {
    figure.hidden = !shown(figure);
    if (figure.hidden) continue;
    spans(figure);
    await draw(figure);
    await new Promise(resolve => setTimeout(resolve));  // let the reader scroll between two figures
    if (own !== run) return;
  }
  main.setAttribute("aria-busy", "false");
}

function cells(line) {
  const row = document.createElement("tr");
  row.append(...line.map(text => Object.assign(document.createElement("td"), {textContent: text})));
  return row;
}

async function unpacked(script) {
  const bytes = Uint8Array.from(atob(script.textContent), letter => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

function choose(at, ticker) {
  const select = document.querySelector("#ticker");
  if (chosen?.name !== ticker.name) kept.clear();
  chosen = ticker;
  if (select) select.selectedIndex = at;
  document.querySelector("#chosen").textContent = chosen.heading;
  document.querySelector("#notes").replaceChildren(...chosen.notes.map(text => Object.assign(document.createElement("p"), {textContent: text})));
  for (const figure of document.querySelectorAll("figure[data-of=ticker]"))
    if (shown(figure)) figure.querySelector(".says").textContent = shown(figure).says;
  const table = document.querySelector("#next_forecast");
  if (table) {
    table.caption.textContent = chosen.caption;
    table.tBodies[0].replaceChildren(...chosen.table.map(cells));
  }
}

function key(row, column) {
  const text = row.cells[column].textContent.trim(), number = Number(text.replace(/[,%<+]/g, ""));
  return text === "" ? null : Number.isNaN(number) ? text : number;
}

function sort(button) {
  const head = button.closest("th"), body = head.closest("table").tBodies[0], column = head.cellIndex;
  const sign = head.getAttribute("aria-sort") === "descending" ? 1 : -1;  // numbers: the most first
  const compared = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
  const rows = [...body.rows].map(row => [key(row, column), row]);
  rows.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null) : sign * compared(a, b));
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
  body.append(...rows.map(([, row]) => row));
}

for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => sort(button));
document.querySelector("#ticker")?.addEventListener("change", event => {
  location.hash = encodeURIComponent(names[event.target.selectedIndex]);
});

function named() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";  // no name of a ticker
  }
}

async function fromAddress() {
  const own = ++run, at = Math.max(names.indexOf(named()), 0);
  const ticker = await unpacked(document.querySelectorAll("script.ticker")[at]);
  if (own !== run) return;  // another was chosen meanwhile
  choose(at, ticker);
  await drawAll(own);
}

addEventListener("hashchange", () => {
  if (document.activeElement?.matches("td a")) document.querySelector("#chosen").focus();  // from the table to the figures
  fromAddress();
});
let width = innerWidth, waiting;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(fromAddress, 200);
});
fromAddress();
