/* The view of one target's picture on the page: keeps what the user chose, lays the picture out in its room, and knows where
 * on the page which target pixel is. */

import { kept } from '../../parts/kept.js';
import { checkedView, keepInside, overflows, pan, place, snapScale, stepScale, toRoom, toTarget, turnMoveBack, zoomTo } from './view_transform.js';

/** @typedef {import('./view_transform.js').View} View */
/** @typedef {import('./view_transform.js').Placed} Placed */
/** @typedef {import('./view_transform.js').Point} Point */
/** @typedef {import('./view_transform.js').Size} Size */
/** @typedef {import('./view_transform.js').Rotation} Rotation */

const SAVE_MS = 400;

/** @param {string} target */
const keptAs = (target) => `view.${target}`;

/**
 * How all of the picture is shown. A whole number of screen pixels for each of the target's is sharp; where they are
 * tiny nobody sees that, and a phone has no room to give away.
 */
const wholeMode = () => (devicePixelRatio >= 2 && matchMedia('(pointer: coarse)').matches ? 'fill' : 'fit');

/** @param {string} target @returns {View} */
function keptView(target) {
  try {
    const view = kept.read(keptAs(target));
    if (view) return checkedView(JSON.parse(view));
  } catch {
    // As if there were none.
  }
  return { ...checkedView(null), mode: wholeMode() };
}

export class ScreenView {
  /** @type {View} */
  #view = checkedView(null);
  /** @type {Placed|null} */
  #placed = null;
  /** @type {Size} */
  #picture = { width: 0, height: 0 };
  /** While the soft keyboard takes the room: not smaller than this. @type {number|null} */
  #leastScale = null;
  #target = '';
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #saving;
  /** @type {(() => void)[]} */
  #watchers = [];

  /** @param {HTMLElement} room @param {HTMLElement} surface holds the canvas @param {HTMLCanvasElement} canvas */
  constructor(room, surface, canvas) {
    this.room = room;
    this.surface = surface;
    this.canvas = canvas;
  }

  /** @param {string} target */
  start(target) {
    this.#target = target;
    this.#view = keptView(target);
  }

  /** Called after each change of what is seen. @param {() => void} watcher */
  onChange(watcher) {
    this.#watchers.push(watcher);
  }

  get mode() {
    return this.#view.mode;
  }

  get rotation() {
    return this.#view.rotation;
  }

  /** null: there is no picture. */
  get placed() {
    return this.#placed;
  }

  get picture() {
    return this.#picture;
  }

  /** Screen pixels for each target pixel. */
  get scale() {
    return this.#placed?.scale ?? 1;
  }

  /** Some of the picture is outside of the room. */
  get overflows() {
    return this.#placed !== null && overflows(this.#placed);
  }

  /** @param {Size} picture */
  setPicture(picture) {
    this.#picture = picture;
    this.layOut();
  }

  /** @param {import('./view_transform.js').ViewMode} mode */
  setMode(mode) {
    this.#leastScale = null;
    this.#change({ ...this.#view, mode, scale: this.scale });
  }

  /** All of it, as it suits this screen. */
  showAll() {
    this.setMode(wholeMode());
  }

  /** @param {90|-90} by */
  rotate(by) {
    this.#change({ ...this.#view, rotation: /** @type {Rotation} */ ((this.#view.rotation + by + 360) % 360) });
  }

