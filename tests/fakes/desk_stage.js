// What a test does with the media of a desk's page; the desk itself is not here.

import { DeskMedia } from "./media.js";
const asked = new URLSearchParams(location.search);
const events = [];
const canvas = document.getElementById("peer");

const dot = (context, x, y, width, height, isWhite) => {
  context.fillStyle = isWhite ? "#fff" : "#000";
  context.fillRect(x, y, width, height);
};

/** Paint the clock (kiosk/codec/painted_clock.py) and something that moves. */
function paint(canvas, media) {
  const context = canvas.getContext("2d", { alpha: false });
  const side = canvas.width / 16;
  const draw = () => {
    const units = Math.floor(media.serverUs / 100) % 2 ** 28;
    let check = 10;
    for (let nibble = 0; nibble < 7; nibble += 1) {
      check ^= Math.floor(units / 16 ** nibble) & 15;
    }
    context.fillStyle = `hsl(${units / 300} 50% 40%)`;
    context.fillRect(0, side, canvas.width, canvas.height);
    dot(context, (units / 20) % canvas.width, 200, 60, 60, true);
    for (let bit = 0; bit < 32; bit += 1) {
      const isSet = bit < 28 ? (units >> bit) & 1 : (check >> (bit - 28)) & 1;
      dot(context, (bit & 15) * side, (bit >> 4) * side / 2, side, side / 2, isSet);
    }
  };
  setInterval(draw, 1000 / 30);
}

/** Sound bursts of 700 Hz at every half second of the server's clock. */
function beep(context, output, media) {
  const gain = new GainNode(context, { gain: 0 });
  const tone = new OscillatorNode(context, { frequency: 700 });
  tone.connect(gain).connect(output);
  tone.start();
  let planned = 0;
  setInterval(() => {
    const aheadS = context.currentTime - media.serverUs / 1e6;
    for (;;) {
      const next = Math.max(planned + 1, Math.ceil((media.serverUs / 1e6 + 0.1) * 2));
      if (next / 2 > media.serverUs / 1e6 + 0.8) return;
      planned = next;
      const at = next / 2 + aheadS;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(0.25, at + 0.005);
      gain.gain.setValueAtTime(0.25, at + 0.055);
      gain.gain.linearRampToValueAtTime(0, at + 0.06);
    }
  }, 200);
}

window.stage = {
  events,
  media: null,
  stream: null,
  async begin({ camera = true, microphone = true } = {}) {
    const wanted = { video: camera && { width: 640, height: 360, frameRate: 30 },
                     audio: microphone && { echoCancellation: false,
                       noiseSuppression: false, autoGainControl: false } };
    const any = camera || microphone;
    this.stream = any ? await navigator.mediaDevices.getUserMedia(wanted) : null;
    await this.start();
  },
  /** Begin with a camera and a microphone whose clocks can be read and heard. */
  async beginStamped() {
    const painted = document.createElement("canvas");
    [painted.width, painted.height] = [640, 360];
    const context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
    const microphone = new MediaStreamAudioDestinationNode(context);
    this.stream = new MediaStream([
      ...painted.captureStream(30).getVideoTracks(),
      ...microphone.stream.getAudioTracks(),
    ]);
    await this.start();
    while (this.media.serverUs === null) await new Promise((go) => setTimeout(go, 20));
    paint(painted, this.media);
    beep(context, microphone, this.media);
  },
  async start() {
    this.media = new DeskMedia({
      canvas,
      onEvent: (event) => events.push(event),
      vp8: asked.has("vp8"),
    });
    await this.media.start("call-1", this.stream);
  },
  heard(kind) { return events.filter((event) => event.kind === kind); },
  figures() { return this.heard("figures").at(-1) ?? null; },
  /** The loudest frequency that is heard, in Hz; 0 where nothing is. */
  hertz() {
    const { output } = this.media;
    if (!this.analyser) {
      this.analyser = new AnalyserNode(output.context, { fftSize: 8192 });
      output.connect(this.analyser);
    }
    const levels = new Float32Array(this.analyser.frequencyBinCount);
    this.analyser.getFloatFrequencyData(levels);
    const loudest = levels.indexOf(Math.max(...levels));
    if (levels[loudest] < -60) return 0;
    return (loudest * output.context.sampleRate) / this.analyser.fftSize;
  },
  /** What a browser does when somebody pulls a plug. */
  unplug(what) {
    const tracks = what === "camera" ? "getVideoTracks" : "getAudioTracks";
    const [track] = this.stream[tracks]();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  },
  /** How old the picture on the canvas is by the clock painted into it, in ms. */
  age() {
    const { width, height } = canvas;
    const side = width / 16;
    if (height < side) return null;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, Math.ceil(side));
    let units = 0;
    let check = 0;
    for (let bit = 0; bit < 32; bit += 1) {
      const y = Math.floor(((bit >> 4) + 0.5) * (side / 2));
      const x = Math.floor(((bit & 15) + 0.5) * side);
      const level = data[4 * (y * width + x) + 1];
      if (level >= 95 && level <= 155) return null;
      if (level > 155 && bit < 28) units += 2 ** bit;
      if (level > 155 && bit >= 28) check += 2 ** (bit - 28);
    }
    for (let nibble = 0; nibble < 7; nibble += 1) {
      check ^= Math.floor(units / 16 ** nibble) & 15;
    }
    if (check !== 10) return null;
    const age = (Math.floor(this.media.serverUs / 100) - units) % 2 ** 28;
    return (age > 2 ** 27 ? age - 2 ** 28 : age) / 10;
  },
  /** Collect ages at every frame of the display for so long; null: unreadable. */
  ages(seconds) {
    const found = [];
    const until = performance.now() + seconds * 1000;
    return new Promise((resolve) => {
      const look = () => {
        found.push(this.age());
        if (performance.now() < until) requestAnimationFrame(look);
        else resolve(found);
      };
      requestAnimationFrame(look);
    });
  },
};
