/* The picture, or a part of it, as a PNG: with the time in it where that is wished. */

import { dateWords } from '../../parts/words.js';

/** @typedef {import('./region_math.js').Region} Region */
/** @typedef {import('../screen/console_screen.js').ConsoleScreen} ConsoleScreen */

const MARGIN = 6;

/** In the lower left corner, on a ground of its own. @param {CanvasRenderingContext2D} context @param {string} words */
function stamp(context, words) {
  const { width, height } = context.canvas;
  const size = Math.max(12, Math.min(28, Math.round(height / 40)));
  context.font = `${size}px system-ui, sans-serif`;
  const room = Math.min(width, context.measureText(words).width + 2 * MARGIN);
  context.fillStyle = 'rgb(0 0 0 / 75%)';
  context.fillRect(0, height - size - 2 * MARGIN, room, size + 2 * MARGIN);
  context.fillStyle = '#fff';
  context.textBaseline = 'middle';
  context.fillText(words, MARGIN, height - size / 2 - MARGIN, room - 2 * MARGIN);
}

/**
 * @param {ConsoleScreen} screen @param {Region|null} region null: all of it
 * @param {{target: string, time: Date|null}} mark time: written into the picture
 * @returns {Promise<Blob>}
 */
export async function pictureBlob(screen, region, { target, time }) {
  const { width, height, pixels } = await screen.readPixels({ rect: region });
  if (!width || !height) throw new Error('no picture');
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.putImageData(new ImageData(/** @type {Uint8ClampedArray<ArrayBuffer>} */ (pixels), width, height), 0, 0);
  if (time) stamp(context, `${target} · ${dateWords(time)}`);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no PNG'))), 'image/png'));
}

/** The picture is made while the browser already knows that something will be written: some allow it only at once. @param {Promise<Blob>} blob */
export async function copyBlob(blob) {
  if (!globalThis.ClipboardItem || !navigator.clipboard?.write) throw new Error('no clipboard for pictures');
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
}
