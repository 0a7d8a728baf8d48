/* Where the target's pointer is while fingers move it: no browser shows a cursor for a finger. */

import { h } from '../../parts/dom.js';

/** A pointer that is smaller than this is not found. */
const LEAST_RATIO = 0.6;

export class PointerMark {
  element = h('div', { class: 'pointer-mark', 'aria-hidden': 'true', hidden: true });
  #css = '';

  /** @param {HTMLElement} surface its cursor is the target's, or the dot for none */
  constructor(surface) {
    this.surface = surface;
  }

  /** @param {boolean} shown @param {import('../screen/screen_view.js').ScreenView} view @param {{x: number, y: number}} at in target pixels */
  show(shown, view, at) {
    this.element.hidden = !shown || !view.placed;
    if (this.element.hidden || !view.placed) return;
    this.#takeShape();
    const { width, height } = view.picture;
    this.element.style.left = `${(at.x / width) * 100}%`;
    this.element.style.top = `${(at.y / height) * 100}%`;
    this.element.style.scale = String(Math.max(LEAST_RATIO, view.placed.ratio));
  }

  /** cursor_shape.js keeps the target's shape in the surface's style: url(...) x y, fallback. */
  #takeShape() {
    const css = this.surface.style.cursor;
    if (css === this.#css) return;
    this.#css = css;
    const [, url, x, y] = /^(url\([^)]*\)) (\d+) (\d+)/.exec(css) ?? [];
    this.element.style.backgroundImage = url ?? '';
    this.element.style.translate = url ? `-${x}px -${y}px` : '';
    this.element.style.transformOrigin = url ? `${x}px ${y}px` : '';
    this.element.dataset.shape = String(Boolean(url) && !url.includes('pointer.svg'));
  }
}
