/* The page's end of a console: starts the worker and hands it the canvas, or runs the session here where browsers
 * cannot hand canvases over. Both ways look the same from outside. */

import { base } from '../../base.js';
import { ConsoleSession } from './console_session.js';
import { language, t } from '../../parts/messages.js';

/** @typedef {import('./console_session.js').Command} Command */
/** @typedef {import('./console_session.js').Report} Report */
/** @typedef {Extract<Report, {type: 'pixels'}>} Pixels */

export class ConsoleLink {
  /** @type {(command: Command) => void} */
  #send;
  #reads = 0;
  /** @type {Map<number, (pixels: Pixels) => void>} */
  #reading = new Map();

  /**
   * @param {{target: string, canvas: HTMLCanvasElement, viewOnly: boolean, visible: boolean}} start
   * @param {(report: Report) => void} report
   */
  constructor(start, report) {
    this.report = report;
    this.#send = this.#inWorker(start) ?? this.#onPage(start);
  }

  /** @param {Command} command */
  send(command) {
    this.#send(command);
  }

  /**
   * The picture as it stands, RGBA.
   * @param {boolean} canvas what is on the canvas, rather than in the decoder's memory
   * @param {import('../../picture/decoder.js').Rect|null} rect null: all of it
   * @returns {Promise<Pixels>}
   */
  read(canvas, rect) {
    const id = ++this.#reads;
    return new Promise((resolve) => {
      this.#reading.set(id, resolve);
      this.#send({ type: 'read', id, canvas, rect });
    });
  }

  /** @param {Report} report */
  #received(report) {
    if (report.type !== 'pixels') return this.report(report);
    this.#reading.get(report.id)?.(report);
    this.#reading.delete(report.id);
  }

  /** @param {{target: string, canvas: HTMLCanvasElement, viewOnly: boolean, visible: boolean}} start */
  #inWorker(start) {
    if (!('transferControlToOffscreen' in start.canvas) || !globalThis.Worker) return null;
    const worker = new Worker(`${base}/console/session/console_worker.js`, { type: 'module', name: language() });
    worker.onmessage = ({ data }) => this.#received(data);
    worker.onerror = () => this.report({ type: 'failed', why: t('picture.worker-failed') });
    const canvas = start.canvas.transferControlToOffscreen();
    worker.postMessage({ ...start, canvas }, [canvas]);
    return (/** @type {Command} */ command) => worker.postMessage(command);
  }

  /** @param {{target: string, canvas: HTMLCanvasElement, viewOnly: boolean, visible: boolean}} start */
  #onPage(start) {
    const session = new ConsoleSession(start, (report) => this.#received(report));
    return (/** @type {Command} */ command) => session.command(command);
  }
}
