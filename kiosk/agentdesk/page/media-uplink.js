// What this page sends, numbered, and how much of it is still under way.

import { pack } from "./media-framing.js";
import { nowUs } from "./media-clock.js";

const PICTURES_BEHIND_US = 400_000;
const SOUND_BEHIND_US = 2_000_000;
const BUFFERED_S = 0.3;

export class Uplink {
  #socket;
  #sequence = 0;
  #underWay = [];
  #quickestUs = Infinity;

  bytes = 0;

  constructor(socket) { this.#socket = socket; }

  send(kind, codec, capturedUs, payload) {
    // What was being encoded when the server closed comes out a moment later.
    if (!this.#isOpen()) return;
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) % 2 ** 32;
    this.#underWay.push({ sequence, sentUs: nowUs() });
    this.bytes += payload.byteLength;
    this.#socket.send(pack(kind, codec, sequence, capturedUs, payload));
  }

  /** Take in what the server has. */
  acked(sequence) {
    const at = this.#underWay.findIndex((unit) => unit.sequence === sequence);
    if (at < 0) return;
    const tookUs = nowUs() - this.#underWay[at].sentUs;
    this.#quickestUs = Math.min(this.#quickestUs, tookUs);
    this.#underWay.splice(0, at + 1);
  }

  /** Whether a picture may be encoded: sound must never wait behind pictures. */
  mayPicture(bps) {
    const buffered = (this.#socket.bufferedAmount * 8) / bps;
    return this.#isOpen() && buffered < BUFFERED_S && this.#behindUs() < PICTURES_BEHIND_US;
  }

  maySound() { return this.#isOpen() && this.#behindUs() < SOUND_BEHIND_US; }

  #isOpen() { return this.#socket.readyState === WebSocket.OPEN; }

  #behindUs() {
    if (!this.#underWay.length) return 0;
    const quickest = Number.isFinite(this.#quickestUs) ? this.#quickestUs : 0;
    return nowUs() - this.#underWay[0].sentUs - quickest;
  }
}
