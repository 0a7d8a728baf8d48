/* How large the picture is, and which part of it is seen: a figure, and a small map to move the view by. */

import { h, setText } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { seenPart } from './view_transform.js';

const FRESH_MS = 2500;
const MAP = { width: 104, height: 80 };
/** Less than this outside is nothing to look for, CSS pixels. */
const SLIVER = 8;

export class ZoomBadge {
  #seen = h('div', { class: 'zoom-seen' });
  #map = h('div', { class: 'zoom-map', 'aria-hidden': 'true' }, this.#seen);
  #figure = h('button', { class: 'zoom-figure', type: 'button', onclick: () => this.view.showAll() });
  element = h('div', { class: 'zoom-badge', hidden: true }, this.#map, this.#figure);
  #shown = '';
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {import('./screen_view.js').ScreenView} view */
  constructor(view) {
    this.view = view;
    view.onChange(() => this.#show());
    this.#map.addEventListener('pointerdown', (event) => {
      this.#map.setPointerCapture(event.pointerId);
      event.preventDefault();
      this.#moveTo(event);
    });
    this.#map.addEventListener('pointermove', (event) => this.#map.hasPointerCapture(event.pointerId) && this.#moveTo(event));
  }

  #show() {
    const { placed } = this.view;
    const percent = Math.round(this.view.scale * 100);
    const partly = placed !== null && (placed.width > placed.room.width + SLIVER || placed.height > placed.room.height + SLIVER);
    const text = `${percent} ${partly} ${placed?.left} ${placed?.top} ${this.view.mode}`;
    if (text === this.#shown) return;
    const first = this.#shown === '';
    this.#shown = text;
    this.element.hidden = !placed || (!partly && this.view.mode !== 'free');
    setText(this.#figure, t('console.percent', { percent }));
    this.#figure.setAttribute('aria-label', t('console.zoom-now', { percent }));
    this.#figure.title = t('console.show-all');
    this.#map.hidden = !partly;
    if (placed && partly) this.#showMap(placed);
    if (!first) this.#stayFresh();
  }

  /** Fingers have other ways to move the view: for them it fades. */
  #stayFresh() {
    this.element.dataset.fresh = 'true';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => delete this.element.dataset.fresh, FRESH_MS);
  }

  /** @param {import('./view_transform.js').Placed} placed */
  #showMap(placed) {
    const part = Math.min(MAP.width / placed.width, MAP.height / placed.height);
    this.#map.style.width = `${Math.max(8, placed.width * part)}px`;
    this.#map.style.height = `${Math.max(8, placed.height * part)}px`;
    const { across, down } = seenPart(placed);
    const percent = (/** @type {number} */ value) => `${value * 100}%`;
    Object.assign(this.#seen.style, { left: percent(across.from), width: percent(across.to - across.from), top: percent(down.from), height: percent(down.to - down.from) });
  }

  /** What is under the finger in the map comes to the middle. @param {PointerEvent} event */
  #moveTo({ clientX, clientY }) {
    const { placed } = this.view;
    if (!placed) return;
    const box = this.#map.getBoundingClientRect();
    const { room, left, top, width, height } = placed;
    this.view.panBy({
      x: room.width / 2 - (left + ((clientX - box.left) / box.width) * width),
      y: room.height / 2 - (top + ((clientY - box.top) / box.height) * height),
    });
  }
}
