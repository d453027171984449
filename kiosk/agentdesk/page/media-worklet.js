// The playout delay: sound comes unevenly and is played evenly.
//
// The rules are those of the kiosk's player (kiosk/media/jitter.py), a little
// simpler: begin at the target; what was never needed during a second is given back
// by playing faster, a backlog is cut; each underrun raises the target.  Also the
// microphone of browsers that hand out no coded sound: blocks of samples.

const RATE = 48_000;
const MS = RATE / 1000;
const BUFFER = 2 * RATE;
const [TARGET, LEAST, MOST] = [60 * MS, 40 * MS, 160 * MS];
const [RAISED_BY, LOWERED_BY, LOWERED_EVERY] = [20 * MS, 10 * MS, 5 * RATE];
const [CUT_ABOVE, KEPT_ABOVE] = [250 * MS, 20 * MS];
const JUMP_US = 150_000;
const EVENT = RATE / 2;
const FADE = 240; // 5 ms
const TOLD_EVERY = 16; // blocks of 128

class Playout extends AudioWorkletProcessor {
  #ring = new Float32Array(BUFFER);
  #written = 0; // samples since the beginning
  #read = 0; // likewise, with a fraction
  #endUs = null; // pts of the sample to be written next
  #isPlaying = false;
  #waitingSince = null;
  #starvedSince = null;
  #underrunAt = -Infinity;
  #target = TARGET;
  #loweredAt = 0;
  #levels = []; // [frame, level] of the last second, ascending
  #last = 0;
  #gain = 0;
  #blocks = 0;
  #underruns = 0;
  #concealed = 0;
  #speed = 1;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => (data.restart ? this.#restart() : this.#put(data));
  }

  process(_inputs, outputs) {
    const out = outputs[0][0];
    const isHeard = this.#fill(out);
    this.#blocks += 1;
    if (this.#blocks % TOLD_EVERY === 0) this.#tell(isHeard);
    return true;
  }

  get #level() { return this.#written - this.#read; }

  #restart() {
    this.#read = this.#written;
    this.#endUs = null;
    this.#isPlaying = false;
    this.#waitingSince = this.#starvedSince = null;
    this.#levels = [];
  }

  #put({ ptsUs, rate, samples }) {
    if (this.#endUs !== null && Math.abs(ptsUs - this.#endUs) > JUMP_US) this.#restart();
    if (!this.#isPlaying && this.#waitingSince === null) this.#waitingSince = currentFrame;
    const pcm = rate === RATE ? samples : resampled(samples, rate);
    for (let i = 0; i < pcm.length; i += 1) {
      this.#ring[(this.#written + i) % BUFFER] = pcm[i];
    }
    this.#written += pcm.length;
    this.#endUs = ptsUs + (samples.length * 1e6) / rate;
    if (this.#level > RATE) this.#shorten(RATE);
  }

  #fill(out) {
    if (!this.#isPlaying && !this.#begins()) return this.#conceal(out);
    if (this.#level < out.length * 1.05 + 2) {
      this.#ranDry();
      return this.#conceal(out);
    }
    this.#starvedSince = null;
    this.#speed = this.#choose();
    for (let i = 0; i < out.length; i += 1) {
      const whole = Math.floor(this.#read);
      const part = this.#read - whole;
      const a = this.#ring[whole % BUFFER];
      const b = this.#ring[(whole + 1) % BUFFER];
      this.#gain = Math.min(1, this.#gain + 1 / FADE);
      out[i] = (a + (b - a) * part) * this.#gain;
      this.#read += this.#speed;
    }
    this.#last = out[out.length - 1];
    return true;
  }

  /** Fade out what was heard last, then silence. */
  #conceal(out) {
    for (let i = 0; i < out.length; i += 1) {
      this.#last *= 1 - 1 / FADE;
      out[i] = this.#last;
    }
    this.#gain = 0;
    if (this.#starvedSince !== null) this.#concealed += out.length;
    return false;
  }

  #begins() {
    if (this.#waitingSince === null) return false;
    const waited = currentFrame - this.#waitingSince;
    if (this.#level < this.#target && waited < this.#target) return false;
    this.#shorten(this.#target + KEPT_ABOVE);
    this.#isPlaying = true;
    this.#waitingSince = null;
    this.#loweredAt = currentFrame;
    this.#levels = [];
    return true;
  }

  #ranDry() {
    if (this.#starvedSince === null) {
      this.#starvedSince = currentFrame;
      this.#levels = [];
      if (currentFrame - this.#underrunAt > EVENT) {
        this.#underruns += 1;
        this.#target = Math.min(MOST, this.#target + RAISED_BY);
        this.#loweredAt = currentFrame;
      }
      this.#underrunAt = currentFrame;
    }
    if (currentFrame - this.#starvedSince > EVENT) this.#restart();
  }

  #choose() {
    const level = this.#level;
    while (this.#levels.length && this.#levels.at(-1)[1] >= level) this.#levels.pop();
    this.#levels.push([currentFrame, level]);
    while (currentFrame - this.#levels[0][0] > RATE) this.#levels.shift();
    if (currentFrame - this.#loweredAt > LOWERED_EVERY) {
      this.#loweredAt = currentFrame;
      this.#target = Math.max(LEAST, this.#target - LOWERED_BY);
    }
    const spare = this.#levels[0][1];
    const excess = spare - this.#target;
    if (excess > CUT_ABOVE) {
      this.#shorten(this.#target + KEPT_ABOVE);
      this.#levels = [];
      this.#gain = 0;
      return 1;
    }
    if (excess > 40 * MS) return 1.04;
    if (excess > 15 * MS) return 1.02;
    if (excess > 5 * MS) return 1.005;
    if (level < 0.4 * this.#target) return 0.98;
    return level < 0.6 * this.#target ? 0.995 : 1;
  }

  #shorten(longest) {
    if (this.#level > longest) this.#read = this.#written - longest;
  }

  #tell(isHeard) {
    this.port.postMessage({
      ptsUs: isHeard ? this.#endUs - (this.#level * 1e6) / RATE : null,
      contextTime: (currentFrame + 128) / RATE,
      figures: {
        levelMs: this.#level / MS, targetMs: this.#target / MS, speed: this.#speed,
        underruns: this.#underruns, concealedMs: this.#concealed / MS,
      },
    });
  }
}

function resampled(samples, rate) {
  const length = Math.floor((samples.length * RATE) / rate);
  const out = new Float32Array(length);
  for (let i = 0; i < length; i += 1) {
    const at = (i * rate) / RATE;
    const whole = Math.floor(at);
    const a = samples[whole];
    const b = samples[Math.min(whole + 1, samples.length - 1)];
    out[i] = a + (b - a) * (at - whole);
  }
  return out;
}

class Blocks extends AudioWorkletProcessor {
  #block = new Float32Array(960);
  #filled = 0;

  process(inputs) {
    const [samples] = inputs[0];
    if (!samples) return true;
    for (const sample of samples) {
      this.#block[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled === this.#block.length) this.#post();
    }
    return true;
  }

  #post() {
    const samples = this.#block;
    this.#block = new Float32Array(samples.length);
    this.#filled = 0;
    const stampUs = ((currentFrame + 128 - samples.length) * 1e6) / RATE;
    this.port.postMessage({ samples, stampUs }, [samples.buffer]);
  }
}

registerProcessor("playout", Playout);
registerProcessor("blocks", Blocks);
