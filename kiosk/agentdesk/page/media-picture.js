// The kiosk's pictures: decoded as they come, drawn when their sound is heard.
//
// What the decoder cannot take is dropped up to the next IDR; of the decoded pictures
// the newest that is due wins, and more than a playout delay of them never waits.

import { Kind } from "./media-framing.js";
import { RecentLeast, nowUs } from "./media-clock.js";

const UNDECODED_MOST = 6;
const DECODED_MOST = 24; // then sound is so late that nobody waits for it
const EARLY_US = 15_000;
const LOST_US = 1_000_000;

const hex = (octet) => octet.toString(16).padStart(2, "0");

export class Picture {
  #canvas;
  #context;
  #askIdr;
  #onFault;
  #decoder = null;
  #avcc = null;
  #timeline = -1;
  #waitsForIdr = true;
  #arrivals = new Map();
  #frames = [];
  #transit = new RecentLeast(60);
  #leastTransitUs = 0;
  #isHidden = false;

  shown = 0;
  dropped = 0;
  size = { width: 0, height: 0 };
  shownAtUs = 0;
  #latenciesUs = [];

  constructor({ canvas, askIdr, onFault }) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#askIdr = askIdr;
    this.#onFault = onFault;
  }

  /** Take a unit of the kiosk's camera. */
  take(unit) {
    if (unit.timeline !== this.#timeline) this.#begin(unit.timeline);
    if (unit.kind === Kind.VIDEO_CONFIG) {
      this.#configure(unit.payload.slice());
      return;
    }
    this.#leastTransitUs = this.#transit.add(unit.atUs - unit.ptsUs, nowUs());
    if (!this.#avcc || this.#isHidden) return;
    const isIdr = unit.kind === Kind.IDR;
    if (isIdr) this.#waitsForIdr = false;
    if (this.#waitsForIdr || this.#isTooMuch(isIdr)) {
      this.dropped += 1;
      this.#askIdr();
      return;
    }
    this.#arrivals.set(unit.ptsUs, unit.atUs);
    if (this.#arrivals.size > 120) this.#arrivals.clear();
    this.#decoder.decode(new EncodedVideoChunk({
      type: isIdr ? "key" : "delta", timestamp: unit.ptsUs, data: unit.payload,
    }));
  }

  /** Draw what is due; `soundUs` is the pts that is heard now, null if none is. */
  draw(soundUs, serverUs) {
    const frame = this.#due(soundUs);
    if (!frame) return;
    const { displayWidth: width, displayHeight: height } = frame;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.size = { width, height };
    }
    this.#context.drawImage(frame, 0, 0, width, height);
    const ptsUs = frame.timestamp;
    frame.close();
    this.shown += 1;
    this.shownAtUs = nowUs();
    if (serverUs !== null) {
      this.#latenciesUs.push(serverUs - ptsUs - this.#leastTransitUs);
    }
  }

  /**
   * The median delay of what was drawn since this was asked last, in ms: beyond
   * the quickest that a picture of this stream ever came from camera to server,
   * which no stream tells.  Null if nothing was drawn.
   */
  takeLatencyMs() {
    const sorted = this.#latenciesUs.sort((a, b) => a - b);
    this.#latenciesUs = [];
    return sorted.length ? sorted[sorted.length >> 1] / 1000 : null;
  }

  /** Forget what waits while nobody looks; afterwards an IDR is needed. */
  setHidden(isHidden) {
    this.#isHidden = isHidden;
    this.#forget();
    this.#waitsForIdr = true;
  }

  close() {
    this.#forget();
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
    this.#avcc = null;
  }

  #begin(timeline) {
    this.#timeline = timeline;
    this.#transit.clear();
    this.#arrivals.clear();
    this.#forget();
    this.#waitsForIdr = true;
  }

  #forget() {
    this.#frames.forEach((frame) => frame.close());
    this.#frames = [];
  }

  #isTooMuch(isIdr) {
    if (this.#decoder.decodeQueueSize <= UNDECODED_MOST) return false;
    if (isIdr) {
      this.#open(); // what waits before it is of no use to anybody
      return false;
    }
    this.#waitsForIdr = true;
    return true;
  }

  #configure(avcc) {
    const same = this.#avcc && this.#decoder?.state === "configured"
      && avcc.length === this.#avcc.length && avcc.every((o, i) => o === this.#avcc[i]);
    if (same) return;
    this.#avcc = avcc;
    this.#waitsForIdr = true;
    this.#open();
  }

  #open() {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    const decoder = new VideoDecoder({
      output: (frame) => this.#decoded(decoder, frame),
      error: (error) => this.#failed(decoder, error),
    });
    this.#decoder = decoder;
    const [, profile, compatibility, level] = this.#avcc;
    decoder.configure({
      codec: `avc1.${hex(profile)}${hex(compatibility)}${hex(level)}`,
      description: this.#avcc,
      optimizeForLatency: true,
    });
  }

  #decoded(decoder, frame) {
    if (decoder !== this.#decoder || this.#isHidden) {
      frame.close();
      return;
    }
    this.#arrivals.delete(frame.timestamp);
    this.#frames.push(frame);
    if (this.#frames.length > 2 * DECODED_MOST) { // nobody draws
      this.#frames.shift().close();
      this.dropped += 1;
    }
  }

  #failed(decoder, error) {
    if (decoder !== this.#decoder) return;
    this.dropped += 1;
    this.#waitsForIdr = true;
    this.#onFault(error.message);
    this.#open();
    this.#askIdr();
  }

  #due(soundUs) {
    const frames = this.#frames;
    if (!frames.length) return null;
    let newest = frames.length - 1;
    if (soundUs !== null) {
      const isLost = Math.abs(frames[newest].timestamp - soundUs) > LOST_US;
      while (!isLost && newest >= 0 && frames[newest].timestamp > soundUs + EARLY_US) {
        newest -= 1;
      }
    }
    newest = Math.max(newest, frames.length - 1 - DECODED_MOST);
    if (newest < 0) return null;
    const due = frames[newest];
    frames.splice(0, newest + 1).forEach((frame) => {
      if (frame === due) return;
      frame.close();
      this.dropped += 1;
    });
    return due;
  }
}
