"""The page that `mlptrain watch` serves: it asks for the data each second and draws them as SVG.

Whatever comes from a file becomes text through textContent, so none of it can be markup.
"""

from mlptrain.report.live.maps import MAPS
from mlptrain.report.plots.canvas import DARK, LIGHT, Theme


def colours(theme: Theme) -> str:
    """The palette of our pictures, as CSS."""
    palette = "".join(f"--c{i}: {each}; " for i, each in enumerate(theme.palette))
    scale = f"--low: {theme.low}; --high: {theme.high}; "
    return f"--paper: {theme.paper}; --ink: {theme.ink}; --line: {theme.faint}; {scale}{palette}"


STYLE = f"""
:root {{ color-scheme: light dark; --soft: #555c66; {colours(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ --soft: #a8aeb8; {colours(DARK)} }} }}
body {{ margin: 0 auto; max-width: 84rem; padding: 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }}
h1 {{ margin: 0; font-size: 1.4rem; }}
#state {{ margin: .2rem 0 1rem; color: var(--soft); }}
#charts {{ display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); }}
figure {{ margin: 0; }}
figcaption {{ font-weight: 600; }}
svg {{ display: block; width: 100%; height: auto; }}
svg text {{ fill: var(--soft); font-size: 13px; }}
.grid {{ stroke: var(--line); stroke-width: 1; }}
.curve {{ fill: none; stroke-width: 2; stroke-linejoin: round; }}
.legend {{ display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .2rem 0 0; padding: 0;
  list-style: none; font-size: .875rem; }}
.legend svg {{ display: inline-block; width: 1.6rem; height: .6rem; margin-right: .3rem; }}
#networks {{ margin-top: 1rem; }}
#networks h2 {{ font-size: 1.1rem; margin: 1rem 0 .2rem; }}
.maps {{ display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }}
.plane {{ width: min(22rem, 100%); }}
.units {{ display: flex; flex-wrap: wrap; gap: .4rem; max-width: 26rem; }}
canvas {{ display: block; width: 100%; height: auto; border: 1px solid var(--line);
  box-sizing: border-box; }}
.units canvas {{ width: 5.5rem; }}
.axes {{ color: var(--soft); font-size: .875rem; margin: .2rem 0 0; }}
.low {{ fill: var(--low); }}
.high {{ fill: var(--high); }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: 1rem;
  overflow-wrap: normal; }}
caption {{ text-align: left; color: var(--soft); }}
th, td {{ padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }}
:focus-visible {{ outline: 2px solid var(--c0); }}
"""
for _number in range(len(LIGHT.palette)):
    STYLE += (
        f".s{_number} {{ stroke: var(--c{_number}); }}\n.f{_number} {{ fill: var(--c{_number}); }}\n"
    )

