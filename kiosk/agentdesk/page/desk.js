// The agent's desk: shows what the server says of line and call, and asks for what is pressed.

import { Bell } from "./bell.js";
import { Call } from "./call.js";
import { Control, whoAmI } from "./control.js";
import { Line, put } from "./line.js";
import { choose, chosen, fillIn, languages, loadWords, say } from "./words.js";

const at = (id) => document.getElementById(id);
const GOOD = { pictures: 15, latencyMs: 500 };
const LEAVES = ["handed_over", "not_taken", "hung_up"]; // notices that leave us without a call
const FAIR = { pictures: 8, latencyMs: 1000 };

let state = null;
let shownCall = null;
let isSilent = false;
let isLost = false;

const control = new Control({
  state: show, note: hear, lost: () => { isLost = true; alarm("desk.lost"); },
  elsewhere: () => { endCall(); view("elsewhere"); }, refused: () => { endCall(); view("login"); },
});
const line = new Line(at("waiting"), (id) => control.order("answer", { id }));
const bell = new Bell(at("bell"));
const call = new Call({
  canvas: at("kiosk"), self: at("self"), onDevices: (why) => alarm(why), onEvent: listen,
});

// For measuring from outside: the media module of the call that runs, how often it rang.
window.desk = { get media() { return call.media; }, get rung() { return bell.rung; } };

function view(name) {
  for (const id of ["login", "elsewhere", "desk"]) at(id).hidden = id !== name;
  at("leave").hidden = at("bell").hidden = name !== "desk";
  if (name !== "desk") { state = null; put(at("me"), ""); }
  if (name === "login") at("agent").focus();
  if (name === "elsewhere") at("here").focus();
}

function alarm(key, gaps) { put(at("alarm"), key ? say(key, gaps) : ""); }

function tell(key, gaps) { put(at("told"), key ? say(key, gaps) : ""); }

// -- what the server says ---------------------------------------------------------

function show(now) {
  const isFirst = state === null;
  if (isLost) { isLost = false; alarm(""); }
  state = now;
  if (isFirst) { view("desk"); at("line-title").focus(); }
  put(at("me"), now.agent.name);
  const fresh = line.show(now.waiting, now.call === null && now.offer === null);
  at("nobody").hidden = now.waiting.length > 0 || now.blind;
  put(at("blind"), now.blind ? say("waiting.blind") : "");
  if (fresh.length > 0) {
    tell("waiting.new", { name: fresh.join(", ") });
    if (now.call === null) bell.ring();
  }
  const open = now.waiting.filter(({ answeredBy }) => !answeredBy).length;
  document.title = (open > 0 ? `(${open}) ` : "") + say("desk.title");
  showOffer(now.offer);
  showCall(now.call);
}

function showOffer(offer) {
  const wasHidden = at("offer").hidden;
  at("offer").hidden = offer === null;
  if (offer === null) return;
  put(at("offer-title"), say("offer.title", { from: offer.from, name: offer.kiosk }));
  if (wasHidden) { at("offer-title").focus(); bell.ring(); }
}

function showCall(now) {
  at("in-call").hidden = now === null;
  if (now === null) {
    put(at("call-title"), say("call.none"));
    endCall();
    return;
  }
  const where = [now.kiosk, now.branch].filter(Boolean).join(", ");
  put(at("call-title"), say("call.title", { name: where }));
  at("kiosk").setAttribute("aria-label", say("call.picture"));
  at("self").setAttribute("aria-label", say("call.self"));
  if (shownCall !== now.id) {
    shownCall = now.id;
    isSilent = true;
    at("texts").replaceChildren();
    alarm(""); tell(""); put(at("figures"), ""); put(at("quality"), "");
    at("call-title").focus();
    mute(now.muted); // after a reload; else the page knows best, and first
    call.begin(now.id);
  }
  put(at("stage"), say(`stage.${now.stage}`));
  at("stage").dataset.stage = now.stage;
  const troubles = [];
  if (now.recorded) troubles.push(say("call.recorded"));
  if (now.kioskMuted) troubles.push(say("call.kiosk_muted"));
  if (now.trouble) troubles.push(say(`trouble.${now.trouble}`));
  put(at("trouble"), troubles.join(" "));
  showColleagues(now);
}

function mute(isMuted) {
  at("mute").setAttribute("aria-pressed", String(isMuted));
  call.setMuted(isMuted);
}

