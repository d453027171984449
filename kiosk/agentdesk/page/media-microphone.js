// The agent's sound: Opus where the browser encodes it, samples otherwise.
//
// Muted, or without a microphone, silence goes on being sent: nobody over there may
// take it for a fault, and a call lasts only while its stream does.

import { Codec, Kind } from "./media-framing.js";
import { CaptureClock } from "./media-clock.js";

const RATE = 48_000;
const OPUS = {
  codec: "opus", sampleRate: RATE, numberOfChannels: 1, bitrate: 40_000,
  opus: { frameDuration: 20_000 },
};

/** Return the codec of this browser's sound. */
export async function soundCodec() {
  if (typeof AudioEncoder === "undefined") return Codec.PCM;
  const { supported } = await AudioEncoder.isConfigSupported(OPUS).catch(() => ({}));
  return supported ? Codec.OPUS : Codec.PCM;
}

export class Microphone {
  #codec;
  #uplink;
  #context;
  #onFault;
  #clock = new CaptureClock();
  #track = null;
  #source = null;
  #node = null;
  #encoder = null;

  isMuted = false;
  dropped = 0;

  constructor({ codec, uplink, context, onFault }) {
    this.#codec = codec;
    this.#uplink = uplink;
    this.#context = context;
    this.#onFault = onFault;
  }

  /** Take the sound of a track until it ends or another is given; null for silence. */
  open(track) {
    this.#disconnect();
    this.#track = track;
    if (track) {
      track.onended = () => {
        if (track !== this.#track) return;
        this.open(null);
        this.#onFault("microphone", "the microphone is gone");
      };
      this.#source = new MediaStreamAudioSourceNode(this.#context, {
        mediaStream: new MediaStream([track]),
      });
    } else {
      this.#source = new ConstantSourceNode(this.#context, { offset: 0 });
      this.#source.start();
    }
    this.#node = new AudioWorkletNode(this.#context, "blocks", {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit",
    });
    this.#node.port.onmessage = ({ data }) => this.#offer(data);
    this.#source.connect(this.#node);
  }

  close() {
    this.#disconnect();
    this.#track = null;
    if (this.#encoder && this.#encoder.state !== "closed") this.#encoder.close();
    this.#encoder = null;
  }

  #disconnect() {
    this.#source?.disconnect();
    if (this.#node) this.#node.port.onmessage = null;
    this.#source = this.#node = null;
  }

  #offer({ samples, stampUs }) {
    // a block is delivered when its last sample was taken
    const lastsUs = (samples.length * 1e6) / RATE;
    const capturedUs = this.#clock.capturedUs(stampUs + lastsUs) - lastsUs;
    if (!this.#uplink.maySound()) {
      this.dropped += 1;
      return;
    }
    if (this.isMuted) samples.fill(0);
    if (this.#codec === Codec.OPUS) this.#encode(samples, stampUs);
    else this.#send(capturedUs, pcmOf(samples));
  }

  #encode(samples, stampUs) {
    if (!this.#encoder) this.#openEncoder();
    const data = new AudioData({
      format: "f32-planar", sampleRate: RATE, numberOfChannels: 1,
      numberOfFrames: samples.length, timestamp: Math.round(stampUs), data: samples,
    });
    this.#encoder.encode(data);
    data.close();
  }

  #openEncoder() {
    const encoder = new AudioEncoder({
      output: (chunk) => {
        if (encoder !== this.#encoder) return;
        const payload = new Uint8Array(chunk.byteLength);
        chunk.copyTo(payload);
        const lastsUs = 20_000;
        this.#send(this.#clock.capturedAtUs(chunk.timestamp + lastsUs) - lastsUs, payload);
      },
      error: (error) => {
        if (encoder !== this.#encoder) return;
        this.#encoder = null;
        this.#onFault("encoder", error.message);
      },
    });
    encoder.configure(OPUS);
    this.#encoder = encoder;
  }

  #send(capturedUs, payload) {
    this.#uplink.send(Kind.AUDIO, this.#codec, capturedUs, payload);
  }
}

function pcmOf(samples) {
  const pcm = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, i) => {
    const level = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
    pcm.setInt16(2 * i, level, true);
  });
  return new Uint8Array(pcm.buffer);
}