SCRIPT = r"""
"use strict";
const SVG = "http://www.w3.org/2000/svg";
const W = Math.max(280, Math.min(640, document.documentElement.clientWidth - 32));
const H = 260, LEFT = 62, RIGHT = 16, TOP = 12, BOTTOM = 26;
const MOST_WITH_LAYERS = 3, COLOURS = 8, DASHES = ["none", "7 4", "2 3", "8 3 2 3"];
const made = (name, attributes = {}, text = "") => {
  const element = name.startsWith("svg:") ? document.createElementNS(SVG, name.slice(4))
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
};
const number = value => value == null ? "-" : Number.isInteger(value) ? String(value)
  : String(Number(value.toPrecision(4)));
const clock = run => run.series.epoch && run.series.epoch.every((e, i, all) => !i || e > all[i - 1])
  ? "epoch" : "step";

function ticks(low, high, log, least) {
  if (log) {
    const decades = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) decades.push(10 ** e);
    return decades.filter(t => t >= low * 0.999 && t <= high * 1.001);
  }
  if (low === high) return [low];
  const rough = Math.max((high - low) / 6, least), base = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(m => m * base).find(s => s >= rough);
  const found = [];
  for (let t = Math.ceil(low / step); t * step <= high * (1 + 1e-12); t++) found.push(t * step);
  return found;
}

function scale(values, from, to, log) {
  const change = log ? Math.log10 : v => v;
  const low = Math.min(...values), high = Math.max(...values);
  const a = change(low), b = change(high), span = b - a || 1;
  const place = v => b === a ? (from + to) / 2 : from + (change(v) - a) / span * (to - from);
  return { place, low, high };
}

function look(n) {
  return { class: `curve s${n % COLOURS}`, "stroke-dasharray": DASHES[Math.floor(n / COLOURS) % 4] };
}

function chart(title, curves, x) {
  const there = p => p[0] != null && p[1] != null;
  const points = curves.map(c => c.x.map((v, i) => [v, c.y[i]]).filter(there));
  const flat = points.flat();
  if (!flat.length) return null;
  const ys = flat.map(p => p[1]), smallest = Math.min(...ys);
  const log = smallest > 0 && Math.max(...ys) / smallest > 100;
  const across = scale(flat.map(p => p[0]), LEFT, W - RIGHT, false);
  const up = scale(ys, H - BOTTOM, TOP, log);
  const last = curves.map((c, i) => points[i].length
    ? `${c.name} ${number(points[i][points[i].length - 1][1])}` : "").filter(Boolean);
  const words = `${title} by ${x}: ${last.join(", ")}`;
  const svg = made("svg:svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": words });
  for (const t of ticks(up.low, up.high, log, 0)) {
    const y = up.place(t);
    svg.append(made("svg:line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: y, y2: y }),
      made("svg:text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, number(t)));
  }
  for (const t of ticks(across.low, across.high, false, 1))
    svg.append(made("svg:text", { x: across.place(t), y: H - 8, "text-anchor": "middle" }, number(t)));
  points.forEach((each, n) => {
    const place = each.map(p => `${across.place(p[0]).toFixed(1)},${up.place(p[1]).toFixed(1)}`);
    if (place.length === 1) place.push(place[0]);
    const points = place.join(" ");
    svg.append(made("svg:polyline", { ...look(n), "stroke-linecap": "round", points }));
  });
  const figure = made("figure"), legend = made("ul", { class: "legend" });
  curves.forEach((c, n) => {
    const item = made("li"), key = made("svg:svg", { viewBox: "0 0 26 10", "aria-hidden": "true" });
    key.append(made("svg:line", { ...look(n), x1: 0, x2: 26, y1: 5, y2: 5 }));
    item.append(key, document.createTextNode(c.name));
    legend.append(item);
  });
  figure.append(made("figcaption", {}, title), svg, legend);
  return figure;
}

const SPLITS = { train: "train", val: "validation" };

function panels(runs) {
  const x = runs.every(run => clock(run) === "epoch") ? "epoch" : "step", found = new Map();
  const add = (title, name, xs, ys) => {
    if (!found.has(title)) found.set(title, []);
    found.get(title).push({ name, x: xs, y: ys });
  };
  for (const run of runs) {
    const named = runs.length > 1 ? `${run.name} ` : "";
    const validated = "val_loss" in run.series;
    for (const [key, values] of Object.entries(run.series)) {
      const [split, ...rest] = key.split("_");
      if (!(split in SPLITS) || (named && validated && split === "train")) continue;
      add(rest.join(" "), named ? run.name : SPLITS[split], run.series[x], values);
    }
    if (run.series.learning_rate)
      add("learning rate", named.trim() || "learning rate", run.series[x], run.series.learning_rate);
    for (const [layer, logged] of Object.entries(runs.length > MOST_WITH_LAYERS ? {} : run.layers)) {
      add("update ratio", named + layer, run.logged[x], logged.update_ratio);
      add("share of dead units", named + layer, run.logged[x], logged.dead);
    }
  }
  return [...found].map(([title, curves]) => chart(title, curves, x)).filter(Boolean);
}

function row(run) {
  const last = key => number((run.series[key] || []).at(-1)), line = made("tr");
  line.append(made("th", { scope: "row" }, run.name), made("td", {}, run.status));
  for (const key of ["epoch", "step", "train_loss", "val_loss"]) line.append(made("td", {}, last(key)));
  line.append(made("td", {}, run.reason));
  return line;
}

"""
POLL = r"""
let shown = "";
async function poll() {
  let wait = 1000;
  try {
    const answer = await fetch("data"), text = await answer.text();
    if (text !== shown) {
      shown = text;
      const data = JSON.parse(text);
      document.getElementById("place").textContent = data.place;
      document.getElementById("charts").replaceChildren(...panels(data.runs));
      document.getElementById("networks").replaceChildren(...networks(data.runs));
      document.getElementById("runs").replaceChildren(...data.runs.map(row));
      const running = data.runs.filter(run => run.status === "running").length;
      const more = data.more ? `; ${data.more} older ones are not shown` : "";
      document.getElementById("state").textContent = data.runs.length
        ? `${data.runs.length} shown, ${running} running${more}` : "no run yet";
    }
  } catch (error) {
    const over = "mlptrain watch has ended; the curves stay as they were";
    document.getElementById("state").textContent = over;
    shown = "";
    wait = 3000;
  }
  setTimeout(poll, document.hidden ? 3 * wait : wait);
}
poll();
"""

HEADS = ("run", "status", "epoch", "step", "train loss", "validation loss", "")


def page(nonce: str) -> str:
    """The document; its style and its script are the only ones that may apply."""
    heads = "".join(f'<th scope="col">{each}</th>' if each else "<td></td>" for each in HEADS)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f'<title>mlptrain watch</title>\n<style nonce="{nonce}">{STYLE}</style>\n</head>\n<body>\n'
        '<header><h1 id="place">mlptrain watch</h1><p id="state" role="status">reading</p></header>\n'
        '<main>\n<div id="charts"></div>\n<div id="networks"></div>\n'
        '<div class="wide" role="region" tabindex="0" aria-label="Runs"><table>'
        f'<caption>How the runs stand</caption><thead><tr>{heads}</tr></thead><tbody id="runs"></tbody>'
        "</table></div>\n</main>\n"
        f'<script nonce="{nonce}">{SCRIPT}{MAPS}{POLL}</script>\n</body>\n</html>\n'
    )
