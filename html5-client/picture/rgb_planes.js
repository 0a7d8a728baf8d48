/* Back from the RGB that a browser made of planes to the planes: where it gives nothing else (Firefox), and its conversion
 * is none that the picture wants. Pure. */

/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {'jfif'|'bt601'|'bt709'} Conversion jfif: BT.601, full range; the others: limited range */

/** Offset of Y, then R, G, B to Y, to U, to V. @type {Record<Conversion, number[]>} */
const BACK = {
  jfif: [0, 0.299, 0.587, 0.114, -0.168736, -0.331264, 0.5, 0.5, -0.418688, -0.081312],
  bt601: [16, 0.256788, 0.504129, 0.097906, -0.148223, -0.290993, 0.439216, 0.439216, -0.367788, -0.071427],
  bt709: [16, 0.182586, 0.614231, 0.062007, -0.100644, -0.338572, 0.439216, 0.439216, -0.398942, -0.040274],
};

/** @param {Uint8Array} rgba @param {{width: number, height: number}} size even @param {Conversion} conversion @returns {Image} */
export function rgbPlanes(rgba, { width, height }, conversion) {
  const [y0, yr, yg, yb, ur, ug, ub, vr, vg, vb] = BACK[conversion];
  const pixels = new Uint8ClampedArray((width * height * 3) / 2);
  const [uAt, vAt] = [width * height, (width * height * 5) / 4];
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 4) {
      const r = rgba[at];
      const g = rgba[at + 1];
      const b = rgba[at + 2];
      pixels[y * width + x] = y0 + yr * r + yg * g + yb * b;
      if ((x | y) & 1) continue; // the four pixels around have the same
      const chroma = ((y >> 1) * width + x) >> 1;
      pixels[uAt + chroma] = 128 + ur * r + ug * g + ub * b;
      pixels[vAt + chroma] = 128 + vr * r + vg * g + vb * b;
    }
  return { layout: 'i420', pixels: new Uint8Array(pixels.buffer) };
}

/**
 * What Firefox converts a video frame by: always limited range, whatever is asked for; BT.709 for VP9 that says so, or
 * that says nothing and is 720 lines or higher.
 * @param {import('./decoder.js').Payload} payload a key frame @returns {Conversion}
 */
export function firefoxConversion({ codec, height, bytes }) {
  if (codec !== 'vp9') return 'bt601';
  const said = (bytes[4] ?? 0) >> 5; // color_space (VP9 bitstream specification, 6.2)
  return said === 2 || (said === 0 && height >= 720) ? 'bt709' : 'bt601';
}
