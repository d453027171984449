// The agent's pictures: H.264 where the browser encodes it, VP8 otherwise.
//
// What the network or the encoder cannot take is left out before it is encoded, so
// that no reference is ever broken.

import { Codec, Kind } from "./media-framing.js";
import { CaptureClock, nowUs } from "./media-clock.js";

const RATE = 30;
const WIDEST = 640;
const KEY_AT_LEAST_US = 10_000_000;
const HOLD_US = 600_000; // then the server would have said it again
const ENCODING_MOST = 2;
const READABLE = [[80_000, 8], [120_000, 12], [180_000, 20]];

const shape = { [Codec.H264]: "avc1.42E01F", [Codec.VP8]: "vp8" };

/** Return the codec this browser encodes, null if none of ours. */
export async function pictureCodec({ vp8 = false } = {}) {
  if (typeof VideoEncoder === "undefined") return null;
  for (const codec of vp8 ? [Codec.VP8] : [Codec.H264, Codec.VP8]) {
    const asked = settings(codec, WIDEST, 360, 600_000);
    const { supported } = await VideoEncoder.isConfigSupported(asked).catch(() => ({}));
    if (supported) return codec;
  }
  return null;
}

export class Camera {
  #codec;
  #uplink;
  #onFault;
  #clock = new CaptureClock();
  #reader = null;
  #track = null;
  #video = null;
  #encoder = null;
  #size = null;
  #bps = 600_000;
  #configuredBps = 0;
  #heldAtUs = -Infinity;
  #wantsKey = true;
  #keyAtUs = 0;
  #dueUs = 0;

  encoded = 0;
  dropped = 0;

  constructor({ codec, uplink, onFault }) {
    this.#codec = codec;
    this.#uplink = uplink;
    this.#onFault = onFault;
  }

  /** Take pictures of a track until it ends or another is given; null for none. */
  open(track) {
    this.#stopReading();
    this.#track = track;
    if (!track) return;
    track.onended = () => {
      if (track !== this.#track) return;
      this.#stopReading();
      this.#onFault("camera", "the camera is gone");
    };
    track.onmute = () => this.#onFault("camera", "the camera gives no pictures");
    if (typeof MediaStreamTrackProcessor === "undefined") this.#watch(track);
    else this.#read(track);
  }


  wantKey() { this.#wantsKey = true; }

  /** Aim at a bit rate; encode nothing for now, if told so. */
  allow(bps, hold) {
    this.#bps = bps;
    this.#heldAtUs = hold ? nowUs() : -Infinity;
  }

  get bps() { return this.#bps; }

  close() {
    this.#stopReading();
    this.#track = null;
    this.#closeEncoder();
  }

  async #read(track) {
    const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
    const reader = readable.getReader();
    this.#reader = reader;
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true }));
      if (done) return;
      this.#offer(value);
    }
  }

  #watch(track) {
    const video = document.createElement("video");
    this.#video = video;
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    const next = () => {
      if (video !== this.#video) return;
      this.#offer(new VideoFrame(video, { timestamp: Math.round(nowUs()) }));
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
    video.play().catch((error) => this.#onFault("camera", error.message));
  }

  #stopReading() {
    this.#reader?.cancel().catch(() => {});
    this.#reader = null;
    if (this.#video) this.#video.srcObject = null;
    this.#video = null;
  }

  #offer(frame) {
    const capturedUs = this.#clock.capturedUs(frame.timestamp);
    try {
      if (this.#mayEncode(capturedUs)) this.#encode(frame);
    } catch (error) {
      this.#failed(error);
    } finally {
      frame.close();
    }
  }

  #mayEncode(capturedUs) {
    const readable = READABLE.find(([below]) => this.#bps < below);
    const periodUs = 1e6 / (readable ? readable[1] : RATE);
    if (capturedUs < this.#dueUs - periodUs / 4) return false;
    this.#dueUs = Math.max(this.#dueUs, capturedUs - periodUs) + periodUs;
    const isHeld = nowUs() - this.#heldAtUs < HOLD_US;
    const isBusy = this.#encoder && this.#encoder.encodeQueueSize > ENCODING_MOST;
    if (!isHeld && !isBusy && this.#uplink.mayPicture(this.#bps)) return true;
    this.dropped += 1;
    return false;
  }

  #encode(frame) {
    this.#follow(frame);
    const atUs = nowUs();
    const keyFrame = this.#wantsKey || atUs - this.#keyAtUs > KEY_AT_LEAST_US;
    if (keyFrame) {
      this.#wantsKey = false;
      this.#keyAtUs = atUs;
    }
    this.#encoder.encode(frame, { keyFrame });
  }

  /** Configure the encoder for the size of a picture and the bit rate of now. */
  #follow(frame) {
    const scale = Math.min(1, WIDEST / frame.displayWidth);
    const width = Math.round((frame.displayWidth * scale) / 2) * 2;
    const height = Math.round((frame.displayHeight * scale) / 2) * 2;
    const isSameSize = this.#size?.width === width && this.#size?.height === height;
    if (this.#encoder && isSameSize && this.#bps === this.#configuredBps) return;
    if (!isSameSize || !this.#encoder) {
      this.#closeEncoder();
      const encoder = new VideoEncoder({
        output: (chunk, metadata) => this.#coded(encoder, chunk, metadata),
        error: (error) => { if (encoder === this.#encoder) this.#failed(error); },
      });
      this.#encoder = encoder;
      this.#size = { width, height };
      this.#wantsKey = true;
    }
    this.#configuredBps = this.#bps;
    this.#encoder.configure(settings(this.#codec, width, height, this.#bps));
  }

  #coded(encoder, chunk, metadata) {
    if (encoder !== this.#encoder) return;
    const capturedUs = this.#clock.capturedAtUs(chunk.timestamp);
    const config = metadata?.decoderConfig?.description;
    if (config && this.#codec === Codec.H264) {
      this.#uplink.send(Kind.VIDEO_CONFIG, this.#codec, capturedUs, octetsOf(config));
    }
    const payload = new Uint8Array(chunk.byteLength);
    chunk.copyTo(payload);
    const kind = chunk.type === "key" ? Kind.IDR : Kind.INTER;
    this.#uplink.send(kind, this.#codec, capturedUs, payload);
    this.encoded += 1;
  }

  #failed(error) {
    this.#onFault("encoder", error.message);
    this.#closeEncoder();
  }

  #closeEncoder() {
    if (this.#encoder && this.#encoder.state !== "closed") this.#encoder.close();
    this.#encoder = this.#size = null;
  }
}

function settings(codec, width, height, bitrate) {
  const config = {
    codec: shape[codec], width, height, bitrate,
    framerate: RATE, latencyMode: "realtime", bitrateMode: "constant",
  };
  return codec === Codec.H264 ? { ...config, avc: { format: "avc" } } : config;
}

const octetsOf = (source) => (ArrayBuffer.isView(source)
  ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
  : new Uint8Array(source));
