/* Where the time of updates goes, stage by stage, and how many bits a second each sort of content takes. Pure. */

/** @typedef {import('../session/protocol.js').SendTimes} SendTimes */
/** @typedef {'track'|'wait'|'encode'|'send'|'network'|'decode'|'paint'} Stage */
/** @typedef {'text'|'photo'|'video'|'settle'} Class */
/**
 * ms; p50 and p95 of the last updates. total: from the capture to the canvas. key: what is added to the target's own
 * time from a key to the picture that shows it; null: no round trip is known.
 * @typedef {object} Stages
 * @property {{stage: Stage, p50: number, p95: number}[]} stages
 * @property {{p50: number, p95: number}|null} total
 * @property {number|null} key
 * @property {{name: Class, bits: number}[]} classes a second
 */

const CLASSES = /** @type {Class[]} */ (['text', 'photo', 'video', 'settle']);
const KEPT = 100;

/** @typedef {Record<Exclude<Stage, 'network'>, number>} Sample ms */
/** @typedef {{at: number} & Record<Class, number>} Bytes */

/** @param {number[]} values @param {number} share */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export class StageTimes {
  /** @type {Sample[]} */
  #samples = [];
  /** @type {Bytes|null} */
  #before = null;
  /** @type {Bytes|null} */
  #last = null;

  reset() {
    this.#samples = [];
    this.#before = this.#last = null;
  }

  /** @param {SendTimes|null} sent null: nobody asked the gateway for them @param {import('../../picture/picture.js').Times} here */
  update(sent, here) {
    if (!sent) return;
    const [track, wait, encode, send] = [sent.track, sent.wait, sent.encode, sent.send].map((us) => us / 1000);
    this.#samples.push({ track, wait, encode, send, decode: here.applied - here.received, paint: here.painted - here.applied });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** @param {Record<Class, number>} bytes since the connection began, modulo 2^32 @param {number} now ms */
  stats({ text, photo, video, settle }, now) {
    this.#before = this.#last;
    this.#last = { at: now, text, photo, video, settle };
  }

  /** @param {number|null} roundTrip ms @param {number} now ms @returns {Stages} */
  now(roundTrip, now) {
    const way = (roundTrip ?? 0) / 2;
    const order = /** @type {Stage[]} */ (['track', 'wait', 'encode', 'send', 'network', 'decode', 'paint']);
    /** @param {Stage} stage */
    const values = (stage) => this.#samples.map((sample) => (stage === 'network' ? way : sample[stage]));
    if (!this.#samples.length) return { stages: [], total: null, key: null, classes: this.#classes(now) };
    const totals = this.#samples.map((sample) => way + Object.values(sample).reduce((sum, ms) => sum + ms, 0));
    const total = { p50: quantile(totals, 0.5), p95: quantile(totals, 0.95) };
    return {
      stages: order.map((stage) => ({ stage, p50: quantile(values(stage), 0.5), p95: quantile(values(stage), 0.95) })),
      total,
      key: roundTrip === null ? null : way + total.p50,
      classes: this.#classes(now),
    };
  }

  /** @param {number} now ms */
  #classes(now) {
    const [before, last] = [this.#before, this.#last];
    const quiet = !before || !last || now - last.at > 3000; // STATS comes once a second while updates flow
    return CLASSES.map((name) => {
      if (quiet) return { name, bits: 0 };
      const bytes = (last[name] - before[name] + 2 ** 32) % 2 ** 32;
      return { name, bits: (bytes * 8000) / Math.max(1, last.at - before.at) };
    });
  }
}
