/* A JPEG by the browser: ImageDecoder, which is quick and gives the planes, or createImageBitmap. */

import { drawn, framePixels, jfifPlanes } from './frame_pixels.js';

/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {import('./decoder.js').Payload} Payload */

/** @param {Payload} payload @param {number} colour of the canvas @returns {Promise<Image>} */
export async function decodeJpeg(payload, colour) {
  const image = 'ImageDecoder' in globalThis ? await byImageDecoder(payload) : await byBitmap(payload);
  return colour && image.layout === 'rgba' ? jfifPlanes(image.pixels, payload) : image;
}

/** @param {Payload} payload */
async function byImageDecoder(payload) {
  const decoder = new ImageDecoder({ data: payload.bytes, type: 'image/jpeg' });
  try {
    const { image } = await decoder.decode();
    return await framePixels(image, payload);
  } finally {
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
