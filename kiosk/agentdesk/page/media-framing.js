// How media units cross the socket; the table is in kiosk/agentdesk/framing.py.

export const Kind = Object.freeze({
  VIDEO_CONFIG: 1, IDR: 2, INTER: 3, AUDIO_CONFIG: 4, AUDIO: 5,
});

export const Codec = Object.freeze({ H264: 1, VP8: 2, AAC: 16, OPUS: 17, PCM: 18 });

const HEADER_BYTES = 24;

/** Return the unit of a binary message; its payload is a view, not a copy. */
export function parse(message) {
  const head = new DataView(message);
  return {
    kind: head.getUint8(0),
    codec: head.getUint8(1),
    timeline: head.getUint8(2),
    sequence: head.getUint32(4),
    ptsUs: head.getFloat64(8),
    atUs: head.getFloat64(16),
    payload: new Uint8Array(message, HEADER_BYTES),
  };
}

/** Return the binary message of a unit that was captured at a time of this page. */
export function pack(kind, codec, sequence, capturedUs, payload) {
  const message = new Uint8Array(HEADER_BYTES + payload.byteLength);
  const head = new DataView(message.buffer);
  head.setUint8(0, kind);
  head.setUint8(1, codec);
  head.setUint32(4, sequence);
  head.setFloat64(8, capturedUs);
  head.setFloat64(16, capturedUs);
  message.set(payload, HEADER_BYTES);
  return message;
}
