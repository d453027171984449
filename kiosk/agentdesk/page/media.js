// The pictures and sounds of one call on the agent's page.
//
//     const media = new DeskMedia({ canvas, onEvent });
//     await media.start(callId, stream);   // after a click: browsers want one for sound
//     media.setMuted(true); media.setVolume(0.8); media.stop();
//
// One WebSocket carries both directions (kiosk/agentdesk/framing.py, media_words.py).
// What onEvent is told: { kind: "playing" }, { kind: "silent", why }, { kind:
// "published" }, { kind: "unpublished", why }, { kind: "failed", what, why } with what
// one of socket, camera, microphone, decoder, encoder, call; { kind: "figures", ... }
// once a second.

import { Camera, pictureCodec } from "./media-camera.js";
import { Codec, parse } from "./media-framing.js";
import { Microphone, soundCodec } from "./media-microphone.js";
import { Picture } from "./media-picture.js";
import { ServerClock, nowUs } from "./media-clock.js";
import { Sound } from "./media-sound.js";
import { Uplink } from "./media-uplink.js";

const PING_MS = 1000;
const ACK_APART_MS = 30;
const IDR_APART_MS = 300;
const PAUSES_MS = [300, 600, 1200, 2400];
const LASTING_CODES = [4001, 1008]; // the call is over; we are not understood

export class DeskMedia {
  #canvas;
  #onEvent;
  #vp8;
  #url = null;
  #socket = null;
  #uplink = null;
  #picture = null;
  #sound = null;
  #camera = null;
  #microphone = null;
  #stream = null;
  #codecs = { pictures: null, sound: null };
  #clock = new ServerClock();
  #timer = null;
  #ack = { newest: null, toldMs: 0, timer: null };
  #idrMs = -Infinity;
  #pauses = 0;
  #received = 0;
  #before = null;
  #isStopped = false;
  #isMuted = false;
  #looks = null;

  constructor({ canvas, onEvent = () => {}, vp8 = false }) {
    this.#canvas = canvas;
    this.#onEvent = onEvent;
    this.#vp8 = vp8;
  }

