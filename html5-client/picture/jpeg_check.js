/* Whether a JPEG is whole, and of the size it should have. Browsers show what they can of a broken one: Firefox paints half
 * a file without a word. Pure. */

const [SOI, EOI, SOS] = [0xd8, 0xd9, 0xda];
/** Frames that the gateway writes: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];

/** @param {Uint8Array} bytes @param {{width: number, height: number}} size throws an Error that says what is wrong */
export function checkJpeg(bytes, { width, height }) {
  const end = bytes.length;
  const marker = (/** @type {number} */ at) => (bytes[at] === 0xff ? bytes[at + 1] : -1);
  const number = (/** @type {number} */ at) => bytes[at] * 256 + bytes[at + 1];
  if (end < 4 || marker(0) !== SOI) throw new Error('this is no JPEG');
  if (marker(end - 2) !== EOI) throw new Error('the JPEG is cut short');
  let sized = false;
  for (let at = 2; marker(at) !== SOS; at += 2 + number(at + 2)) {
    if (at + 10 > end || marker(at) < 0xc0 || marker(at) === 0xff || number(at + 2) < 2) throw new Error('the JPEG is damaged');
    if (!FRAMES.includes(marker(at))) continue;
    if (number(at + 7) !== width || number(at + 5) !== height)
      throw new Error(`a picture of ${number(at + 7)} x ${number(at + 5)} came for ${width} x ${height}`);
    sized = true;
  }
  if (!sized) throw new Error('the JPEG is damaged');
}
