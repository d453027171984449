// Plays what the kiosk's loudspeaker plays. The ring holds what came and is not heard
// yet; the two clocks differ a little, so too much is cut, and too little is silence.
const HELD = 48000, START = 2880, MOST = 9600;

class KioskSpeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(HELD);
    this.written = this.read = 0;
    this.playing = false;
    this.port.onmessage = ({data}) => this.take(data);
  }

  take(samples) {
    for (const sample of samples) this.ring[this.written++ % HELD] = sample / 32768;
    if (this.written - this.read > MOST) this.read = this.written - START;
  }

  process(inputs, [[out]]) {
    const ready = this.written - this.read;
    if (ready >= START) this.playing = true;
    if (ready < out.length) this.playing = false;
    if (this.playing) for (let i = 0; i < out.length; i++) out[i] = this.ring[this.read++ % HELD];
    return true;
  }
}

registerProcessor("kiosk-speaker", KioskSpeaker);
