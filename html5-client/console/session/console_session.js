/* One console as the worker sees it: socket and picture. It takes commands from the page, passes on what the gateway
 * says, acks what was painted, and reports what the page shows. Runs in a worker, or on the page where canvases cannot be
 * handed over. */

import { Connection } from './connection.js';
import { Decoder } from '../../picture/decoder.js';
import { decoderUrl } from '../../picture/module_choice.js';
import { Figures } from '../figures/figures.js';
import { KeyEcho } from '../figures/key_echo.js';
import { tryCodecs } from '../../picture/payload_decoder.js';
import { Picture } from '../../picture/picture.js';
import { messagesReady, t } from '../../parts/messages.js';
import { StageTimes } from '../figures/stage_times.js';
import { Trouble } from '../../picture/trouble.js';
import * as builders from './message_builders.js';
import { CAPABILITY } from './protocol.js';

/** @typedef {import('./connection.js').ConnectionState} ConnectionState */
/** @typedef {import('../../picture/decoder.js').Rect} Rect */
/** @typedef {{buttons: number, x: number, y: number, wheel: number, pan: number}} AbsolutePointer */
/** @typedef {{buttons: number, dx: number, dy: number, wheel: number, pan: number}} RelativePointer */
/**
 * @typedef {{type: 'key', usage: number, down: boolean}
 *   | {type: 'pointer-absolute', pointer: AbsolutePointer, move: boolean}
 *   | {type: 'pointer-relative', pointer: RelativePointer}
 *   | {type: 'release-all'} | {type: 'beat'} | {type: 'retry'} | {type: 'stop'}
 *   | {type: 'seat', action: import('./protocol.js').SeatAction}
 *   | {type: 'seat-answer', grant: boolean, request: number}
 *   | {type: 'visible', visible: boolean}
 *   | {type: 'view-only', viewOnly: boolean}
 *   | {type: 'watch', on: boolean} | {type: 'tint', on: boolean}
 *   | {type: 'read', id: number, canvas: boolean, rect: Rect|null}} Command
 */
/** @typedef {{roundTrip: number|null, frames: number, bits: number}} StripFigures ms, per second, per second */
/** @typedef {StripFigures & {echo: {ms: number, count: number}|null, drops: number, estimate: number, codecs: string[]}} LinkFigures */
/**
 * @typedef {{type: 'connection', state: ConnectionState}
 *   | {type: 'mode', width: number, height: number}
 *   | {type: 'painted', sequence: number, exact: boolean}
 *   | {type: 'figures', figures: StripFigures}
 *   | {type: 'pixels', id: number, width: number, height: number, exact: boolean, pixels: ArrayBuffer}
 *   | {type: 'failed', why: string}
 *   | {type: 'trouble', why: string}
 *   | {type: 'stages', stages: import('../figures/stage_times.js').Stages, link: LinkFigures}
 *   | {type: 'lossy', columns: number, rows: number, map: Uint8Array}
 *   | Exclude<import('./protocol.js').ServerMessage, {type: 'mode'|'update'|'pong'|'stats'|'end'}>} Report
 */

const PING_MS = 2000;
/** Without any message this long after a ping, the connection is dead though the browser has not noticed. */
const DEAD_MS = 6000;
/** More than this waiting to be sent: pointer moves are held back, the newest wins. */
const STUCK_BYTES = 1024;

