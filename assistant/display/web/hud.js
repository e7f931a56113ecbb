"use strict";
// Lays out the states that the server sends; decides nothing (see core/hud.py).

const BEAT_MS = 25000; // two and a half beats of the server
const RETRY_MS = 2000;
const SIZES = ["large", "", "small", "wrapped"]; // of the first line: the first that fits
const BUSY_MS = 1500; // a button takes one touch, not two

const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
let shown = null;

// --- the stream ------------------------------------------------------------------------------
// A browser keeps six connections to one host, and a stream takes one for itself: the first page
// holds it, tells the others what comes, and the next takes over when it is closed.

const others = new BroadcastChannel("hud");
let stream = null;
let beat = 0;
let last = "";

function connect() {
  stream?.close();
  stream = new EventSource("stream");
  stream.onmessage = (event) => { last = event.data; pass(last); };
  stream.addEventListener("beat", () => pass(""));
  stream.onerror = () => {
    pass("lost");
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
}

function pass(text) {
  others.postMessage(text);
  take(text);
}

function take(text) {
  if (text === "lost") { lost(); return; }
  alive();
  if (text) show(JSON.parse(text));
}

others.onmessage = ({ data }) => {
  if (data === "what is shown?") { if (last) others.postMessage(last); return; }
  take(data);
  if (data === "lost") clearTimeout(beat); // the page that streams is there, and tries again
};

function alive() {
  clearTimeout(beat);
  beat = setTimeout(() => { lost(); connect(); }, BEAT_MS); // also where a frozen page streams
  document.body.classList.remove("offline");
  byId("disconnected").hidden = true;
}

function lost() {
  document.body.classList.add("offline");
  byId("disconnected").textContent = shown?.labels.disconnected ?? "";
  byId("disconnected").hidden = !shown;
}

// --- what a touch sends ----------------------------------------------------------------------

let sending = Promise.resolve(); // one after the other: a release must not overtake its press

function send(path, body) {
  sending = sending.then(() => fetch(path, {
    method: "POST", body: JSON.stringify(body), keepalive: true,
    headers: { "content-type": "application/json" },
  })).catch(() => {});
}

let isDown = false;

function press(down) {
  if (down === isDown) return;
  isDown = down;
  send("button", { is_down: down });
}

function talk() {
  const button = byId("talk");
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    press(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, () => press(false));
  }
  const isKey = (event) => event.code === "Space" || (event.code === "Enter" &&
    (event.target === button || event.target === document.body));
  addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) press(true);
  });
  addEventListener("keyup", (event) => { if (isKey(event)) press(false); });
  for (const end of ["blur", "pagehide"]) addEventListener(end, () => press(false));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

function touchable(element, key) {
  element.addEventListener("click", () => {
    element.disabled = true;
    setTimeout(() => { element.disabled = false; }, BUSY_MS);
    send("tap", { key });
  });
  return element;
}

// --- the layout ------------------------------------------------------------------------------

function make(tag, names, ...children) {
  const element = document.createElement(tag);
  element.className = names;
  element.append(...children);
  return element;
}

const drawn = {};

function isNew(id, data) { // what is touched must not be replaced under the finger
  const text = JSON.stringify(data);
  const answer = drawn[id] !== text;
  drawn[id] = text;
  return answer;
}

function fill(id, items, draw) {
  if (isNew(id, items)) byId(id).replaceChildren(...items.map(draw));
}

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  svg.firstChild.setAttribute("href", `#${name}`);
  return svg;
}

function show(view) {
  shown = view;
  const root = document.documentElement;
  root.lang = view.locale;
  root.dataset.theme = view.theme;
  fit();
  document.body.hidden = false;
  document.body.classList.toggle("moving", view.is_moving);
  document.body.dataset.activity = view.activity;
  byId("clock").textContent = view.clock;
  byId("date").textContent = view.date;
  byId("activity").textContent = view.activity_label;
  byId("talk").setAttribute("aria-label", view.labels.push_to_talk);
  byId("heard").textContent = view.heard;
  byId("answered").textContent = view.answered;
  fill("notices", view.notices, notice);
  fill("coming", view.coming, coming);
  showFocus(view);
  fitTitle();
  if (isNew("line", [view.time_line, innerWidth, root.style.fontSize])) showLine(view);
}

