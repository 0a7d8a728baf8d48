/* One console as the worker sees it: socket, decoder and canvas. It takes commands from the page, applies updates
 * strictly in order, acks each one after painting, and reports what the page shows. Runs in a worker, or on the page
 * where canvases cannot be handed over. */

import { Connection } from './connection.js';
import { Decoder } from './decoder.js';
import { Painter } from './painter.js';
import { Figures } from './figures.js';
import * as protocol from './protocol.js';

/** @typedef {import('./connection.js').ConnectionState} ConnectionState */
/** @typedef {import('./decoder.js').Rect} Rect */
/** @typedef {{buttons: number, x: number, y: number, wheel: number, pan: number}} AbsolutePointer */
/** @typedef {{buttons: number, dx: number, dy: number, wheel: number, pan: number}} RelativePointer */
/**
 * @typedef {{type: 'key', usage: number, down: boolean}
 *   | {type: 'pointer-absolute', pointer: AbsolutePointer, move: boolean}
 *   | {type: 'pointer-relative', pointer: RelativePointer}
 *   | {type: 'release-all'} | {type: 'beat'} | {type: 'retry'} | {type: 'stop'}
 *   | {type: 'seat', take: boolean}
 *   | {type: 'visible', visible: boolean}
 *   | {type: 'view-only', viewOnly: boolean}
 *   | {type: 'read', id: number, canvas: boolean, rect: Rect|null}} Command
 */
/** @typedef {{roundTrip: number|null, frames: number, bits: number}} StripFigures ms, per second, per second */
/**
 * @typedef {{type: 'connection', state: ConnectionState}
 *   | {type: 'mode', width: number, height: number}
 *   | {type: 'painted', sequence: number, exact: boolean}
 *   | {type: 'figures', figures: StripFigures}
 *   | {type: 'pixels', id: number, width: number, height: number, exact: boolean, pixels: ArrayBuffer}
 *   | {type: 'failed', why: string}
 *   | Exclude<import('./protocol.js').ServerMessage, {type: 'mode'|'update'|'pong'|'stats'|'end'}>} Report
 */

const DECODER_URL = '/lightsout.wasm';
const PING_MS = 2000;
/** Without any message this long after a ping, the connection is dead though the browser has not noticed. */
const DEAD_MS = 6000;
/** More than this waiting to be sent: pointer moves are held back, the newest wins. */
const STUCK_BYTES = 1024;

const CAPABILITIES =
  1 | // the decoder would not load without WASM SIMD
  ('VideoDecoder' in globalThis ? 2 : 0) |
  ('ImageDecoder' in globalThis ? 4 : 0);

export class ConsoleSession {
  /** @type {Decoder|null} */
  #decoder = null;
  #painter;
  #connection;
  #figures = new Figures();
  #visible;
  #viewOnly;
  #saidViewOnly = false;
  #sequence = 0;
  #exact = false;
  #lastPing = 0;
  #heardAt = 0;
  /** @type {AbsolutePointer|null} */
  #heldMove = null;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #clock;

