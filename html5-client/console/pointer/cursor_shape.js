/* What the pointer looks like over the picture: the target's own shape as a CSS cursor, so that it moves without a round
 * trip, or what the user chose for this target. */

import { base } from '../../base.js';
import { kept } from '../../parts/kept.js';

/** @typedef {Extract<import('../session/protocol.js').ServerMessage, {type: 'cursor'}>} Cursor */
/** @typedef {'target'|'arrow'|'dot'|'hidden'} CursorChoice */

/** @type {CursorChoice[]} */
export const CURSOR_CHOICES = ['target', 'arrow', 'dot', 'hidden'];
/** Larger ones are ignored by browsers. */
const MAX_SIDE = 128;
/** When the target shows none, or draws its own: a dot that tells where the hand is. */
export const DOT = `url(${base}/styles/pointer.svg) 4 4, crosshair`;
/** @type {Record<CursorChoice, string>} */
const CHOSEN = { target: '', arrow: 'default', dot: DOT, hidden: 'none' };

/** @param {string} target @returns {CursorChoice} */
export function keptCursor(target) {
  const choice = /** @type {CursorChoice} */ (kept.read(`cursor.${target}`));
  return CURSOR_CHOICES.includes(choice) ? choice : 'target';
}

/** @param {string} target @param {CursorChoice} choice */
export const keepCursor = (target, choice) => kept.keep(`cursor.${target}`, choice);

/** @param {Uint8Array} from premultiplied RGBA @param {Uint8ClampedArray} to plain RGBA */
function unmultiply(from, to) {
  for (let i = 0; i < from.length; i += 4) {
    const alpha = from[i + 3];
    for (let c = 0; c < 3; c++) to[i + c] = alpha ? (from[i + c] * 255) / alpha : 0;
    to[i + 3] = alpha;
  }
}

export class CursorShape {
  /** The target's own, as CSS. */
  #own = DOT;
  /** @type {CursorChoice} */
  #choice = 'target';

  /** @param {HTMLElement} surface */
  constructor(surface) {
    this.surface = surface;
    this.#apply();
  }

  get choice() {
    return this.#choice;
  }

  /** @param {CursorChoice} choice */
  choose(choice) {
    this.#choice = choice;
    this.#apply();
  }

  /** @param {Cursor} cursor */
  show({ visible, hotX, hotY, width, height, pixels }) {
    if (!visible || !width || !height || width > MAX_SIDE || height > MAX_SIDE) return this.#set(DOT);
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d');
    if (!context) return;
    const image = context.createImageData(width, height);
    unmultiply(pixels, image.data);
    context.putImageData(image, 0, 0);
    this.#set(`url(${canvas.toDataURL()}) ${Math.min(hotX, width - 1)} ${Math.min(hotY, height - 1)}, crosshair`);
  }

  /** @param {string} css */
  #set(css) {
    this.#own = css;
    this.#apply();
  }

  #apply() {
    this.surface.style.cursor = CHOSEN[this.#choice] || this.#own;
  }
}