function showColleagues({ passingTo }) {
  const free = state.agents.filter(({ free }) => free);
  const choice = at("to");
  const wanted = free.length > 0 ? free.map(({ id, name }) => [id, name]) : [["", say("call.nobody_free")]];
  const key = JSON.stringify(wanted);
  if (choice.dataset.shown !== key) {
    const before = choice.value;
    choice.replaceChildren(...wanted.map(([id, name]) => new Option(name, id)));
    if (free.some(({ id }) => id === before)) choice.value = before;
    choice.dataset.shown = key;
  }
  put(at("passing"), passingTo ? say("call.passing", { name: passingTo }) : "");
}

function endCall() {
  if (shownCall === null) return;
  shownCall = null;
  call.end();
  const canvas = at("kiosk");
  canvas.width = canvas.width; // nobody's picture stays when he is gone
}

function hear(note) {
  switch (note.say) {
    case "text": addText(note.name, note.text); break;
    case "sent": addText(say("text.you"), note.text); break;
    case "ended":
      tell(`ended.${note.why}`);
      at("line-title").focus();
      break;
    case "notice":
      tell(`notice.${note.why}`, { name: note.name });
      if (LEAVES.includes(note.why)) at("line-title").focus();
      break;
    case "refused": alarm(`refused.${note.why}`, { name: note.name }); break;
    default:
  }
}

function addText(name, text) {
  const who = document.createElement("span");
  who.className = "who";
  who.textContent = `${name}: `;
  const item = document.createElement("li");
  item.append(who, text);
  at("texts").append(item);
  item.scrollIntoView({ block: "nearest" });
}

// -- what the media say -------------------------------------------------------------

function listen(event) {
  switch (event.kind) {
    case "playing": isSilent = false; break;
    case "silent": isSilent = true; put(at("quality"), say("quality.none")); break;
    case "published": alarm(""); break;
    case "failed": alarm(`failed.${event.what}`); console.info("media", event.what, event.why); break;
    case "figures": showFigures(event); break;
    default:
  }
}

function showFigures({ latencyMs, kbpsDown, kbpsUp, picturesPerSecond }) {
  if (isSilent) {
    put(at("figures"), "");
    return;
  }
  const fits = ({ pictures, latencyMs: limit }) =>
    picturesPerSecond >= pictures && latencyMs !== null && latencyMs <= limit;
  const grade = fits(GOOD) ? "good" : fits(FAIR) ? "fair" : "poor";
  put(at("quality"), say(`quality.${grade}`));
  const latency = latencyMs === null ? "–" : Math.round(latencyMs);
  const figures = { latency, down: Math.round(kbpsDown), up: Math.round(kbpsUp) };
  put(at("figures"), say("quality.figures", figures));
}

// -- what is pressed ----------------------------------------------------------------

function onSubmit(id, act) {
  at(id).addEventListener("submit", (event) => { event.preventDefault(); act(); });
}

onSubmit("login", async () => {
  const wire = { agent: at("agent").value.trim(), password: at("password").value };
  at("password").value = "";
  try {
    const answer = await fetch("login", { method: "POST", body: JSON.stringify(wire) });
    if (answer.ok) { alarm(""); control.open(); return; }
    const { why } = await answer.json();
    alarm(why === "too_many" ? "login.too_many" : "login.wrong_password");
  } catch { alarm("login.failed"); }
  at("password").focus();
});
onSubmit("say", () => {
  const text = at("text").value.trim();
  if (text) control.order("say", { text });
  at("text").value = "";
});
onSubmit("pass", () => { if (at("to").value) control.order("hand_over", { to: at("to").value }); });
at("mute").addEventListener("click", () => {
  const muted = at("mute").getAttribute("aria-pressed") !== "true";
  mute(muted); // at once: what is private does not wait for a network
  control.order("mute", { muted, text: say(muted ? "say.muted" : "say.unmuted") });
});
at("volume").addEventListener("input", () => call.setVolume(Number(at("volume").value)));
at("hang-up").addEventListener("click", () => control.order("hang_up"));
at("take").addEventListener("click", () => control.order("take"));
at("decline").addEventListener("click", () => control.order("decline"));
at("here").addEventListener("click", () => control.open());
at("leave").addEventListener("click", async () => {
  control.close();
  endCall();
  await fetch("logout", { method: "POST" });
  view("login");
});
at("language").addEventListener("change", () => {
  choose(at("language").value);
  fillIn();
  if (state) { delete at("to").dataset.shown; show(state); }
});

await loadWords();
at("language").replaceChildren(...languages().map(([code, name]) => new Option(name, code)));
at("language").value = chosen();
fillIn();
if (await whoAmI()) control.open();
else view("login");