function fit() {
  const isHandheld = innerWidth < 700 && !shown.is_moving; // parked, in the hand: half as far away
  document.documentElement.style.fontSize = `${shown.font_px * (isHandheld ? 0.75 : 1)}px`;
}

function notice({ kind, text, is_problem }) {
  return make("li", is_problem ? "problem" : "", icon(kind), ...(text ? [text] : []));
}

function coming(item) {
  const lock = item.is_private ? [icon("private")] : [];
  const [clock, title] = [make("time", "", item.clock), make("span", "", item.title)];
  return make("li", flags(item), clock, ...lock, title);
}

function flags(item) {
  return ["over", "focus", "clash", "tentative"].filter((name) => item[`is_${name}`]).join(" ");
}

function showFocus({ focus, takes_touch, labels }) {
  const [glyph, figure, unit] = byId("figure").children;
  glyph.toggleAttribute("hidden", Boolean(focus.figure));
  glyph.firstElementChild.setAttribute("href", `#${focus.glyph}`);
  figure.textContent = focus.figure;
  figure.classList.toggle("long", focus.figure.length > 3);
  unit.textContent = focus.unit;
  byId("focus").classList.toggle("urgent", focus.is_urgent);
  fill("lines", focus.lines, (line) => make("p", "", line));
  fill("buttons", focus.buttons.map((button) => ({ ...button, takes_touch })), (button) => (
    takes_touch
      ? touchable(make("button", button.tone, icon(button.glyph), button.label), button.key)
      : make("p", "", button.words && labels.say.replace("{words}", button.words))));
}

function fitTitle() {
  const title = byId("lines").firstElementChild;
  for (const size of title ? SIZES : []) {
    title.className = size;
    if (title.scrollWidth <= title.clientWidth) return;
  }
}

// --- the time line ---------------------------------------------------------------------------

function showLine({ time_line: line }) {
  const share = (minute) => (minute - line.start_min) / (line.end_min - line.start_min);
  const place = (element, start, end) => {
    element.style.left = `${100 * share(start)}%`;
    if (end !== undefined) element.style.width = `calc(${100 * (share(end) - share(start))}% - 2px)`;
    return element;
  };
  byId("bar").style.setProperty("--lanes", line.lanes);
  byId("bar").replaceChildren(
    ...line.gaps.map((gap) => place(make("div", "gap", gap.label), gap.start_min, gap.end_min)),
    ...line.blocks.map((item) => place(block(item, line.lanes), item.start_min, item.end_min)),
    place(make("div", "now"), line.now_min),
  );
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  hideClipped(rem);
  showHours(line, place, rem);
}

function block(item, lanes) {
  const content = [...(item.is_private ? [icon("private")] : []), make("span", "", item.title)];
  const element = make(item.button ? "button" : "div", `block ${flags(item)}`, ...content);
  if (item.is_clash) {
    element.style.top = `${100 * item.lane / lanes}%`;
    element.style.bottom = `${100 - 100 * (item.lane + 1) / lanes}%`;
  }
  if (!item.button) return element;
  element.setAttribute("aria-label", `${item.button.label}: ${item.title}`);
  return touchable(element, item.button.key);
}

function hideClipped(rem) { // half a word tells nobody anything
  for (const element of byId("bar").children) {
    const isBlock = element.classList.contains("block");
    element.classList.toggle("narrow", isBlock && element.clientWidth < 3 * rem);
    element.classList.toggle("tight", isBlock && element.clientWidth < 1.2 * rem);
    if (!isBlock && element.scrollWidth > element.clientWidth) element.textContent = "";
  }
}

function showHours(line, place, rem) {
  const hours = (line.end_min - line.start_min) / 60;
  const step = Math.max(1, Math.ceil(hours * 2.4 * rem / byId("bar").clientWidth));
  const marks = [];
  for (let hour = line.start_min / 60; hour <= line.end_min / 60; hour += step) {
    const end = { [line.start_min / 60]: "first", [line.end_min / 60]: "last" }[hour] ?? "";
    marks.push(place(make("span", end, String(hour)), hour * 60));
  }
  byId("hours").replaceChildren(...marks);
}

addEventListener("resize", () => { if (shown) show(shown); });
talk();
others.postMessage("what is shown?");
if (navigator.locks) navigator.locks.request("stream", () => new Promise(connect)); // for ever
else connect(); // an old browser: each page for itself