  /** Begin; the stream may lack a camera, a microphone, or both. */
  async start(callId, stream) {
    if (typeof VideoDecoder === "undefined" || typeof AudioDecoder === "undefined") {
      this.#failed("decoder", "this browser has no WebCodecs");
      return;
    }
    const url = new URL(`media?call=${encodeURIComponent(callId)}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#url = url;
    this.#codecs = {
      pictures: await pictureCodec({ vp8: this.#vp8 }), sound: await soundCodec(),
    };
    this.#sound = await Sound.open((why) => this.#failed("decoder", why));
    if (this.#isStopped) {
      await this.#sound.close();
      return;
    }
    this.#picture = new Picture({
      canvas: this.#canvas,
      askIdr: () => this.#askIdr(),
      onFault: (why) => this.#failed("decoder", why),
    });
    this.#stream = stream;
    this.#looks = () => this.#tellHidden();
    document.addEventListener("visibilitychange", this.#looks);
    this.#connect();
    this.#timer = setInterval(() => this.#eachSecond(), PING_MS);
    const draw = () => {
      if (this.#isStopped) return;
      this.#picture.draw(this.#sound.heardUs(), this.#clock.at());
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  /** Go on with another camera or microphone, one that was plugged in again. */
  replaceStream(stream) {
    this.#stream = stream;
    this.#openDevices();
  }

  /** Send silence in the place of the microphone; it goes on being sent. */
  setMuted(isMuted) {
    this.#isMuted = isMuted;
    if (this.#microphone) this.#microphone.isMuted = isMuted;
  }

  setVolume(volume) { this.#sound?.setVolume(volume); }

  /** The node that is heard, for those who measure it. */
  get output() { return this.#sound?.output; }

  /** The server's monotonic clock in µs, null while it is not known. */
  get serverUs() { return this.#clock.at(); }

  /** End everything; safe to repeat. */
  stop() {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#ack.timer);
    document.removeEventListener("visibilitychange", this.#looks);
    this.#camera?.close();
    this.#microphone?.close();
    this.#picture?.close();
    this.#sound?.close();
    this.#camera = this.#microphone = null;
    this.#socket?.close(1000);
  }

  // -- the socket ---------------------------------------------------------------

  #connect() {
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = ({ data }) => {
      if (this.#isStopped) return;
      if (typeof data === "string") this.#hear(JSON.parse(data));
      else this.#take(data);
    };
    socket.onclose = (event) => this.#closed(socket, event);
    this.#socket = socket;
  }

  #opened(socket) {
    this.#uplink = new Uplink(socket);
    this.#ack.newest = null;
    this.#openDevices();
    this.#ping();
    this.#tellHidden();
  }

  #closed(socket, { code, reason }) {
    if (this.#isStopped || socket !== this.#socket) return;
    const isLasting = LASTING_CODES.includes(code);
    this.#failed(isLasting ? "call" : "socket", reason || `connection lost (${code})`);
    if (isLasting) {
      this.stop();
      return;
    }
    const pause = PAUSES_MS[Math.min(this.#pauses, PAUSES_MS.length - 1)];
    this.#pauses += 1;
    setTimeout(() => { if (!this.#isStopped) this.#connect(); }, pause);
  }

  #say(words) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(words));
  }

  #take(message) {
    const unit = parse(message);
    this.#received += message.byteLength;
    this.#pauses = 0;
    (unit.kind >= 4 ? this.#sound : this.#picture).take(unit);
    this.#ack.newest = unit.sequence;
    this.#confirm();
  }

  /**
   * Say what was taken in, a little later where that was said just now: with what
   * comes next, if the timer of a page that nobody sees is slow.
   */
  #confirm() {
    const ack = this.#ack;
    if (ack.newest === null) return;
    const tell = () => {
      clearTimeout(ack.timer);
      ack.timer = null;
      ack.toldMs = performance.now();
      this.#say({ say: "ack", sequence: ack.newest });
    };
    const wait = ack.toldMs + ACK_APART_MS - performance.now();
    if (wait <= 0) tell();
    else ack.timer ??= setTimeout(tell, wait);
  }

  #hear(words) {
    switch (words.say) {
      case "pong": this.#clock.pong(words.at, words.now); break;
      case "ack": this.#uplink.acked(words.sequence); break;
      case "idr": this.#camera?.wantKey(); break;
      case "rate": this.#camera?.allow(words.bps, words.hold); break;
      default: {
        const { say: kind, ...members } = words;
        this.#onEvent({ kind, ...members });
      }
    }
  }

  // -- what is sent ---------------------------------------------------------------

  #openDevices() {
    const [camera] = this.#stream?.getVideoTracks() ?? [];
    const [microphone] = this.#stream?.getAudioTracks() ?? [];
    const { pictures, sound } = this.#codecs;
    const onFault = (what, why) => {
      this.#failed(what, why);
      this.#hello();
    };
    if (camera && pictures === null) {
      this.#failed("encoder", "this browser encodes neither H.264 nor VP8");
    }
    this.#camera?.close();
    this.#microphone?.close();
    this.#camera = this.#microphone = null;
    if (camera && pictures !== null) {
      this.#camera = new Camera({ codec: pictures, uplink: this.#uplink, onFault });
      this.#camera.open(camera);
    }
    this.#microphone = new Microphone({
      codec: sound, uplink: this.#uplink, context: this.#sound.context, onFault,
    });
    this.#microphone.isMuted = this.#isMuted;
    this.#microphone.open(microphone?.readyState === "live" ? microphone : null);
    this.#hello();
  }

  /** Say what is going to be sent; a lost camera counts as none. */
  #hello() {
    const [camera] = this.#stream?.getVideoTracks() ?? [];
    this.#say({
      say: "hello",
      pictures: Boolean(this.#camera) && camera.readyState === "live",
      sound: this.#codecs.sound === Codec.OPUS ? "opus" : "pcm",
    });
  }

  // -- what is told ---------------------------------------------------------------

  #askIdr() {
    if (performance.now() - this.#idrMs < IDR_APART_MS) return;
    this.#idrMs = performance.now();
    this.#say({ say: "idr" });
  }

  #tellHidden() {
    this.#picture.setHidden(document.hidden);
    this.#say({ say: "hidden", hidden: document.hidden });
  }

  #ping() { this.#say({ say: "ping", at: nowUs() }); }

  #eachSecond() {
    this.#ping();
    const now = {
      ms: performance.now(), down: this.#received, up: this.#uplink?.bytes ?? 0,
      shown: this.#picture.shown,
    };
    const before = this.#before ?? now;
    this.#before = now;
    const seconds = (now.ms - before.ms) / 1000 || 1;
    this.#onEvent({
      kind: "figures",
      latencyMs: this.#picture.takeLatencyMs(),
      kbpsDown: ((now.down - before.down) * 8) / 1000 / seconds,
      kbpsUp: (Math.max(0, now.up - before.up) * 8) / 1000 / seconds,
      droppedPictures: this.#picture.dropped,
      droppedUp: this.#camera?.dropped ?? 0,
      picturesPerSecond: (now.shown - before.shown) / seconds,
      ...this.#picture.size,
      roundTripMs: this.#clock.tripMs,
      sounding: this.#sound.heardUs() !== null,
      allowedBps: this.#camera?.bps ?? null,
      playout: this.#sound.figures,
    });
  }

  #failed(what, why) { this.#onEvent({ kind: "failed", what, why }); }
}
