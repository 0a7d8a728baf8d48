/* A picture of 16 x 16 pixels in one colour, in each format that the browser may be asked to decode: what is claimed in
 * HELLO is what came out of these right. */

/** @typedef {import('./decoder.js').Codec} Codec */
/** @typedef {{data: string, colour: number, planes: [number, number, number]}} Sample colour as in decoder.js */

/** R, G, B of them all. */
const SAMPLE_RGB = [64, 128, 192];
const SAMPLE_SIDE = 16;

/** @type {Record<Codec, Sample>} */
export const SAMPLES = {
  jpeg: {
    data:
      '/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAgEBAQEBAUFBQUFBQYGBgYGBgYGBgYGBgYHBwcICAgHBwcGBgcHCAgICAkJCQgICAgJCQoKCgwMCwsODg4RERT/' +
      'xABLAAEBAAAAAAAAAAAAAAAAAAAABAEBAAAAAAAAAAAAAAAAAAAABhABAAAAAAAAAAAAAAAAAAAAABEBAAAAAAAAAAAAAAAAAAAAAP/AABEIABAAEAMBIgACEQADEQD/' +
      '2gAMAwEAAhEDEQA/AIwCsZf/2Q==',
    colour: 0,
    planes: [116, 171, 90],
  },
  vp8: {
    data: 'sAIAnQEqEAAQAABHCIWFiIWEiAICAnWqA/gCDP0oAP7vUS//GVPjKnxlT/jKn/vvh73w974f5KA=',
    colour: 1,
    planes: [116, 166, 95],
  },
  vp9: {
    data: 'gkmDQgAA8AD2ADgkHBhCAAAwcAAASqf8aAN///4AEH//9Iw4AA==',
    colour: 1,
    planes: [116, 166, 95],
  },
};

/** @param {Codec} codec @returns {import('./decoder.js').Payload} */
export function samplePayload(codec) {
  const bytes = Uint8Array.from(atob(SAMPLES[codec].data), (letter) => letter.charCodeAt(0));
  return { codec, stream: 0, key: true, width: SAMPLE_SIDE, height: SAMPLE_SIDE, bytes };
}

/** Whether this is the sample, give or take rounding. @param {Codec} codec @param {import('./decoder.js').Image} image */
export function isSample(codec, { layout, pixels }) {
  const area = SAMPLE_SIDE ** 2;
  const { planes } = SAMPLES[codec];
  const wanted = layout === 'rgba' ? SAMPLE_RGB : planes;
  const at = layout === 'rgba' ? [0, 1, 2] : [0, area, area * 1.25];
  return wanted.every((value, i) => Math.abs(pixels[at[i]] - value) <= 8);
}
