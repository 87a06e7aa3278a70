// predict(rows) and predictProba(rows) of a model trained by mlptrain; rows is an array of objects, a value
// for each column: numbers, text, booleans, a Date or an ISO date; null, NaN or "" where it is missing.
// A value that the model does not take is a RangeError. `node FILE` runs the self-test.

const MODEL = {};

const DAY = 86400000;

function unpacked(item) {
  if (Array.isArray(item)) return item.map(unpacked);
  if (item === null || typeof item !== "object") return item;
  if ("base64" in item) {
    const bytes = Uint8Array.from(atob(item.base64), (c) => c.charCodeAt(0)).buffer;
    const kinds = { "<f4": Float32Array, "<f8": Float64Array };
    return { data: new kinds[item.dtype](bytes), shape: item.shape };
  }
  return folded(Object.fromEntries(Object.entries(item).map(([key, value]) => [key, unpacked(value)])));
}

// Linear scores take the factors of their inputs, one set or one for each part of an ensemble, to the weights.
function folded(item) {
  if (item.op !== "linear" || item.factor === null) return item;
  const { W, factor } = item;
  const [rows, width] = W.shape.slice(-2);
  const parts = Math.max(W.data.length, factor.data.length * width) / (rows * width);
  const data = new W.data.constructor(parts * rows * width);
  for (let i = 0; i < data.length; i++) {
    data[i] = W.data[i % W.data.length] * factor.data[Math.floor(i / width) % factor.data.length];
  }
  const shape = factor.shape.length === 2 || W.shape.length === 3 ? [parts, rows, width] : [rows, width];
  return { ...item, W: { data, shape } };
}

const model = unpacked(MODEL);