  /** @param {number} scale @param {Point} [at] on the page, stays where it is */
  zoomTo(scale, at) {
    if (!this.#placed) return;
    const { width, height } = this.#placed.room;
    const where = at ? this.#inRoom(at) : { x: width / 2, y: height / 2 };
    this.#leastScale = null;
    this.#change(zoomTo(this.#standing, this.#placed, scale, where, devicePixelRatio));
  }

  /** @param {number} factor @param {Point} [at] on the page */
  zoomBy(factor, at) {
    this.zoomTo(this.scale * factor, at);
  }

  /** @param {1|-1} direction @param {Point} [at] on the page */
  step(direction, at) {
    this.zoomTo(stepScale(this.scale, direction), at);
  }

  /** After fingers: a scale near a whole one becomes it. @param {Point} [at] on the page */
  snap(at) {
    const snapped = snapScale(this.scale);
    if (this.mode === 'free' && snapped !== this.scale) this.zoomTo(snapped, at);
  }

  /** All of it, or as it is on the target when all is seen already. @param {Point} [at] on the page */
  toggle(at) {
    if (this.overflows || this.mode === 'free') return this.showAll();
    this.zoomTo(Math.max(1, Math.ceil(this.scale * 1.5)), at);
  }

  /** @param {Point} by CSS pixels */
  panBy(by) {
    if (this.#placed) this.#change(pan(this.#standing, this.#placed, by, devicePixelRatio));
  }

  /** Moves the view until a place is away from its edges. @param {Point} at in target pixels @param {number} margin CSS pixels */
  reveal(at, margin) {
    const next = this.#placed && keepInside(this.#standing, this.#placed, at, margin, devicePixelRatio);
    if (next) this.#change(next);
  }

  /** A soft keyboard takes much of the room: what could be read stays readable. @param {boolean} crowded @param {Point} at in target pixels, to be seen */
  setCrowded(crowded, at) {
    this.#leastScale = crowded ? this.scale : null;
    this.layOut();
    if (crowded) this.reveal(at, 48);
  }

  /** @param {Point} client @returns {Point} in target pixels; may be outside */
  targetAt(client) {
    return this.#placed ? toTarget(this.#inRoom(client), this.#placed) : { x: 0, y: 0 };
  }

  /** @param {Point} at in target pixels @returns {Point} client coordinates */
  clientAt(at) {
    const box = this.room.getBoundingClientRect();
    const { x, y } = this.#placed ? toRoom(at, this.#placed) : { x: 0, y: 0 };
    return { x: box.left + x, y: box.top + y };
  }

  /** A movement on the page as one in the picture. @param {Point} by CSS pixels @returns {Point} target pixels */
  targetMove(by) {
    const { x, y } = turnMoveBack(by, this.#view.rotation);
    const ratio = this.#placed?.ratio ?? 1;
    return { x: x / ratio, y: y / ratio };
  }

  /** The same, for devices that count by themselves. @param {Point} by */
  turned(by) {
    return turnMoveBack(by, this.#view.rotation);
  }

  /** @param {Point} client */
  #inRoom({ x, y }) {
    const box = this.room.getBoundingClientRect();
    return { x: x - box.left, y: y - box.top };
  }

  /** What is shown, which may be larger than chosen while the room is crowded. @returns {View} */
  get #standing() {
    return this.#leastScale !== null && this.#placed && this.#view.mode !== 'free' ? { ...this.#view, mode: 'free', scale: this.#placed.scale } : this.#view;
  }

  /** @param {View} view */
  #change(view) {
    const crowded = this.#leastScale !== null && this.#view.mode !== 'free'; // for the time being only
    this.#view = crowded ? { ...view, mode: this.#view.mode, scale: this.#view.scale } : view;
    this.layOut();
    this.#saving ??= setTimeout(() => this.#save(), SAVE_MS);
  }

  #save() {
    this.#saving = undefined;
    kept.keep(keptAs(this.#target), JSON.stringify(this.#view));
  }

  layOut() {
    const { width, height } = this.#picture;
    this.surface.hidden = !width || !height;
    const room = { width: this.room.clientWidth, height: this.room.clientHeight };
    this.#placed = width && height && room.width && room.height ? this.#place(room) : null;
    if (this.#placed) this.#apply(this.#placed);
    for (const watcher of this.#watchers) watcher();
  }

  /** @param {Size} room */
  #place(room) {
    const chosen = place(this.#view, this.#picture, room, devicePixelRatio);
    const least = this.#leastScale;
    if (least === null || this.#view.mode === 'free' || chosen.scale >= least) return chosen;
    return place({ ...this.#view, mode: 'free', scale: least }, this.#picture, room, devicePixelRatio);
  }

  /** @param {Placed} placed */
  #apply({ left, top, width, height, ratio, rotation, picture, scale, sharp }) {
    const { style } = this.surface;
    // Turned about its own corner, which stands where that corner of the turned picture is.
    style.left = `${left + (rotation === 90 || rotation === 180 ? width : 0)}px`;
    style.top = `${top + (rotation === 180 || rotation === 270 ? height : 0)}px`;
    style.transform = rotation ? `rotate(${rotation}deg)` : '';
    this.canvas.style.width = `${picture.width * ratio}px`;
    this.canvas.style.height = `${picture.height * ratio}px`;
    this.canvas.classList.toggle('sharp', sharp || scale >= 4);
  }
}
