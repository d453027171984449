// One call on the page: camera and microphone, and the media module that carries them.

import { DeskMedia } from "./media.js";

const asked = new URLSearchParams(location.search);

export class Call {
  #media = null;
  #stream = null;
  #begun = null;
  #isMuted = false;

  /** view: { canvas, self, onDevices(why), onEvent(event) } */
  constructor(view) { this.view = view; }

  get id() { return this.#begun; }

  /** Begin the call of an id, unless it is the one that runs. */
  async begin(id) {
    if (this.#begun === id) return;
    this.end();
    this.#begun = id;
    const stream = await devices(this.view.onDevices);
    if (this.#begun !== id) { // it ended while the browser asked
      stop(stream);
      return;
    }
    this.#stream = stream;
    this.view.self.srcObject = stream;
    for (const track of stream?.getTracks() ?? []) {
      track.addEventListener("ended", () => this.view.onDevices(`failed.${kindOf(track)}`));
    }
    this.#media = new DeskMedia({
      canvas: this.view.canvas, onEvent: this.view.onEvent, vp8: asked.has("vp8"),
    });
    this.#media.setMuted(this.#isMuted);
    await this.#media.start(id, stream);
  }

  get media() { return this.#media; }

  setMuted(isMuted) {
    this.#isMuted = isMuted;
    this.#media?.setMuted(isMuted);
  }

  setVolume(volume) { this.#media?.setVolume(volume); }

  end() {
    this.#begun = null;
    this.#media?.stop();
    stop(this.#stream);
    this.#media = this.#stream = this.view.self.srcObject = null;
  }
}

/** Return what the browser gives: both, one of them, or nothing; and say what is missing. */
async function devices(tell) {
  const picture = { width: 640, height: 360, frameRate: 30 };
  const wishes = [
    [{ video: picture, audio: true }, ""],
    [{ audio: true }, "devices.no_camera"],
    [{ video: picture }, "devices.no_microphone"],
  ];
  for (const [wish, missing] of wishes) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wish);
      if (missing) tell(missing);
      return stream;
    } catch { /* the next wish is smaller */ }
  }
  tell("devices.none");
  return null;
}

function stop(stream) { for (const track of stream?.getTracks() ?? []) track.stop(); }

function kindOf(track) { return track.kind === "video" ? "camera" : "microphone"; }