  /**
   * @param {{target: string, canvas: HTMLCanvasElement|OffscreenCanvas, viewOnly: boolean, visible: boolean}} start
   * @param {(report: Report, transfer?: Transferable[]) => void} report
   */
  constructor(start, report) {
    this.report = report;
    this.#visible = start.visible;
    this.#viewOnly = start.viewOnly;
    this.#painter = new Painter(start.canvas);
    this.#connection = new Connection(start.target, () => this.#hello(), {
      changed: (state) => this.#connectionChanged(state),
      message: (message, received) => this.#message(message, received),
    });
    this.#start();
  }

  async #start() {
    try {
      const response = await fetch(DECODER_URL);
      if (!response.ok) throw new Error(`${DECODER_URL}: ${response.status}`);
      this.#decoder = await Decoder.create(await response.arrayBuffer());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.report({ type: 'failed', why: `The picture decoder did not load (${why}). Reload the page.` });
    }
    this.#clock = setInterval(() => this.#tick(), 500);
    this.#connection.connect();
  }

  /** @param {Command} command */
  command(command) {
    switch (command.type) {
      case 'key':
        return this.#connection.send(protocol.buildKey(command.usage, command.down));
      case 'pointer-absolute':
        return this.#pointer(command.pointer, command.move);
      case 'pointer-relative':
        return this.#connection.send(protocol.buildPointerRelative(command.pointer));
      case 'release-all':
        this.#heldMove = null;
        return this.#connection.send(protocol.buildReleaseAll());
      case 'beat':
        return this.#ping();
      case 'seat':
        return this.#connection.send(protocol.buildSeat(command.take));
      case 'visible':
        return this.#setVisible(command.visible);
      case 'view-only':
        return this.#setViewOnly(command.viewOnly);
      case 'read':
        return this.#read(command.id, command.canvas, command.rect);
      case 'retry':
        return this.#connection.retryNow();
      case 'stop':
        clearInterval(this.#clock);
        return this.#connection.stop();
    }
  }

  #hello() {
    this.#saidViewOnly = this.#viewOnly;
    return { hidden: !this.#visible, viewOnly: this.#viewOnly, capabilities: CAPABILITIES };
  }

  /** @param {ConnectionState} state */
  #connectionChanged(state) {
    this.#sequence = 0;
    this.#exact = false;
    this.#heldMove = null;
    this.#figures.reset();
    this.#heardAt = this.#lastPing = performance.now();
    this.report({ type: 'connection', state });
  }

  /** @param {import('./protocol.js').ServerMessage} message @param {number} received */
  #message(message, received) {
    this.#heardAt = received;
    switch (message.type) {
      case 'mode':
        return this.#mode(message.width, message.height);
      case 'update':
        return this.#update(message, received);
      case 'pong':
        return this.#figures.pong(message.value, received);
      case 'stats':
        return this.#figures.serverRoundTrip(message.roundTrip / 1000);
      case 'end':
        return;
      case 'welcome':
        if (this.#visible) this.#ping(); // the strip wants a first figure
        return this.report(message);
      default:
        return this.report(message);
    }
  }

  /** @param {number} width @param {number} height */
  #mode(width, height) {
    if (!this.#decoder?.resize(width, height)) throw new protocol.ProtocolError(`no memory for ${width} x ${height}`);
    this.#exact = false;
    this.#painter.resize(this.#decoder);
    this.report({ type: 'mode', width, height });
  }

  /** @param {Extract<import('./protocol.js').ServerMessage, {type: 'update'}>} update @param {number} received */
  #update({ sequence, exact, body }, received) {
    const decoder = this.#decoder;
    if (sequence !== this.#sequence + 1)
      throw new protocol.ProtocolError(`update ${sequence} came after ${this.#sequence}`);
    const dirty = decoder?.apply(body);
    if (!decoder || !dirty) throw new protocol.ProtocolError(`update ${sequence} is malformed`);
    if (this.#visible) this.#painter.paint(decoder, dirty);
    this.#sequence = sequence;
    this.#exact = exact;
    const painted = performance.now();
    this.#connection.send(protocol.buildAck(sequence, received * 1000, painted * 1000));
    this.#figures.update(body.length + 12, received);
    this.report({ type: 'painted', sequence, exact });
  }

  /** @param {boolean} visible */
  #setVisible(visible) {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (visible && this.#decoder) this.#painter.paintAll(this.#decoder);
    this.#connection.send(protocol.buildVisible(visible));
    if (visible) this.#ping();
  }

  /** @param {boolean} viewOnly */
  #setViewOnly(viewOnly) {
    this.#viewOnly = viewOnly;
    if (viewOnly) this.#connection.send(protocol.buildSeat(false));
    else if (this.#saidViewOnly) this.#connection.restart('Asking to type.');
  }

  /** @param {AbsolutePointer} pointer @param {boolean} move nothing but the position changed */
  #pointer(pointer, move) {
    if (move && this.#connection.waiting > STUCK_BYTES) {
      this.#heldMove = pointer;
      return;
    }
    this.#heldMove = null;
    this.#connection.send(protocol.buildPointerAbsolute(pointer));
  }

  #ping() {
    this.#lastPing = performance.now();
    this.#connection.send(protocol.buildPing(this.#figures.stamp(this.#lastPing)));
  }

  #tick() {
    if (!this.#connection.open) return;
    const now = performance.now();
    if (this.#heldMove) this.#pointer(this.#heldMove, true);
    if (this.#visible && now - Math.max(this.#lastPing, this.#heardAt) >= PING_MS) this.#ping();
    if (this.#lastPing > this.#heardAt && now - this.#heardAt > DEAD_MS) return this.#connection.restart();
    if (this.#visible) this.report({ type: 'figures', figures: this.#figures.now(now) });
  }

  /**
   * @param {number} id
   * @param {boolean} canvas from the canvas itself rather than from the decoder's memory
   * @param {Rect|null} rect null: all of it
   */
  #read(id, canvas, rect) {
    const { width: w, height: h } = this.#decoder ?? { width: 0, height: 0 };
    const { x, y, width, height } = rect ?? { x: 0, y: 0, width: w, height: h };
    const inside = x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= w && y + height <= h;
    const source = inside ? (canvas ? this.#painter : this.#decoder) : null;
    const { buffer } = source?.read({ x, y, width, height }) ?? new Uint8ClampedArray();
    const size = inside ? { width, height } : { width: 0, height: 0 };
    this.report({ type: 'pixels', id, ...size, exact: this.#exact, pixels: buffer }, [buffer]);
  }
}
