// What goes on inside the kiosk, written down.
const at = (id) => document.getElementById(id);
const LAMPS = {
  camera_open: "camera", microphone_open: "microphone", muted: "muted", in_call: "in call", on_air: "on air", fault: "fault",
};
const SWITCHES = {
  camera: "Camera unplugged", microphone: "Microphone unplugged", screen: "Screen unplugged",
  network: "Network cut", busy: "Agent busy", clock: "Clock half a year ahead",
};

let started = null; // the kiosk's clock at the first event, in microseconds

export function tell(facts, onSwitch) {
  if (facts.about) tellAbout(facts.about);
  if (facts.lamps) tellLamps(facts.lamps);
  if (facts.switches) tellSwitches(facts.switches, onSwitch);
  if (facts.events) tellEvents(facts.events);
  if (facts.status) tellStatus(facts.status);
  if (facts.planes) tellPlanes(facts.planes);
  if (facts.room) tellRoom(facts.room);
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells.map((cell) => (cell instanceof Node ? cell : element("td", cell))));
  return made;
}

function tellAbout(about) {
  at("name").textContent = about.branch ? `${about.name}, ${about.branch}` : about.name;
  at("desk").hidden = !about.desk;
  at("desk").href = about.desk;
  at("states").replaceChildren(...about.states.map((name) => element("li", name)));
  at("history").replaceChildren();
  at("room").replaceChildren();
  started = null;
  tellLamps({});
}

function tellLamps(lit) {
  at("lamps").replaceChildren(...Object.entries(LAMPS).map(([name, words]) => {
    const lamp = element("span", words, lit[name] ? `${name} lit` : name);
    lamp.dataset.lamp = name;
    return lamp;
  }));
}

function tellSwitches(switches, onSwitch) {
  const row = at("switches");
  for (const [name, on] of Object.entries(switches)) {
    let made = row.querySelector(`[data-switch=${name}]`);
    if (made === null) {
      made = element("button", SWITCHES[name]);
      made.type = "button";
      made.dataset.switch = name;
      made.setAttribute("role", "switch");
      made.addEventListener("click", () => onSwitch(name, made.getAttribute("aria-checked") !== "true"));
      row.append(made);
    }
    made.setAttribute("aria-checked", String(on));
  }
  at("no-signal").hidden = !switches.screen;
}

function tellEvents(events) {
  for (const event of events) {
    if (event.event === "state") {
      tellState(event.state, event.reason);
      at("history").append(row(seconds(event.at_us), event.state, event.screen, event.reason));
    } else if (event.event === "text") {
      at("history").append(row("", "text", event.name, event.text));
    } else if (event.event === "language") {
      at("history").append(row("", "language", event.language, ""));
    } else if (event.event === "display") {
      at("history").append(row("", "display", event.missing ? "missing" : "there", ""));
    } else if (event.event === "device") {
      at("history").append(row("", event.device, event.lost ? "lost" : "back", event.reason));
    } else if (event.event === "door") {
      at("history").append(row(seconds(event.at_us), "door", event.open ? "open" : "closed", ""));
    }
  }
  toEnd(at("history").closest(".scroll"));
}

function tellState(state, reason) {
  at("state").textContent = state;
  at("reason").textContent = reason;
  for (const item of at("states").children) {
    if (item.textContent === state) item.className = "now";
    else if (item.className === "now") item.className = "was";
  }
}

function seconds(us) {
  started ??= us;
  return `${((us - started) / 1e6).toFixed(2)} s`;
}

function tellStatus(status) {
  tellState(status.state, status.reason);
  const names = new Map(status.peers.map((peer) => [peer.user_id, peer.name]));
  const rows = status.play.flatMap((play) => [
    distribution(`picture of ${names.get(play.user_id) ?? "a peer"}`, play.video_latency_ms),
    distribution("its sound", play.audio_latency_ms),
    distribution("picture after sound", play.av_offset_ms),
    distribution("from picture to picture", play.picture_gap_ms),
  ]);
  at("latency").replaceChildren(...rows);
  at("traffic").textContent = traffic(status);
}

function distribution(name, measured) {
  const cells = ["p50", "p95", "p99", "max"].map((key) => number(measured?.[key]));
  return row(name, ...cells);
}

function number(value) {
  return element("td", value === undefined || value === null ? "–" : Math.round(value), "n");
}

function traffic({ push, live, play, rss_mb, cpu_s, muted }) {
  if (!push) return `no call · ${Math.round(rss_mb)} MB, ${Math.round(cpu_s)} s of CPU`;
  const parts = [`out ${live?.sent_kbps ?? "–"} kbit/s ${push.audio_codec}`];
  for (const party of live?.parties ?? []) parts.push(`in ${party.received_kbps ?? "–"} kbit/s`);
  for (const one of play) parts.push(`${one.pictures_shown} shown, ${one.pictures_dropped} dropped`);
  if (muted) parts.push("muted");
  return parts.join(" · ");
}

function tellPlanes(rows) {
  at("planes").replaceChildren(...rows.map((one) => {
    const [x, y, width, height] = one.at;
    const off = one.format === "";
    const line = row(
      one.plane,
      off ? "off" : one.size.join("×"),
      off ? "" : `${width}×${height} at ${x},${y}`,
      one.format,
      element("td", one.fps, "n"), element("td", one.sent, "n"), element("td", one.dropped, "n"),
    );
    line.dataset.row = one.plane;
    return line;
  }));
}

function tellRoom(lines) {
  for (const line of lines) {
    const said = element("td", `${line.what} ${line.said}`, line.bad ? "bad" : "");
    at("room").append(row(seconds(line.at_us), line.way, said));
  }
  while (at("room").children.length > 400) at("room").firstChild.remove();
  toEnd(at("log"));
}

function toEnd(box) {
  box.scrollTop = box.scrollHeight;
}
