/* What a decoded VideoFrame holds, as the update applier takes it: the planes as they are where the browser gives them
 * (Chromium), else RGBA (Firefox). The frame is closed in any case: browsers have few of them. */

/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {{width: number, height: number}} Size */

/** @typedef {(rgba: Uint8Array) => Image} FromRgb what to do with a frame that the browser has converted to RGB itself */

/** @type {FromRgb} */
const asItIs = (pixels) => ({ layout: 'rgba', pixels });

/** @param {VideoFrame} frame @param {Size} size what it must have @param {FromRgb} [fromRgb] @returns {Promise<Image>} */
export async function framePixels(frame, size, fromRgb = asItIs) {
  try {
    const { visibleRect } = frame;
    if (visibleRect?.width !== size.width || visibleRect.height !== size.height)
      throw new Error(`a picture of ${visibleRect?.width} x ${visibleRect?.height} came for ${size.width} x ${size.height}`);
    return await pixelsOf(frame, size, fromRgb);
  } finally {
    frame.close();
  }
}

/** @param {VideoFrame} frame @param {Size} size @param {FromRgb} fromRgb @returns {Promise<Image>} */
async function pixelsOf(frame, size, fromRgb) {
  const bytes = size.width * size.height * 4;
  const rows = [{ offset: 0, stride: size.width * 4 }];
  switch (frame.format) {
    case 'I420':
      return { layout: 'i420', pixels: await copy(frame, i420Layout(size), (size.width * size.height * 3) / 2) };
    case 'NV12':
      return { layout: 'i420', pixels: await fromNv12(frame, size) };
    case 'RGBA':
    case 'RGBX':
      return fromRgb(await copy(frame, rows, bytes));
    case 'BGRA':
    case 'BGRX':
      return fromRgb(swapRedBlue(await copy(frame, rows, bytes)));
    default:
      return { layout: 'rgba', pixels: drawn(frame, size) };
  }
}

/** @param {Size} size @returns {PlaneLayout[]} */
const i420Layout = ({ width, height }) => [
  { offset: 0, stride: width },
  { offset: width * height, stride: width / 2 },
  { offset: (width * height * 5) / 4, stride: width / 2 },
];

/** @param {VideoFrame} frame @param {PlaneLayout[]} layout @param {number} bytes */
async function copy(frame, layout, bytes) {
  const pixels = new Uint8Array(bytes);
  await frame.copyTo(pixels, { layout });
  return pixels;
}

/** @param {VideoFrame} frame @param {Size} size */
async function fromNv12(frame, { width, height }) {
  const area = width * height;
  const layout = [{ offset: 0, stride: width }, { offset: area, stride: width }];
  const mixed = await copy(frame, layout, area * 1.5);
  const pixels = mixed.slice();
  for (let i = 0; i < area / 4; i++) {
    pixels[area + i] = mixed[area + 2 * i];
    pixels[area * 1.25 + i] = mixed[area + 2 * i + 1];
  }
  return pixels;
}

/** In place: the upper byte becomes 255. @param {Uint8Array} pixels */
function swapRedBlue(pixels) {
  const words = new Uint32Array(pixels.buffer);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    words[i] = 0xff000000 | (word & 0xff00) | ((word & 0xff) << 16) | ((word >> 16) & 0xff);
  }
  return pixels;
}

/** Without OffscreenCanvas all this runs on the page itself. @param {number} width @param {number} height */
function canvasOf(width, height) {
  if ('OffscreenCanvas' in globalThis) return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement('canvas'), { width, height });
}

/** The slow way that works with whatever can be drawn. @param {CanvasImageSource} source @param {Size} size */
export function drawn(source, { width, height }) {
  const canvas = /** @type {OffscreenCanvas} */ (canvasOf(width, height));
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  if (!context) throw new Error('no canvas to decode with');
  context.drawImage(source, 0, 0);
  return new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
}
