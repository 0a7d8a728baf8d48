/* What a decoded VideoFrame holds, as the update applier takes it: the planes as they are where the browser gives them
 * (Chromium), else RGBA (Firefox). The frame is closed in any case: browsers have few of them. */

/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {{width: number, height: number}} Size */

/** @param {VideoFrame} frame @param {Size} size what it must have @returns {Promise<Image>} */
export async function framePixels(frame, size) {
  try {
    const { visibleRect } = frame;
    if (visibleRect?.width !== size.width || visibleRect.height !== size.height)
      throw new Error(`a picture of ${visibleRect?.width} x ${visibleRect?.height} came for ${size.width} x ${size.height}`);
    return await pixelsOf(frame, size);
  } finally {
    frame.close();
  }
}

/** @param {VideoFrame} frame @param {Size} size @returns {Promise<Image>} */
async function pixelsOf(frame, size) {
  switch (frame.format) {
    case 'I420':
      return { layout: 'i420', pixels: await copy(frame, i420Layout(size), (size.width * size.height * 3) / 2) };
    case 'NV12':
      return { layout: 'i420', pixels: await fromNv12(frame, size) };
    case 'RGBA':
    case 'RGBX':
      return { layout: 'rgba', pixels: await copy(frame, [{ offset: 0, stride: size.width * 4 }], size.width * size.height * 4) };
    case 'BGRA':
    case 'BGRX':
      return { layout: 'rgba', pixels: swapRedBlue(await copy(frame, [{ offset: 0, stride: size.width * 4 }], size.width * size.height * 4)) };
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

/** The slow way that works with whatever can be drawn. @param {CanvasImageSource} source @param {Size} size */
export function drawn(source, { width, height }) {
  const context = new OffscreenCanvas(width, height).getContext('2d', { alpha: false, willReadFrequently: true });
  if (!context) throw new Error('no canvas to decode with');
  context.drawImage(source, 0, 0);
  return new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
}

/**
 * The planes of a JPEG that the browser gives as RGB only. On the canvas of a YUV source a JPEG's planes are the source's
 * own, so the RGB that JFIF makes of them is no colour of the picture and must be undone.
 * @param {Uint8Array} rgba @param {Size} size @returns {Image}
 */
export function jfifPlanes(rgba, { width, height }) {
  const pixels = new Uint8ClampedArray((width * height * 3) / 2);
  const [u, v] = [width * height, (width * height * 5) / 4];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const [r, g, b] = [rgba[at], rgba[at + 1], rgba[at + 2]];
      pixels[y * width + x] = 0.299 * r + 0.587 * g + 0.114 * b;
      if ((x | y) & 1) continue;
      const chroma = ((y / 2) * width) / 2 + x / 2;
      pixels[u + chroma] = 128 - 0.168736 * r - 0.331264 * g + 0.5 * b;
      pixels[v + chroma] = 128 + 0.5 * r - 0.418688 * g - 0.081312 * b;
    }
  return { layout: 'i420', pixels: new Uint8Array(pixels.buffer) };
}
