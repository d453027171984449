// The kiosk's loudspeaker: an AudioWorklet, and a meter of what comes out of it.
const RATE = 48000, LOOK_MS = 200, SILENT_DB = -90, GESTURES = ["pointerdown", "keydown"];

export class Speaker {
  constructor(meter) {
    this.meter = meter;
    this.onChange = () => {};
    this.context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    this.node = null;
  }

  async begin() {
    // A browser plays nothing before its user did something.
    const wake = () => this.context.resume();
    for (const gesture of GESTURES) addEventListener(gesture, wake, { once: true });
    this.context.onstatechange = () => this.onChange(this.context.state === "running");
    await this.context.audioWorklet.addModule("sound.js");
    this.node = new AudioWorkletNode(this.context, "kiosk-speaker", { numberOfInputs: 0, outputChannelCount: [1] });
    this.analyser = new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0 });
    this.node.connect(this.analyser).connect(this.context.destination);
    this.onChange(this.context.state === "running");
    setInterval(() => this.look(), LOOK_MS);
  }

  play(samples) {
    this.node?.port.postMessage(samples, [samples.buffer]);
  }

  toggle() {
    return this.context.state === "running" ? this.context.suspend() : this.context.resume();
  }

  look() {
    const levels = new Float32Array(this.analyser.frequencyBinCount);
    this.analyser.getFloatFrequencyData(levels);
    let loudest = 1;
    for (let i = 1; i < levels.length; i++) if (levels[i] > levels[loudest]) loudest = i;
    const hertz = Math.round(loudest * RATE / this.analyser.fftSize);
    const silent = !(levels[loudest] > SILENT_DB) || this.context.state !== "running";
    this.meter.textContent = silent ? "silence" : `${hertz} Hz, ${Math.round(levels[loudest])} dB`;
  }
}
