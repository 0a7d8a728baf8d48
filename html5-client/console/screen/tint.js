/* A veil over the cells whose pixels are not the target's own yet: one pixel a cell, stretched over the picture. */

import { h } from '../../parts/dom.js';

const CELL = 16;
const VEIL = [255, 60, 160, 110];

export class Tint {
  /** @type {HTMLCanvasElement|null} */
  #canvas = null;

  /** @param {HTMLElement} surface the picture's own box */
  constructor(surface) {
    this.surface = surface;
  }

  /** @param {{columns: number, rows: number, map: Uint8Array}} lossy an empty map: no veil @param {{width: number, height: number}} picture */
  show({ columns, rows, map }, picture) {
    if (!map.length || !picture.width) {
      this.#canvas?.remove();
      this.#canvas = null;
      return;
    }
    this.#canvas ??= h('canvas', { class: 'tint', 'aria-hidden': 'true' });
    const canvas = this.#canvas;
    if (!canvas.isConnected) this.surface.append(canvas);
    if (canvas.width !== columns) canvas.width = columns;
    if (canvas.height !== rows) canvas.height = rows;
    canvas.style.width = `${(columns * CELL * 100) / picture.width}%`;
    canvas.style.height = `${(rows * CELL * 100) / picture.height}%`;
    const image = new ImageData(columns, rows);
    for (let i = 0; i < map.length; i++) if (map[i]) image.data.set(VEIL, i * 4);
    canvas.getContext('2d', { willReadFrequently: true })?.putImageData(image, 0, 0);
  }
}
