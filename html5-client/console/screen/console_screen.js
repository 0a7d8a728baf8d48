/* The target's picture: canvas, its size on the page, its cover, and the input over it. Tests and scripts may ask it for
 * its pixels: `await document.querySelector('console-screen').readPixels()`. */

import { ConsoleLink } from '../session/console_link.js';
import { CursorShape } from '../pointer/cursor_shape.js';
import { h } from '../../parts/dom.js';
import { chordTitle } from '../keys/key_names.js';
import { LEAVE_CHORD } from '../keys/keyboard_input.js';
import { t } from '../../parts/messages.js';
import { ScreenCover } from './screen_cover.js';
import { ScreenInput } from './screen_input.js';
import { ScreenView } from './screen_view.js';
import { Tint } from './tint.js';

/** @typedef {import('../session/console_session.js').Report} Report */
/** @typedef {import('../session/console_session.js').Command} Command */

export class ConsoleScreen extends HTMLElement {
  /** @type {ConsoleLink|null} */
  #link = null;
  #canvas = h('canvas', { width: 1, height: 1 });
  #surface = h('div', { class: 'surface', tabindex: 0, role: 'application' }, this.#canvas);
  cursor = new CursorShape(this.#surface);
  #tint = new Tint(this.#surface);
  #resized = new ResizeObserver(() => this.view.layOut());
  #abort = new AbortController();
  cover = new ScreenCover();
  /** Where the picture stands, and which target pixel is where on the page. */
  view = new ScreenView(this, this.#surface, this.#canvas);
  input = new ScreenInput(this.#surface, this, this.view, {
    send: (command) => this.send(command),
    leave: () => this.left(),
    pressed: () => this.pressed(),
  });

  /** Set by the console: what to do with reports, on leaving the capture, on a press, on pasted text. */
  report = (/** @type {Report} */ _report) => {};
  left = () => {};
  pressed = () => {};
  pasted = (/** @type {string} */ _text) => {};
  /** Sees what goes to the target, while somebody records it. @type {((command: Command) => void)|null} */
  sending = null;

  /** @param {string} target @param {boolean} viewOnly */
  start(target, viewOnly) {
    this.#surface.setAttribute('aria-label', t('console.screen-of', { target, chord: chordTitle(LEAVE_CHORD) }));
    this.view.start(target);
    this.prepend(this.#surface, this.cover.element);
    this.#resized.observe(this);
    this.#watch();
    this.#link = new ConsoleLink({ target, canvas: this.#canvas, viewOnly, visible: !document.hidden }, (report) =>
      this.#received(report),
    );
    this.view.layOut();
  }

  disconnectedCallback() {
    this.input.stop();
    this.#abort.abort();
    this.#resized.disconnect();
    this.send({ type: 'stop' });
    this.#link = null;
  }

  /** @param {Command} command */
  send(command) {
    this.sending?.(command);
    this.#link?.send(command);
  }

  get hasPicture() {
    return this.view.picture.width > 0;
  }

  /** The picture's own box: takes focus and pointer, layers lie in it. */
  get surface() {
    return this.#surface;
  }

  focusPicture() {
    this.#surface.focus({ preventScroll: true });
  }

  /** Who may type can do so at once, unless the focus is somewhere on purpose. @param {boolean} mine the seat */
  offerFocus(mine) {
    if (mine && document.activeElement === document.body) this.focusPicture();
  }

  /** @param {HTMLElement} element lies over the picture from now on, with its size */
  addLayer(element) {
    this.#surface.append(element);
  }

  /**
   * The picture now: {width, height, exact, pixels (RGBA)}; from the decoder's memory, or from the canvas itself.
   * 0 x 0 when there is no picture, or the rectangle is not inside it.
   * @param {{canvas?: boolean, rect?: import('../../picture/decoder.js').Rect|null}} [from]
   */
  async readPixels({ canvas = false, rect = null } = {}) {
    if (!this.#link) throw new Error('The console is not open.');
    const { width, height, exact, pixels } = await this.#link.read(canvas, rect);
    return { width, height, exact, pixels: new Uint8ClampedArray(pixels) };
  }

  /** SHA-256 of what is on the canvas, as hex. */
  async hashPixels() {
    const { width, height, exact, pixels } = await this.readPixels({ canvas: true });
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', pixels));
    const hash = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return { width, height, exact, hash };
  }

  /** @param {Report} report */
  #received(report) {
    if (report.type === 'mode') {
      this.view.setPicture({ width: report.width, height: report.height });
      this.input.pointer.centre();
    } else if (report.type === 'cursor') this.cursor.show(report);
    else if (report.type === 'lossy') this.#tint.show(report, this.view.picture);
    else if (report.type === 'connection' && report.state.state !== 'open') this.input.forget();
    this.report(report);
  }

  #watch() {
    const { signal } = this.#abort;
    document.addEventListener('visibilitychange', () => this.send({ type: 'visible', visible: !document.hidden }), { signal });
    window.addEventListener('online', () => this.send({ type: 'retry' }), { signal });
    window.addEventListener('resize', () => this.view.layOut(), { signal });
    // Firefox tells it where text could be marked, not where the focus is.
    document.addEventListener('paste', (event) => {
      if (document.activeElement !== this.#surface) return;
      event.preventDefault();
      this.pasted(event.clipboardData?.getData('text/plain') ?? '');
    }, { signal });
  }
}

customElements.define('console-screen', ConsoleScreen);
