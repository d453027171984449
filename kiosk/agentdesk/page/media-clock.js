// Times: this page's clock, the server's, and those of devices that count alone.

/** This page's clock in microseconds. */
export const nowUs = () => performance.now() * 1000;

/** The server's clock, from the quickest of the last answers to a ping. */
export class ServerClock {
  #answers = [];

  /** Take an answer: when it was asked, and what the server's clock said. */
  pong(askedUs, serverUs) {
    const tripUs = nowUs() - askedUs;
    this.#answers.push({ tripUs, aheadUs: serverUs - askedUs - tripUs / 2 });
    if (this.#answers.length > 30) this.#answers.shift();
  }

  get tripMs() {
    return this.#answers.length ? this.#quickest().tripUs / 1000 : null;
  }

  /** The server's clock now, or at a time of this page; null if not known. */
  at(pageUs = nowUs()) {
    return this.#answers.length ? pageUs + this.#quickest().aheadUs : null;
  }

  #quickest() {
    return this.#answers.reduce((a, b) => (b.tripUs < a.tripUs ? b : a));
  }
}

/** The least of some values over the last seconds: what was never exceeded. */
export class RecentLeast {
  #spanUs;
  #since = -Infinity;
  #before = Infinity;
  #now = Infinity;

  constructor(seconds) {
    this.#spanUs = seconds * 1e6;
  }

  add(value, atUs) {
    if (atUs - this.#since > this.#spanUs) {
      this.#before = this.#now;
      this.#now = Infinity;
      this.#since = atUs;
    }
    this.#now = Math.min(this.#now, value);
    return Math.min(this.#before, this.#now);
  }

  clear() {
    this.#since = -Infinity;
    this.#before = this.#now = Infinity;
  }
}

/**
 * When a device captured something, on this page's clock.
 *
 * Devices stamp by clocks of their own; what they deliver is late by a little, now
 * and then by much, but never early: the quickest delivery tells the difference.
 */
export class CaptureClock {
  #least = new RecentLeast(10);
  #aheadUs = 0;

  /** Take a stamp whose picture or sound is delivered now. */
  capturedUs(stampUs) {
    const arrivedUs = nowUs();
    this.#aheadUs = this.#least.add(arrivedUs - stampUs, arrivedUs);
    return stampUs + this.#aheadUs;
  }

  /** The same of a stamp that was delivered before. */
  capturedAtUs(stampUs) { return stampUs + this.#aheadUs; }
}
