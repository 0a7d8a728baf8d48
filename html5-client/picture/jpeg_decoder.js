/* A JPEG by the browser: ImageDecoder, which is quick and in Chromium gives the planes, or createImageBitmap. */

import { drawn, framePixels } from './frame_pixels.js';
import { checkJpeg } from './jpeg_check.js';
import { rgbPlanes } from './rgb_planes.js';

/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {import('./decoder.js').Payload} Payload */

/** Firefox's ImageDecoder never answers at all about some broken files. */
const LIMIT_MS = 3000;

/** @param {Payload} payload @param {number} colour of the canvas @returns {Promise<Image>} */
export async function decodeJpeg(payload, colour) {
  checkJpeg(payload.bytes, payload);
  const image = 'ImageDecoder' in globalThis ? await byImageDecoder(payload) : await byBitmap(payload);
  // On the canvas of a YUV source a JPEG's planes are the source's own: what JFIF makes of them is no colour of it.
  return colour && image.layout === 'rgba' ? rgbPlanes(image.pixels, payload, 'jfif') : image;
}

/** @param {Payload} payload */
async function byImageDecoder(payload) {
  const decoder = new ImageDecoder({ data: payload.bytes, type: 'image/jpeg' });
  // Nobody waits for these, but they fail too.
  decoder.completed.catch(() => {});
  decoder.tracks.ready.catch(() => {});
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no picture came within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });
  try {
    const { image } = await /** @type {Promise<ImageDecodeResult>} */ (Promise.race([decoder.decode(), late]));
    return await framePixels(image, payload);
  } finally {
    clearTimeout(timer);
    decoder.close();
  }
}

/** @param {Payload} payload @returns {Promise<Image>} */
async function byBitmap(payload) {
  const bitmap = await createImageBitmap(new Blob([payload.bytes], { type: 'image/jpeg' }));
  try {
    if (bitmap.width !== payload.width || bitmap.height !== payload.height)
      throw new Error(`a picture of ${bitmap.width} x ${bitmap.height} came for ${payload.width} x ${payload.height}`);
    return { layout: 'rgba', pixels: drawn(bitmap, payload) };
  } finally {
    bitmap.close();
  }
}
