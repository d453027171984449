// The kiosk's sound: decoded as it comes, played by the worklet's jitter buffer.
//
// Tells which moment of the kiosk's time is heard now; the pictures follow that.

import { Codec, Kind } from "./media-framing.js";
import { nowUs } from "./media-clock.js";

const RATE = 48_000;
const SILENT_US = 500_000;
const BELIEVED_US = 100_000;
const RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];

export class Sound {
  #context;
  #node;
  #gain;
  #onFault;
  #decoder = null;
  #config = null;
  #timeline = -1;
  #heard = null;

  figures = { levelMs: 0, targetMs: 0, underruns: 0, concealedMs: 0, speed: 1 };

  /** Return the sound of a page, ready to be heard once somebody has clicked. */
  static async open(onFault) {
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    await context.audioWorklet.addModule(new URL("./media-worklet.js", import.meta.url));
    return new Sound(context, onFault);
  }

  constructor(context, onFault) {
    this.#context = context;
    this.#onFault = onFault;
    this.#gain = new GainNode(context);
    this.#node = new AudioWorkletNode(context, "playout", {
      numberOfInputs: 0, outputChannelCount: [1],
    });
    this.#node.port.onmessage = ({ data }) => this.#played(data);
    this.#node.connect(this.#gain).connect(context.destination);
  }

  get context() { return this.#context; }

  /** What is heard, for those who measure it. */
  get output() { return this.#gain; }

  setVolume(volume) { this.#gain.gain.value = volume; }

  /** Take a unit of the kiosk's microphone. */
  take(unit) {
    if (unit.timeline !== this.#timeline) {
      this.#timeline = unit.timeline;
      this.#node.port.postMessage({ restart: true });
      this.#heard = null;
    }
    if (unit.kind === Kind.AUDIO_CONFIG) {
      this.#configure(unit.codec, unit.payload.slice());
      return;
    }
    if (!this.#config || this.#config.of !== unit.codec) return;
    this.#decoder.decode(new EncodedAudioChunk({
      type: "key", timestamp: unit.ptsUs, data: unit.payload,
    }));
  }

  /** The pts that is heard now, in the kiosk's µs; null if nothing is. */
  heardUs() {
    const heard = this.#heard;
    if (!heard || nowUs() - heard.toldUs > SILENT_US) return null;
    return heard.ptsUs + (nowUs() - heard.atUs);
  }

  async close() {
    this.#node.port.onmessage = null;
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = this.#config = null;
    if (this.#context.state !== "closed") await this.#context.close();
  }

  #configure(codec, record) {
    const config = codec === Codec.OPUS
      ? { codec: "opus", sampleRate: RATE, numberOfChannels: Math.min(record[9] || 1, 2) }
      : aacConfig(record);
    this.#config = { of: codec, config };
    this.#open();
  }

  #open() {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    const decoder = new AudioDecoder({
      output: (data) => this.#decoded(data),
      error: (error) => {
        if (decoder !== this.#decoder) return;
        this.#onFault(error.message);
        this.#open();
      },
    });
    this.#decoder = decoder;
    decoder.configure(this.#config.config);
  }

  #decoded(data) {
    const samples = new Float32Array(data.numberOfFrames);
    const channels = data.numberOfChannels;
    const one = channels > 1 ? new Float32Array(data.numberOfFrames) : samples;
    for (let channel = 0; channel < channels; channel += 1) {
      data.copyTo(one, { planeIndex: channel, format: "f32-planar" });
      if (channels > 1) one.forEach((v, i) => { samples[i] += v / channels; });
    }
    const chunk = { ptsUs: data.timestamp, rate: data.sampleRate, samples };
    data.close();
    this.#node.port.postMessage(chunk, [samples.buffer]);
  }

  #played(told) {
    this.figures = told.figures;
    if (told.ptsUs === null) return;
    this.#heard = {
      ptsUs: told.ptsUs, atUs: this.#pageUs(told.contextTime), toldUs: nowUs(),
    };
  }

  /**
   * When a moment of the context's time is heard, on the page's clock.
   *
   * A browser whose audio thread was held up tells of output long past as if it
   * were now: what it says is believed as far as its own output delay allows.
   */
  #pageUs(contextTime) {
    const out = this.#context.getOutputTimestamp();
    const delayUs = (this.#context.outputLatency || 0) * 1e6;
    const plainUs = nowUs() + (contextTime - this.#context.currentTime) * 1e6 + delayUs;
    if (!(out.performanceTime > 0)) return plainUs;
    const toldUs = (out.performanceTime + (contextTime - out.contextTime) * 1000) * 1000;
    return Math.abs(toldUs - plainUs) < BELIEVED_US ? toldUs : plainUs;
  }
}

function aacConfig(record) {
  const bits = (record[0] << 8) | record[1];
  const rate = RATES[(bits >> 7) & 15] || RATE;
  return {
    codec: `mp4a.40.${bits >> 11}`, description: record,
    sampleRate: rate, numberOfChannels: ((bits >> 3) & 15) || 1,
  };
}
