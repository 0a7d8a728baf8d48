/* Lets a user choose a part of the picture: with mouse, pen, finger, or with the arrow keys, cell by cell. It lies over the
 * picture while it is open, so that nothing of this reaches the target. */

import { h } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { cellAt, cellsRegion, gridBounds, PLAIN_GRID, pixelsRegion } from './region_math.js';

/** @typedef {import('./region_math.js').Region} Region */
/** @typedef {import('./region_math.js').Grid} Grid */
/** @typedef {import('./region_math.js').Point} Point */

/** A press that moves less is a click: it chooses nothing. */
const SLOP = 3;
const SWALLOWED = ['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'wheel', 'contextmenu', 'keydown', 'keyup', 'paste', 'touchstart', 'touchmove', 'touchend', 'click', 'dblclick'];

export class RegionSelect {
  #box = h('div', { class: 'region-box', hidden: true });
  #view;
  #calls;
  /** @type {Grid|null} */
  #grid = null;
  /** Where a drag began. @type {Point|null} */
  #from = null;
  /** The cells between which it stands. @type {{anchor: Point, head: Point}|null} */
  #cells = null;
  /** @type {Region|null} */
  region = null;

  /**
   * @param {import('../screen/screen_view.js').ScreenView} view
   * @param {{chosen: (region: Region) => void, moved: (region: Region, columns: number, rows: number) => void, left: () => void}} calls
   *   chosen: it stands; moved: by keys, not yet; left: Escape
   */
  constructor(view, calls) {
    this.#view = view;
    this.#calls = calls;
    this.element = h('div', { class: 'region-layer', tabindex: 0, role: 'application', 'aria-label': t('picture.select-help'), hidden: true }, this.#box);
    for (const name of SWALLOWED) this.element.addEventListener(name, (event) => event.stopPropagation(), { passive: true });
    this.element.addEventListener('pointerdown', (event) => this.#down(event));
    this.element.addEventListener('pointermove', (event) => this.#drag(event));
    this.element.addEventListener('pointerup', (event) => this.#up(event));
    this.element.addEventListener('pointercancel', () => this.#stop());
    this.element.addEventListener('keydown', (event) => this.#key(event));
  }

  get open() {
    return !this.element.hidden;
  }

  /** @param {boolean} open */
  show(open) {
    this.element.hidden = !open;
    this.#from = this.#cells = this.region = null;
    this.#box.hidden = true;
    if (open) this.element.focus({ preventScroll: true });
  }

  /** Text was found there: what is chosen keeps to its cells. @param {Grid|null} grid */
  setGrid(grid) {
    this.#grid = grid;
  }

  /** All of the picture. */
  selectAll() {
    const { width, height } = this.#view.picture;
    this.#stand({ x: 0, y: 0, width, height });
    this.#calls.chosen({ x: 0, y: 0, width, height });
  }

  /** @param {MouseEvent} event */
  #at(event) {
    return this.#view.targetAt({ x: event.clientX, y: event.clientY });
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#from = this.#at(event);
    this.element.dataset.dragging = 'true'; // what lies over the picture makes way
  }

  /** @param {Point} from @param {Point} to @returns {Region} */
  #between(from, to) {
    const picture = this.#view.picture;
    if (!this.#grid) return pixelsRegion(from, to, picture);
    const inside = (/** @type {Point} */ at) => ({ x: Math.max(0, Math.min(picture.width - 1, at.x)), y: Math.max(0, Math.min(picture.height - 1, at.y)) });
    return cellsRegion(cellAt(inside(from), this.#grid), cellAt(inside(to), this.#grid), this.#grid, picture);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!this.#from || !event.isPrimary) return;
    const to = this.#at(event);
    if (!this.region && Math.abs(to.x - this.#from.x) < SLOP && Math.abs(to.y - this.#from.y) < SLOP) return;
    this.#cells = null;
    this.#stand(this.#between(this.#from, to));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.#from || !event.isPrimary) return;
    this.#stop();
    if (this.region) this.#calls.chosen(this.region);
  }

  #stop() {
    this.#from = null;
    delete this.element.dataset.dragging;
  }

  /** @param {Region} region */
  #stand(region) {
    const { width, height } = this.#view.picture;
    const { style } = this.#box;
    this.region = region;
    style.left = `${(region.x * 100) / width}%`;
    style.top = `${(region.y * 100) / height}%`;
    style.width = `${(region.width * 100) / width}%`;
    style.height = `${(region.height * 100) / height}%`;
    this.#box.hidden = false;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') this.#calls.left();
    else if (event.key === 'Enter' && this.region) this.#calls.chosen(this.region);
    else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) this.selectAll();
    else if (!this.#arrow(event)) return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event @returns {boolean} it was one */
  #arrow({ key, shiftKey, ctrlKey }) {
    const grid = this.#grid ?? PLAIN_GRID;
    const bounds = gridBounds(grid, this.#view.picture);
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-Infinity, 0], End: [Infinity, 0], PageUp: [0, -Infinity], PageDown: [0, Infinity] };
    const step = steps[key];
    if (!step) return false;
    const far = ctrlKey ? 8 : 1;
    const clamp = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) => Math.max(low, Math.min(high, value));
    const begin = { x: bounds.left, y: bounds.top };
    const cells = this.#cells ?? { anchor: begin, head: begin };
    const head = this.#cells
      ? { x: clamp(cells.head.x + step[0] * far, bounds.left, bounds.right), y: clamp(cells.head.y + step[1] * far, bounds.top, bounds.bottom) }
      : begin; // the first arrow shows where it stands
    this.#cells = { anchor: shiftKey ? cells.anchor : head, head };
    const region = cellsRegion(this.#cells.anchor, head, grid, this.#view.picture);
    this.#stand(region);
    this.#view.reveal({ x: region.x, y: region.y }, grid.height * 2);
    this.#calls.moved(region, Math.abs(this.#cells.anchor.x - head.x) + 1, Math.abs(this.#cells.anchor.y - head.y) + 1);
    return true;
  }
}
