// The hardware of a kiosk, played by a browser. What arrives is described in
// kiosk/simulator/__init__.py; nothing is decided here.
import { Speaker } from "./speaker.js";
import { tell } from "./inside.js";

const PLANES = ["base", "second", "third", "pip", "over"];
const PICTURE = 1, PAGE = 2, OFF = 3, SOUND = 4, FACTS = 5;
const HEADER = 16, AGAIN_MS = 1000;
const KEYS = { g: "call", m: "mute", r: "hangup", "+": "volume_up", "-": "volume_down" };

const at = (id) => document.getElementById(id);
const size = [1280, 720];
const speaker = new Speaker(at("heard"));
let socket = null;

const planes = PLANES.map((name, order) => {
  const canvas = document.querySelector(`[data-plane=${name}]`);
  canvas.style.zIndex = order;
  return { canvas, ink: canvas.getContext("2d"), newest: 0 };
});

function say(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

// The browser scales and stacks, as the display's hardware would.
async function show(plane, kind, sequence, place, body) {
  plane.newest = sequence;
  if (kind === OFF) {
    plane.canvas.style.display = "none";
    return;
  }
  const type = kind === PICTURE ? "image/jpeg" : "image/png";
  const picture = await createImageBitmap(new Blob([body], { type }));
  if (plane.newest === sequence) {
    const { canvas, ink } = plane;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    if (kind === PAGE) ink.clearRect(0, 0, canvas.width, canvas.height);
    ink.drawImage(picture, 0, 0);
    const [x, y, width, height] = place;
    canvas.style.left = `${100 * x / size[0]}%`;
    canvas.style.top = `${100 * y / size[1]}%`;
    canvas.style.width = `${100 * width / size[0]}%`;
    canvas.style.height = `${100 * height / size[1]}%`;
    canvas.style.display = "block";
  }
  picture.close();
}

async function take(buffer) {
  const head = new DataView(buffer, 0, HEADER);
  const kind = head.getUint8(0), plane = planes[head.getUint8(1)], sequence = head.getUint32(4, true);
  const place = [head.getInt16(8, true), head.getInt16(10, true), head.getUint16(12, true), head.getUint16(14, true)];
  const body = buffer.slice(HEADER);
  if (kind === FACTS) hear(JSON.parse(new TextDecoder().decode(body)));
  else if (kind === SOUND) speaker.play(new Int16Array(body));
  else await show(plane, kind, sequence, place, body).catch((error) => console.error(String(error)));
  if (kind !== FACTS) say({ seen: sequence });
}

function hear(facts) {
  if (facts.about) {
    hang(facts.about.size, facts.about.rotation);
    document.title = `${facts.about.name} · kiosk simulator`;
  }
  tell(facts, (name, on) => say({ switch: name, on }));
}

// A display hangs as its rotation says; people look at it upright.
function hang([width, height], rotation) {
  const onItsSide = rotation % 180 !== 0, { style } = document.documentElement;
  [size[0], size[1]] = [width, height];
  style.setProperty("--shape", onItsSide ? height / width : width / height);
  style.setProperty("--spare", onItsSide ? "370px" : "290px"); // for what is above and below it
  style.setProperty("--across", onItsSide ? width / height : 1);
  style.setProperty("--turn", `${-rotation}deg`);
}

function connect() {
  const url = new URL("socket", location.href);
  url.protocol = "ws:";
  socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    for (const plane of planes) plane.newest = 0;
    note("connected", false);
    say({ rate: Number(at("rate").value) });
  };
  socket.onmessage = ({ data }) => take(data);
  socket.onclose = () => {
    note("the kiosk does not answer; trying again …", true);
    for (const plane of planes) show(plane, OFF, 0);
    setTimeout(connect, AGAIN_MS);
  };
}

function note(words, bad) {
  at("link").textContent = words;
  at("link").toggleAttribute("data-bad", bad);
}

// A press lasts as long as the mouse or the key is down.
const down = new Set();

function move(name, isDown) {
  if (down.has(name) === isDown) return;
  if (isDown) down.add(name); else down.delete(name);
  document.querySelector(`[data-button=${name}]`).classList.toggle("down", isDown);
  say({ button: name, down: isDown });
}

function release() {
  for (const name of [...down]) move(name, false);
}

for (const button of document.querySelectorAll("[data-button]")) {
  const name = button.dataset.button;
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    move(name, true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, () => move(name, false));
  }
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

function pressedName(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("select")) return undefined;
  const focused = event.target.closest("[data-button]");
  if (focused && (event.key === " " || event.key === "Enter")) return focused.dataset.button;
  return KEYS[event.key.toLowerCase()];
}

addEventListener("keydown", (event) => {
  const name = pressedName(event);
  if (name === undefined) return;
  event.preventDefault();
  if (!event.repeat) move(name, true);
});
addEventListener("keyup", (event) => {
  const name = pressedName(event);
  if (name !== undefined) move(name, false);
});
addEventListener("blur", release);
document.addEventListener("visibilitychange", release);

at("rate").addEventListener("change", () => say({ rate: Number(at("rate").value) }));
at("sound").addEventListener("click", () => speaker.toggle());
speaker.onChange = (on) => {
  at("sound").setAttribute("aria-pressed", String(on));
  at("sound").textContent = on ? "Sound is on" : "Sound is off";
};
speaker.begin();
connect();
