"""The part of the page that draws networks: their maps on the plane, and some predictions."""

MAPS = r"""
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const channels = colour => [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
const mixed = (colour, paper, share) => colour.map((c, i) => paper[i] + (c - paper[i]) * share);
const POINT = 4, SIDE = 352, SIDE_OF_UNIT = 88, FAINTEST = 0.15, STRONGEST = 0.6;

function palette() {
  const style = getComputedStyle(document.documentElement);
  const named = name => channels(style.getPropertyValue(name).trim());
  const classes = [];
  for (let i = 0; i < COLOURS; i++) classes.push(named(`--c${i}`));
  const [paper, ink, low, high] = ["--paper", "--ink", "--low", "--high"].map(named);
  return { paper, ink, low, high, classes };
}

function field(size, side, words, colourOf) {
  const small = made("canvas"), canvas = made("canvas", { role: "img", "aria-label": words });
  small.width = small.height = size;
  canvas.width = canvas.height = side;
  const image = new ImageData(size, size);
  for (let i = 0; i < size * size; i++) image.data.set([...colourOf(i), 255], 4 * i);
  small.getContext("2d").putImageData(image, 0, 0);
  canvas.getContext("2d").drawImage(small, 0, 0, side, side);
  return canvas;
}

function of_sign(map, colours) {
  return i => {
    const v = (map[i] - 128) / 127;
    return mixed(v < 0 ? colours.low : colours.high, colours.paper, Math.min(1, Math.abs(v)));
  };
}

function of_class(answer, colours) {
  const winner = bytes(answer.map), sure = bytes(answer.sure);
  return i => mixed(colours.classes[winner[i] % COLOURS], colours.paper,
    FAINTEST + (STRONGEST - FAINTEST) * sure[i] / 255);
}

function dots(canvas, plane, colours) {
  const pen = canvas.getContext("2d"), [across, up] = plane.limits, answer = plane.answer;
  const place = (v, [low, high]) => (v - low) / (high - low) * canvas.width;
  const middle = answer.classes ? 0 : (answer.low + answer.high) / 2;
  const half = answer.classes ? 1 : (answer.high - answer.low) / 2 || 1;
  for (const [x, y, truth] of plane.points) {
    const v = Math.max(-1, Math.min(1, (truth - middle) / half));
    const colour = answer.classes ? colours.classes[truth % COLOURS]
      : mixed(v < 0 ? colours.low : colours.high, colours.paper, Math.abs(v));
    pen.beginPath();
    pen.arc(place(x, across), canvas.height - place(y, up), POINT, 0, 7);
    pen.fillStyle = `rgb(${colour.map(Math.round)})`;
    pen.strokeStyle = `rgb(${colours.ink})`;
    pen.fill();
    pen.stroke();
  }
}

function key(name, fill) {
  const item = made("li"), swatch = made("svg:svg", { viewBox: "0 0 26 10", "aria-hidden": "true" });
  swatch.append(made("svg:rect", { class: fill, width: 26, height: 10 }));
  item.append(swatch, document.createTextNode(name));
  return item;
}

function whole(network, colours) {
  const plane = network.plane, answer = plane.answer, [a, b] = plane.names;
  const title = answer.classes ? "decision boundary" : "prediction";
  const shown = answer.classes ? answer.classes.join(", ")
    : `from ${number(answer.low)} to ${number(answer.high)}`;
  const split = SPLITS[network.split] || network.split;
  const points = plane.points.length ? `; ${plane.points.length} ${split} rows` : "";
  const words = `${title} by ${a} and ${b} at step ${network.step}: ${shown}${points}`;
  const colour = answer.classes ? of_class(answer, colours) : of_sign(bytes(answer.map), colours);
  const canvas = field(plane.size, SIDE, words, colour), figure = made("figure", { class: "plane" });
  dots(canvas, plane, colours);
  const [x, y] = plane.limits.map(each => each.map(number).join(" to "));
  const legend = made("ul", { class: "legend" });
  if (answer.classes) legend.append(...answer.classes.map((name, i) => key(name, `f${i % COLOURS}`)));
  else legend.append(key(number(answer.low), "low"), key(number(answer.high), "high"));
  figure.append(made("figcaption", {}, title), canvas,
    made("p", { class: "axes" }, `across ${a} ${x}, up ${b} ${y}${points}`), legend);
  return figure;
}

function layer(each, plane, colours) {
  const figure = made("figure"), units = made("div", { class: "units" });
  each.maps.forEach((map, n) => {
    const words = `unit ${n + 1} of ${each.name} by ${plane.names.join(" and ")}`;
    units.append(field(plane.unit_size, SIDE_OF_UNIT, words, of_sign(bytes(map), colours)));
  });
  const some = each.units > each.maps.length ? `, ${each.maps.length} of ${each.units}` : "";
  const title = `units of ${each.name}${some}`;
  figure.append(made("figcaption", {}, title), units);
  return figure;
}

function predicted(network) {
  const rows = network.rows, table = made("table"), head = made("tr"), body = made("tbody");
  const sure = rows.lines.some(line => line[3] != null);
  const columns = ["row", rows.target, "predicted", ...(sure ? ["probability"] : [])];
  for (const name of columns) head.append(made("th", { scope: "col" }, name));
  for (const line of rows.lines) {
    const tr = made("tr");
    tr.append(made("th", { scope: "row" }, line[0]));
    for (const cell of line.slice(1, columns.length)) tr.append(made("td", {}, cell));
    body.append(tr);
  }
  const top = made("thead"), wide = made("div", { class: "wide" });
  top.append(head);
  const words = `Some ${SPLITS[rows.split] || rows.split} rows at step ${network.step}`;
  table.append(made("caption", {}, words), top, body);
  wide.append(table);
  return wide;
}

function networks(runs) {
  const colours = palette(), found = [];
  for (const run of runs) {
    const network = run.network;
    if (!network || !(network.rows || network.plane)) continue;
    if (runs.length > 1) found.push(made("h2", {}, run.name));
    if (network.plane) {
      const maps = made("div", { class: "maps" });
      maps.append(whole(network, colours),
        ...network.plane.layers.map(each => layer(each, network.plane, colours)));
      found.push(maps);
    }
    if (network.rows) found.push(predicted(network));
  }
  return found;
}
"""