/** Made once for these slots. */
const newIdentity = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export class ConsoleSession {
  /** @type {Picture|null} */
  #picture = null;
  #canvas;
  #connection;
  #figures = new Figures();
  #stages = new StageTimes();
  #echo = new KeyEcho();
  /** What came between: connections lost, updates that could not be shown. */
  #drops = 0;
  #trouble = new Trouble();
  #identity = newIdentity();
  /** Number of the connection that is or was last. */
  #viewer = 0;
  #capabilities = 0;
  #visible;
  #viewOnly;
  #saidViewOnly = false;
  #watching = false;
  #tinting = false;
  /** What the gateway thinks the link carries, bits a second; 0: not known. */
  #estimate = 0;
  #lastPing = 0;
  #heardAt = 0;
  /** @type {AbsolutePointer|null} */
  #heldMove = null;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #clock;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #refresh;
  #stopped = false;

  /**
   * @param {{target: string, canvas: HTMLCanvasElement|OffscreenCanvas, viewOnly: boolean, visible: boolean}} start
   * @param {(report: Report, transfer?: Transferable[]) => void} report
   */
  constructor(start, report) {
    this.report = report;
    this.#visible = start.visible;
    this.#viewOnly = start.viewOnly;
    this.#canvas = start.canvas;
    this.#connection = new Connection(start.target, () => this.#hello(), {
      changed: (state) => this.#connectionChanged(state),
      message: (message, received) => this.#message(message, received),
    });
    this.#start();
  }

  async #start() {
    try {
      const trial = tryCodecs();
      const url = decoderUrl();
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      const decoder = await Decoder.create(await response.arrayBuffer());
      this.#picture = new Picture(decoder, this.#canvas, this.#visible, {
        begun: ({ width, height }) => this.report({ type: 'mode', width, height }),
        done: (update, times, shown) => this.#done(update, times, shown),
        broken: (codec, why) => this.#broken(codec, why),
      });
      this.#capabilities = await trial;
      await messagesReady;
      if (this.#stopped) return; // left while all this was loading
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.report({ type: 'failed', why: t('picture.decoder-failed', { why }) });
    }
    this.#clock = setInterval(() => this.#tick(), 500);
    this.#connection.connect();
  }

  /** @param {Command} command */
  command(command) {
    switch (command.type) {
      case 'key':
        if (command.down && this.#watching) this.#echo.key(performance.now());
        return this.#connection.send(builders.buildKey(command.usage, command.down));
      case 'pointer-absolute':
        return this.#pointer(command.pointer, command.move);
      case 'pointer-relative':
        return this.#connection.send(builders.buildPointerRelative(command.pointer));
      case 'release-all':
        this.#heldMove = null;
        return this.#connection.send(builders.buildReleaseAll());
      case 'beat':
        return this.#ping();
      case 'seat':
        return this.#connection.send(builders.buildSeat(command.action));
      case 'seat-answer':
        return this.#connection.send(builders.buildSeatAnswer(command.grant, command.request));
      case 'visible':
        return this.#setVisible(command.visible);
      case 'view-only':
        return this.#setViewOnly(command.viewOnly);
      case 'read':
        return this.#read(command.id, command.canvas, command.rect);
      case 'retry':
        return this.#connection.retryNow();
      case 'watch':
        return this.#watch(command.on);
      case 'tint':
        this.#tinting = command.on;
        return this.#showTint();
      case 'stop':
        return this.#stop();
    }
  }

  #stop() {
    this.#stopped = true;
    clearInterval(this.#clock);
    clearTimeout(this.#refresh);
    this.#connection.stop();
    this.#picture?.erase();
  }

  #hello() {
    this.#saidViewOnly = this.#viewOnly;
    const known = this.#picture?.slotsKnown ?? false;
    return {
      hidden: !this.#visible,
      viewOnly: this.#viewOnly,
      capabilities: this.#capabilities | CAPABILITY.seats | CAPABILITY.viewers | CAPABILITY.recording,
      page: this.#identity,
      lastViewer: known ? this.#viewer : 0,
      lastSequence: known ? (this.#picture?.applied ?? 0) : 0,
    };
  }

  /** @param {ConnectionState} state */
  #connectionChanged(state) {
    if (state.state !== 'open') this.#picture?.disconnected();
    if (state.state === 'waiting') this.#drops++;
    // Whoever may not see this screen any more keeps nothing of it.
    if (state.state === 'ended') this.#picture?.erase();
    clearTimeout(this.#refresh);
    this.#stages.reset();
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
        return this.#picture?.mode(message, (error) => this.#unreadable(error));
      case 'update':
        this.#figures.update(message.body.buffer.byteLength, received);
        return this.#picture?.update(message, received);
      case 'no-picture':
        return this.#picture?.after(() => this.report(message));
      case 'pong':
        return this.#figures.pong(message.value, received);
      case 'stats':
        this.#stages.stats(message, received);
        this.#estimate = message.rate * 8;
        return this.#figures.serverRoundTrip(message.roundTrip / 1000);
      case 'end':
        return;
      case 'welcome':
        this.#welcomed(message.viewer);
        return this.report(message);
      default:
        return this.report(message);
    }
  }

  /** @param {number} viewer */
  #welcomed(viewer) {
    this.#viewer = viewer;
    this.#picture?.connected();
    if (this.#visible) this.#ping(); // the strip wants a first figure
    if (this.#watching) this.#connection.send(builders.buildWatch(true));
  }

  /** @param {unknown} error */
  #unreadable(error) {
    this.#connection.restart(t('picture.unreadable', { why: error instanceof Error ? error.message : String(error) }));
  }

  /** @param {import('../../picture/picture.js').Update} update @param {import('../../picture/picture.js').Times} times @param {boolean} shown */
  #done(update, times, shown) {
    this.#connection.send(builders.buildAck(update.sequence, times.received * 1000, times.painted * 1000));
    if (!shown) return;
    this.#stages.update(update.times, times);
    this.#echoed(update.times, times);
    this.report({ type: 'painted', sequence: update.sequence, exact: update.exact });
  }

  /** @param {import('./protocol.js').SendTimes|null} sent @param {import('../../picture/picture.js').Times} times */
  #echoed(sent, times) {
    if (!sent) return;
    const { roundTrip } = this.#figures.now(times.painted);
    if (roundTrip !== null) this.#echo.painted(times, (sent.track + sent.wait + sent.encode + sent.send) / 1000, roundTrip);
  }

  /** @param {import('../../picture/decoder.js').Codec|null} codec @param {string} why */
  #broken(codec, why) {
    this.#drops++;
    const remedy = this.#trouble.failed(codec, performance.now());
    clearTimeout(this.#refresh);
    if (remedy.act === 'refresh') {
      this.report({ type: 'trouble', why });
      this.#refresh = setTimeout(() => this.#connection.send(builders.buildRefresh()), remedy.waitMs);
      return;
    }
    if (remedy.without) this.#capabilities &= ~CAPABILITY[remedy.without];
    const rest = remedy.without ? t('picture.without-codec', { codec: remedy.without.toUpperCase() }) : t('picture.anew');
    this.report({ type: 'trouble', why: `${why} ${rest}` });
    this.#connection.restart(rest);
  }

  /** @param {boolean} on */
  #watch(on) {
    this.#watching = on;
    this.#stages.reset();
    this.#echo.reset();
    this.#connection.send(builders.buildWatch(on));
  }

  #showTint() {
    const { columns, rows, map } = this.#picture?.lossyMap() ?? { columns: 0, rows: 0, map: new Uint8Array() };
    this.report({ type: 'lossy', columns, rows, map: this.#tinting ? map : new Uint8Array() });
  }

  /** @param {boolean} visible */
  #setVisible(visible) {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.#picture?.setVisible(visible);
    this.#connection.send(builders.buildVisible(visible));
    if (visible) this.#ping();
  }

  /** @param {boolean} viewOnly */
  #setViewOnly(viewOnly) {
    this.#viewOnly = viewOnly;
    if (viewOnly) this.#connection.send(builders.buildSeat('release'));
    else if (this.#saidViewOnly) this.#connection.restart(t('picture.asking-to-type'));
  }

  /** @param {AbsolutePointer} pointer @param {boolean} move nothing but the position changed */
  #pointer(pointer, move) {
    if (move && this.#connection.waiting > STUCK_BYTES) {
      this.#heldMove = pointer;
      return;
    }
    this.#heldMove = null;
    this.#connection.send(builders.buildPointerAbsolute(pointer));
  }

  #ping() {
    this.#lastPing = performance.now();
    this.#connection.send(builders.buildPing(this.#figures.stamp(this.#lastPing)));
  }

  #tick() {
    if (!this.#connection.open) return;
    const now = performance.now();
    if (this.#heldMove) this.#pointer(this.#heldMove, true);
    if (this.#visible && now - Math.max(this.#lastPing, this.#heardAt) >= PING_MS) this.#ping();
    if (this.#lastPing > this.#heardAt && now - this.#heardAt > DEAD_MS) return this.#connection.restart();
    this.#picture?.tick(now);
    if (!this.#visible) return;
    const figures = this.#figures.now(now);
    this.report({ type: 'figures', figures });
    if (this.#watching) this.report({ type: 'stages', stages: this.#stages.now(figures.roundTrip, now), link: this.#link(figures) });
    if (this.#tinting) this.#showTint();
  }

  /** @param {StripFigures} figures @returns {LinkFigures} */
  #link(figures) {
    const codecs = /** @type {const} */ (['jpeg', 'vp8', 'vp9']).filter((name) => this.#capabilities & CAPABILITY[name]);
    return { ...figures, echo: this.#echo.now, drops: this.#drops, estimate: this.#estimate, codecs: codecs.map((name) => name.toUpperCase()) };
  }

  /** @param {number} id @param {boolean} canvas @param {Rect|null} rect as Picture.read */
  #read(id, canvas, rect) {
    const read = this.#picture?.read(canvas, rect) ?? { width: 0, height: 0, pixels: new Uint8ClampedArray() };
    const { buffer } = read.pixels;
    const exact = this.#picture?.exact ?? false;
    this.report({ type: 'pixels', id, width: read.width, height: read.height, exact, pixels: buffer }, [buffer]);
  }
}
