// The desk's bell: two short notes when somebody new waits, unless it is switched off.

const KEPT = "desk.bell";
const NOTES = [[880, 0], [660, 0.18]]; // Hz, and when, in seconds
const NOTE_S = 0.16;
const LEVEL = 0.2;
const LATE_MS = 1000;

export class Bell {
  #button;
  #context = null;
  #isOff = false;

  /** How often it was heard, for those who measure it. */
  rung = 0;

  constructor(button) {
    this.#button = button;
    try { this.#isOff = localStorage.getItem(KEPT) === "off"; } catch { /* as in words.js */ }
    this.#show();
    button.addEventListener("click", () => this.#turn());
    // Browsers let a page sound once somebody touched it: be ready from then on.
    for (const touch of ["pointerdown", "keydown"]) {
      document.addEventListener(touch, () => this.#wake(), { once: true });
    }
  }

  async ring() {
    if (this.#isOff) return;
    const asked = performance.now();
    await this.#wake();
    // Of a page nobody touched this waits, perhaps for long: then it would ring for nothing.
    if (this.#isOff || performance.now() - asked > LATE_MS) return;
    const begin = this.#context.currentTime;
    const notes = NOTES.map(([hertz, after]) => this.#play(hertz, begin + after));
    notes.at(-1).onended = () => { this.rung += 1; };
  }

  #wake() {
    this.#context ??= new AudioContext();
    return this.#context.resume();
  }

  #play(hertz, at) {
    const note = new OscillatorNode(this.#context, { frequency: hertz });
    const level = new GainNode(this.#context, { gain: 0 });
    level.gain.setValueAtTime(0, at); // no click at either end
    level.gain.linearRampToValueAtTime(LEVEL, at + 0.01);
    level.gain.linearRampToValueAtTime(0, at + NOTE_S);
    note.connect(level).connect(this.#context.destination);
    note.start(at);
    note.stop(at + NOTE_S);
    return note;
  }

  #turn() {
    this.#isOff = !this.#isOff;
    try { localStorage.setItem(KEPT, this.#isOff ? "off" : "on"); } catch { /* as above */ }
    this.#show();
  }

  #show() { this.#button.setAttribute("aria-pressed", String(this.#isOff)); }
}