function refuse(row, name, value, what) {
  throw new RangeError(`row ${row + 1}: ${name}: ${JSON.stringify(value)} ${what}`);
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

function days(text) {
  const found = TIME.exec(text);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((each) => Number(each ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC takes the years 0 to 99 for others
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || year < 1) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const shift = found[8] && found[8] !== "Z" ? Number(found[8].slice(1, 3)) * 60 + Number(found[8].slice(-2)) : 0;
  const minutes = hour * 60 + minute - (found[8]?.[0] === "-" ? -shift : shift);
  const seconds = second + Number(`0.${found[7] ?? 0}`);
  return date.getTime() / DAY + (minutes * 60 + seconds) / 86400;
}

function isMissing(value) {
  return value === null || value === undefined || (typeof value === "number" && Number.isNaN(value));
}

function numberOf(value, field, row) {
  if (isMissing(value)) return NaN;
  const text = typeof value === "string" ? value.trim() : null;
  if (text === "" || field.blanks.includes(text)) return NaN;
  let found;
  if (field.kind === "date") found = dateOf(text ?? value, field);
  else if (text === null) found = typeof value === "boolean" && field.kind === "boolean" ? Number(value) : value;
  else if (field.written !== null) {
    const plain = plainOf(text, field.written);
    if (plain !== undefined) found = Number(plain);
  } else if (field.kind === "boolean" && /^(true|false)$/i.test(text)) found = Number(text.toLowerCase() === "true");
  else if (DECIMAL.test(text)) found = Number(text);
  if (typeof found !== "number") refuse(row, field.name, value, `is no ${field.kind}`);
  if (field.gone.includes(found)) return NaN;
  if (!Number.isFinite(found)) refuse(row, field.name, value, "is not finite");
  if (field.kind === "boolean" && found !== 0 && found !== 1) refuse(row, field.name, value, "is neither true nor false");
  return found;
}

// Days since 1970-01-01 of a Date, of a text, or of a number where dates are written as seconds or the like.
function dateOf(value, field) {
  if (value instanceof Date) return value.getTime() / DAY;
  if (field.written === null) return typeof value === "string" ? days(value) : undefined;
  const { since, pattern, date } = field.written;
  if (since === null) {
    const name = JSON.stringify(field.name);
    if (typeof value === "string") throw new RangeError(`${name}: a text such as ${date} is not read here: give a Date`);
    return undefined;
  }
  return new RegExp(pattern).test(String(value)) ? (Math.trunc(Number(value)) * since) / (1000 * DAY) : undefined;
}

// The number of a text in a declared notation, as plain text: 1234.50 of "1.234,50 €", 90 of "1:30".
function plainOf(text, written) {
  const parts = new RegExp(written.pattern, "u").exec(text);
  if (parts === null) return undefined;
  if (written.weights !== null) return secondsOf(parts, written);
  const bare = written.unit === null ? text : text.replace(written.unit, () => "");
  const plain = Array.from(bare, (each) => written.characters[each] ?? each).join("");
  return plain.endsWith("-") ? `-${plain.slice(0, -1)}` : plain;
}

// The seconds of a duration: whole ones and billionths, which are whole numbers below 2^53.
function secondsOf(parts, written) {
  let [whole, billionths] = [0, 0];
  written.weights.forEach((weight, i) => {
    const [digits, decimals = ""] = (parts[i + 2] ?? "").split(written.point);
    whole += Number(digits) * weight;
    billionths += Number(decimals.padEnd(9, "0")) * weight;
  });
  whole += Math.floor(billionths / 1e9);
  const sign = parts[1] && parts[1] !== "+" ? "-" : "";
  return `${sign}${whole}.${String(billionths % 1e9).padStart(9, "0")}`.replace(/\.?0+$/, "");
}

function labelOf(value, field, row) {
  if (isMissing(value)) return "";
  const text = String(value).trim();
  if (field.blanks.includes(text) || (DECIMAL.test(text) && field.gone.includes(Number(text)))) return "";
  if (text === "" || field.written === null || typeof value !== "string") return text;
  return plainOf(text, field.written) ?? refuse(row, field.name, value, "is not written as declared");
}

function likeness(text) {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase();
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace("+", "")).toString();
  return DECIMAL.test(text) ? String(Number(text)) : text;
}

const finders = new Map();

// The place of a text among the levels; -1 where it is missing, -2 where it is none.
function placeOf(text, levels) {
  if (text === "") return -1;
  if (!finders.has(levels)) {
    const exact = new Map(levels.map((level, place) => [level, place]));
    const alike = new Map();
    levels.forEach((level, place) => alike.set(likeness(level), alike.has(likeness(level)) ? -2 : place));
    finders.set(levels, { exact, alike });
  }
  const { exact, alike } = finders.get(levels);
  return exact.get(text) ?? alike.get(likeness(text)) ?? -2;
}

// What the row holds, and not what every object inherits: a column may be called "constructor".
function cellOf(given, name) {
  return name in Object.prototype && !Object.hasOwn(given, name) ? undefined : given[name];
}

function columnsOf(given, row) {
  let found = model.columns.map((field) => {
    const value = cellOf(given, field.name);
    const read = field.kind === "text" ? labelOf(value, field, row) : numberOf(value, field, row);
    if (model.required && field.kind !== "text" && Number.isNaN(read)) refuse(row, field.name, value, "is missing");
    return read;
  });
  for (const known of model.known) {
    const place = placeOf(found[known.column], known.levels);
    const name = model.columns[known.column].name;
    if (known.missing && place === -1) refuse(row, name, null, "is missing");
    if (known.unseen && place === -2) refuse(row, name, found[known.column], "is no known category");
  }
  if (model.polar) found = [Math.hypot(found[0], found[1]), Math.atan2(found[1], found[0])];
  return found;
}

function ofNumbers(feature, columns) {
  const out = [];
  feature.columns.forEach((place, j) => {
    const missing = Number.isNaN(columns[place]);
    const x = missing ? feature.fill.data[j] : columns[place];
    let z = feature.unit ? Math.sign(x) * Math.log1p(Math.abs(x) / feature.unit) : x;
    z = (z - feature.center.data[j]) * feature.factor.data[j];
    out.push(feature.squash ? z / Math.sqrt(1 + (z / 3) ** 2) : z);
    if (feature.indicator) out.push(Number(missing));
    if (feature.edges !== null) {
      const ends = feature.edges.data;
      for (let t = 0; t + 1 < ends.length; t++) {
        out.push(Math.min(Math.max((x - ends[t]) / (ends[t + 1] - ends[t]), 0), 1));
      }
    }
    for (const part of feature.parts) {
      const angle = 2 * Math.PI * turn(part, columns[place]);
      out.push(...(missing ? [0, 0] : [Math.sin(angle), Math.cos(angle)]));
    }
  });
  return out;
}

// How much of the year, the week or the day has passed, from 0 to 1.
function turn(part, days) {
  const whole = Math.floor(days);
  if (part === "hour") return days - whole;
  if (part === "weekday") return ((((whole + 3) % 7) + 7) % 7) / 7;
  const date = new Date(whole * DAY);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const length = new Date(Date.UTC(2000 + (((year % 400) + 400) % 400), month + 1, 0)).getUTCDate();
  return (month + (date.getUTCDate() - 1) / length) / 12;
}

function ofText(feature, columns) {
  const none = feature.levels.length;
  const place = placeOf(columns[feature.column], feature.levels);
  const code = place === -2 ? feature.unseen : place === -1 ? none : place;
  if (feature.table === null) return feature.levels.map((_, level) => Number(level === code));
  const width = feature.table.shape[1];
  return Array.from(feature.table.data.subarray(code * width, (code + 1) * width));
}

const sigmoid = (x) => (Math.tanh(x * 0.5) + 1) * 0.5;
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const exponential = (x, step) => (Math.expm1(Math.min(x, 0)) * step.alpha + Math.max(x, 0)) * step.scale;
const ACTIVATIONS = {
  relu: (x) => Math.max(x, 0),
  leaky_relu: (x, step) => (x > 0 ? x : step.slope * x),
  elu: exponential,
  selu: exponential,
  gelu: (x) => (Math.tanh((x * x * 0.044715 + 1) * x * Math.sqrt(2 / Math.PI)) + 1) * x * 0.5,
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  softplus,
  sigmoid,
  tanh: Math.tanh,
  identity: (x) => x,
};

function activated(step, x) {
  if (step.name !== "maxout") return x.map((each) => ACTIVATIONS[step.name](each, step));
  return Float64Array.from({ length: x.length / step.pieces }, (_, unit) =>
    Math.max(...x.slice(unit * step.pieces, (unit + 1) * step.pieces)));
}

// Of the part `k` of an ensemble, with a W and a b of its own or with those that all share.
function linear(step, x, k) {
  const [rows, width] = step.W.shape.slice(-2);
  const out = new Float64Array(width);
  if (step.b !== null) {
    const start = step.b.shape.length === 2 ? k * width : 0;
    out.set(step.b.data.subarray(start, start + width));
  }
  const first = step.W.shape.length === 3 ? k * rows : 0;
  for (let i = 0; i < rows; i++) {
    const start = (first + i) * width;
    for (let j = 0; j < width; j++) out[j] += x[i] * step.W.data[start + j];
  }
  return out;
}

const mean = (x) => x.reduce((a, b) => a + b, 0) / x.length;

function layerNorm(step, x) {
  const middle = mean(x);
  const std = Math.sqrt(mean(x.map((each) => (each - middle) ** 2)) + step.eps);
  return x.map((each, j) => ((each - middle) / std) * step.gamma.data[j] + step.beta.data[j]);
}

function logSoftmax(scores) {
  const largest = Math.max(...scores);
  const total = Math.log(scores.reduce((sum, each) => sum + Math.exp(each - largest), 0));
  return Array.from(scores, (each) => each - largest - total);
}

// Over vectors, each with its weight.
function averaged(each, weights) {
  const total = weights.reduce((a, b) => a + b, 0);
  return each[0].map((_, c) => each.reduce((sum, x, i) => sum + x[c] * weights[i], 0) / total);
}

function meanOfLogs(each, weights) {
  const largest = each[0].map((_, c) => Math.max(...each.map((logs) => logs[c])));
  const shares = averaged(each.map((logs) => logs.map((log, c) => Math.exp(log - largest[c]))), weights);
  return shares.map((share, c) => Math.log(share) + largest[c]);
}

// The scores of an ensemble, whose response is the mean of the members' responses.
function combined(step, xs) {
  const alike = xs.map(() => 1);
  const mean = (of) => meanOfLogs(xs.map(of), alike);
  if (step.response === "softmax") return mean(logSoftmax);
  if (step.response === "exp") return mean((x) => x);
  if (step.response !== "sigmoid") return averaged(xs, alike);
  const [yes, no] = [-1, 1].map((sign) => mean((x) => x.map((each) => -softplus(sign * each))));
  return yes.map((each, c) => each - no[c]);
}

// The scores of one member. xs has a vector for each part of an ensemble in the network, or one.
function scoresOf(steps, features) {
  let xs = [Float64Array.from(features)];
  for (const step of steps) {
    if (step.op === "combine") {
      xs = [combined(step, xs)];
    } else if (step.op === "divide") xs = xs.map((x) => x.map((each) => each * step.factor));
    else if (step.op === "linear") {
      const parts = step.W.shape.length === 3 ? step.W.shape[0] : xs.length;
      xs = Array.from({ length: parts }, (_, k) => linear(step, xs[xs.length === 1 ? 0 : k], k));
    }
    else if (step.op === "layer_norm") xs = xs.map((x) => layerNorm(step, x));
    else if (step.op === "activation") xs = xs.map((x) => activated(step, x));
    else {
      const { mean, factor, shift } = step;
      xs = xs.map((x) => x.map((each, j) => (each - mean.data[j]) * factor.data[j] + shift.data[j]));
    }
  }
  return Array.from(xs[0]);
}

const weightOf = (member, c) => (member.log_weights === 0 ? 0 : member.log_weights.data[c]);

function logProbabilities(member, scores) {
  const plain = scores.map((each, c) => each - weightOf(member, c));
  if (member.calibration === null) return logSoftmax(plain);
  const unknown = 1 / (member.calibration.rows + 1);
  const logs = logSoftmax(plain.map((each) => each / member.calibration.temperature));
  return logs.map((each) => Math.log((1 - unknown) * Math.exp(each) + unknown / plain.length));
}

function inOwnUnit(member, scores) {
  if (model.response === "sigmoid") return scores.map((each) => 1 / (1 + Math.exp(-each)));
  if (model.response === "exp") scores = scores.map(Math.exp);
  if (model.response === "sorted") {
    const levels = model.per_target;
    scores = scores.map((_, j) => scores.slice(j - (j % levels), j - (j % levels) + levels).sort((a, b) => a - b)[j % levels]);
  }
  const { mean, std, log, low, high } = member.decode;
  return scores.map((each, j) => {
    let y = each * std.data[j] + mean.data[j];
    if (log !== null) y = log === "log" ? Math.exp(y) : Math.expm1(y);
    return low === null ? y : Math.min(Math.max(y, low.data[j]), high.data[j]);
  });
}

// [scores that name a class, probabilities], or numbers twice.
function answersOf(given, row) {
  const columns = columnsOf(given, row);
  const kinds = { numbers: ofNumbers, text: ofText };
  const each = model.members.map((member) => {
    const features = member.features.flatMap((feature) => kinds[feature.op](feature, columns));
    return scoresOf(member.steps, model.dtype === "float32" ? features.map(Math.fround) : features);
  });
  const weights = model.members.map((member) => member.weight);
  let named, found;
  if (model.response === "softmax") {
    const logs = meanOfLogs(each.map((scores, i) => logProbabilities(model.members[i], scores)), weights);
    named = each.length === 1 ? each[0] : logs.map((log, c) => log + weightOf(model.members[0], c));
    found = logs.map(Math.exp);
  } else if (model.response === "scores") named = found = averaged(each, weights);
  else named = found = averaged(each.map((scores, i) => inOwnUnit(model.members[i], scores)), weights);
  if (![...named, ...found].every(Number.isFinite)) refuse(row, "the row", null, "has values too large for the network");
  return [named, found];
}

// The class of each row, its number or numbers, or the values of its yes-or-no targets.
// With {decide: true} by the threshold of the model.
export function predict(rows, { decide = false } = {}) {
  if (decide && model.threshold === null) throw new RangeError("this model has no threshold");
  return rows.map((given, row) => {
    const [named, found] = answersOf(given, row);
    if (model.classes !== null) {
      let place = named.indexOf(Math.max(...named));
      if (decide) {
        const { positive, value } = model.threshold;
        place = found[positive] > value ? positive : 1 - positive;
      }
      return model.classes[place];
    }
    if (model.texts !== null) return found.map((p, k) => model.texts[k][Number(p > 0.5)]);
    return found.length === 1 ? found[0] : found;
  });
}

// An array of probabilities for each row: of each class, or of each yes.
export function predictProba(rows) {
  if (!["softmax", "sigmoid"].includes(model.response)) throw new RangeError("this model gives no probabilities");
  return rows.map((given, row) => answersOf(given, row)[1]);
}

// The largest difference from what mlptrain predicted for the rows that are kept here, as on its own page.
export function selfTest() {
  const { found, units } = MODEL.self_test;
  const dates = model.columns.filter((field) => field.kind === "date").map((field) => field.name);
  const rows = MODEL.self_test.rows.map((given) => Object.fromEntries(Object.entries(given).map(([name, value]) =>
    [name, dates.includes(name) && value !== null ? new Date(value) : value])));
  return Math.max(...rows.flatMap((given, row) =>
    answersOf(given, row)[1].map((y, j) => Math.abs(y - found[row][j]) / units[row][j])));
}

if (typeof process !== "undefined" && process.argv?.[1] && import.meta.url.endsWith(encodeURI(process.argv[1]))) {
  const difference = selfTest();
  console.log(`${MODEL.self_test.rows.length} rows: largest difference ${difference.toExponential(1)}`);
  process.exitCode = difference <= 1e-5 ? 0 : 1;
}
