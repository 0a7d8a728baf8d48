/* The picture at this end: decoder, canvas, and the queue in which updates wait for what the browser decodes. Each update
 * is applied strictly in sequence, painted, and acked after that. One that cannot be shown leaves the canvas as it is:
 * until a new picture begins nothing more is painted. */

import { Painter } from './painter.js';
import { DecodeError, PayloadDecoder } from './payload_decoder.js';
import { ProtocolError } from '../console/session/protocol.js';
import { UpdateQueue } from './update_queue.js';

/** @typedef {import('./decoder.js').Codec} Codec */
/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {import('./decoder.js').Rect} Rect */
/** @typedef {Extract<import('../console/session/protocol.js').ServerMessage, {type: 'update'}>} UpdateMessage */
/** @typedef {UpdateMessage & {sequence: number}} Update sequence: 1, 2, 3 ... in each connection, as both sides count */
/** @typedef {Extract<import('../console/session/protocol.js').ServerMessage, {type: 'mode'}>} Mode */
/** @typedef {{received: number, applied: number, painted: number}} Times ms of the page's clock */
/**
 * @typedef {object} PictureCalls
 * @property {(mode: Mode) => void} begun a new picture, black
 * @property {(update: Update, times: Times, shown: boolean) => void} done to be acked; shown: it is on the canvas
 * @property {(codec: Codec|null, why: string) => void} broken once for each picture: a new one is needed
 */

export class Picture {
  #decoder;
  #painter;
  #calls;
  #payloads = new PayloadDecoder();
  /** @type {UpdateQueue<Image[]|null>} */
  #queue = new UpdateQueue();
  #broken = false;
  #arrived = 0;
  /** Modes that have come and wait for the updates before them. */
  #modesWaiting = 0;
  /** @type {Promise<unknown>} when the last of them begins */
  #begins = Promise.resolve();
  #visible;
  exact = false;
  /** Sequence number of the last update of this connection that was applied. */
  applied = 0;
  /** The slots hold what the last connection's updates have put there. */
  slotsKnown = true;

  /**
   * @param {import('./decoder.js').Decoder} decoder
   * @param {HTMLCanvasElement|OffscreenCanvas} canvas
   * @param {boolean} visible
   * @param {PictureCalls} calls
   */
  constructor(decoder, canvas, visible, calls) {
    this.#decoder = decoder;
    this.#painter = new Painter(canvas);
    this.#visible = visible;
    this.#calls = calls;
  }

  /** Another connection: what has not been applied of the old one never will be. */
  disconnected() {
    this.#queue.clear();
    this.#payloads.reset();
    this.#modesWaiting = this.#arrived = 0;
    this.exact = false;
  }

  /** The new connection counts from 1 again. */
  connected() {
    this.applied = 0;
    this.slotsKnown = true;
  }

  /** Runs in its turn among the updates. @param {() => void} run */
  after(run) {
    this.#queue.add(null, run, reportError);
  }

  /** @param {Mode} mode @param {(error: unknown) => void} failed */
  mode(mode, failed) {
    this.#modesWaiting++;
    this.#begins = new Promise((begun) => {
      const begin = () => {
        this.#modesWaiting--;
        this.#begin(mode);
        begun(null);
      };
      this.#queue.add(null, begin, failed);
    });
  }

  /** @param {Mode} mode */
  #begin(mode) {
    if (!this.#decoder.resize(mode.width, mode.height, mode.colour))
      throw new ProtocolError(`no memory for ${mode.width} x ${mode.height}`);
    this.#broken = false;
    this.exact = false;
    this.#painter.resize(this.#decoder, performance.now());
    this.#calls.begun(mode);
  }

  /** @param {UpdateMessage} message @param {number} received ms */
  update(message, received) {
    const update = { ...message, sequence: ++this.#arrived };
    this.#queue.add(
      this.#decoding(update),
      (images) => this.#apply(update, images ?? [], received),
      (error) => this.#failed(update, error, received),
    );
  }

  /** @param {Update} update @returns {Promise<Image[]|null>|null} null: there is nothing to decode */
  #decoding(update) {
    // What a payload may be depends on the canvas, which is another one then.
    if (this.#modesWaiting) return this.#begins.then(() => this.#decode(update));
    return this.#decode(update);
  }

  /** @param {Update} update @returns {Promise<Image[]>|null} */
  #decode({ body, check }) {
    if (this.#broken) return null;
    if (!this.#decoder.intact(body, check)) return Promise.reject(new Error('it was damaged on its way'));
    const payloads = this.#decoder.payloads(body);
    if (!payloads) return Promise.reject(new Error('its payloads are malformed'));
    return payloads.length ? this.#payloads.decode(payloads, this.#decoder.colour) : null;
  }

  /** @param {Update} update @param {Image[]} images @param {number} received */
  #apply(update, images, received) {
    if (this.#broken) return this.#done(update, received, received, false);
    const dirty = this.#decoder.apply(update.body, images);
    if (!dirty) throw new Error('it is malformed');
    const applied = performance.now();
    if (this.#visible) this.#painter.paint(this.#decoder, dirty, update.exact);
    this.exact = update.exact;
    this.applied = update.sequence;
    this.#done(update, received, applied, true);
  }

  /** @param {Update} update @param {number} received @param {number} applied @param {boolean} shown */
  #done(update, received, applied, shown) {
    this.#calls.done(update, { received, applied, painted: performance.now() }, shown);
  }

  /** @param {Update} update @param {unknown} error @param {number} received */
  #failed(update, error, received) {
    const first = !this.#broken;
    this.#broken = true;
    this.exact = false;
    this.#done(update, received, received, false);
    if (!first) return;
    this.#payloads.reset();
    // What this update would have put into slots is not there: better none than wrong ones.
    this.slotsKnown = false;
    this.#decoder.eraseSlots();
    const codec = error instanceof DecodeError ? error.codec : null;
    this.#calls.broken(codec, `Update ${update.sequence} cannot be shown: ${error instanceof Error ? error.message : error}.`);
  }

  /** @param {boolean} visible */
  setVisible(visible) {
    this.#visible = visible;
    if (visible && !this.#broken) this.#painter.paintAll(this.#decoder);
  }

  /** @param {number} now ms */
  tick(now) {
    if (this.#visible && !this.#broken) this.#painter.tick(this.#decoder, now);
  }

  lossyMap() {
    return this.#decoder.lossyMap();
  }

  /** Nothing of what was on the screen stays. */
  erase() {
    this.disconnected();
    this.#broken = true;
    this.slotsKnown = false;
    this.#decoder.erase();
    this.#painter.erase();
  }

  /**
   * RGBA of a part, 0 x 0 where the part is not inside the picture.
   * @param {boolean} canvas from the canvas itself rather than from the decoder's memory
   * @param {Rect|null} rect null: all of it
   */
  read(canvas, rect) {
    const { width: w, height: h } = this.#decoder;
    const { x, y, width, height } = rect ?? { x: 0, y: 0, width: w, height: h };
    const inside = x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= w && y + height <= h;
    if (!inside) return { width: 0, height: 0, pixels: new Uint8ClampedArray() };
    const source = canvas ? this.#painter : this.#decoder;
    return { width, height, pixels: source.read({ x, y, width, height }) };
  }
}
