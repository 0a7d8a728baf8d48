/* One stream of VP8 or VP9 frames: each becomes a picture, in the order in which they were given. A key frame makes a
 * stream usable again after whatever went wrong. */

import { framePixels } from './frame_pixels.js';
import { firefoxConversion, rgbPlanes } from './rgb_planes.js';

/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {import('./decoder.js').Payload} Payload */
/** @typedef {{payload: Payload, resolve: (image: Image|Promise<Image>) => void, reject: (error: Error) => void, timer: ReturnType<typeof setTimeout>}} Pending */

/** No frame takes this long unless the decoder hangs, or keeps it until the next one comes. */
const LIMIT_MS = 3000;

const CODEC_STRINGS = { vp8: 'vp8', vp9: 'vp09.00.51.08' };

/** Of the planes, for browsers that give RGB only. The canvas's colours as in video/csc.h; RGB sources are coded in
 * BT.601, full range. @type {VideoColorSpaceInit[]} */
const COLOUR_SPACES = [
  { matrix: 'smpte170m', primaries: 'bt709', transfer: 'iec61966-2-1', fullRange: true },
  { matrix: 'smpte170m', primaries: 'bt709', transfer: 'iec61966-2-1', fullRange: false },
  { matrix: 'smpte170m', primaries: 'bt709', transfer: 'iec61966-2-1', fullRange: true },
  { matrix: 'bt709', primaries: 'bt709', transfer: 'iec61966-2-1', fullRange: false },
  { matrix: 'bt709', primaries: 'bt709', transfer: 'iec61966-2-1', fullRange: true },
];

/** @param {Payload} payload @param {number} colour */
const sortOf = ({ codec, width, height }, colour) => `${codec} ${width}x${height} ${colour}`;

export class VideoStream {
  /** @type {Run|null} */
  #run = null;

  /** @param {Payload} payload @param {number} colour @returns {Promise<Image>} */
  decode(payload, colour) {
    const sort = sortOf(payload, colour);
    if (payload.key && (!this.#run?.alive || this.#run.sort !== sort)) {
      this.#run?.retire();
      this.#run = null; // stays so when the browser refuses
      this.#run = new Run(payload, colour);
    }
    if (!this.#run?.alive || this.#run.sort !== sort) return Promise.reject(new Error('a key frame is missing'));
    return this.#run.decode(payload);
  }

  /** Forgets all frames; the next one must be a key frame. */
  reset() {
    this.#run?.fail(new Error('the stream was given up'));
    this.#run = null;
  }
}

/** One VideoDecoder, from a key frame until it fails or another sort of stream follows. */
class Run {
  /** @type {Map<number, Pending>} by timestamp */
  #pending = new Map();
  #next = 0;
  #retired = false;
  alive = true;

  /** @param {Payload} payload @param {number} colour */
  constructor(payload, colour) {
    this.sort = sortOf(payload, colour);
    this.conversion = firefoxConversion(payload);
    this.decoder = new VideoDecoder({
      output: (frame) => this.#output(frame),
      error: (error) => this.fail(error),
    });
    this.decoder.configure({
      codec: CODEC_STRINGS[/** @type {'vp8'|'vp9'} */ (payload.codec)],
      codedWidth: payload.width,
      codedHeight: payload.height,
      optimizeForLatency: true,
      colorSpace: COLOUR_SPACES[colour],
    });
  }

  /** @param {Payload} payload @returns {Promise<Image>} */
  decode(payload) {
    const timestamp = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(new Error(`no picture came within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
      this.#pending.set(timestamp, { payload, resolve, reject, timer });
      try {
        this.decoder.decode(new EncodedVideoChunk({ type: payload.key ? 'key' : 'delta', timestamp, data: payload.bytes }));
      } catch (error) {
        this.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** No more frames will be given; those under way still come out. */
  retire() {
    this.#retired = true;
    this.#closeIfDone();
  }

  /** @param {Error} error */
  fail(error) {
    this.alive = false;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
    if (this.decoder.state !== 'closed') this.decoder.close();
  }

  /** @param {VideoFrame} frame */
  #output(frame) {
    const pending = this.#pending.get(frame.timestamp);
    this.#pending.delete(frame.timestamp);
    if (!pending) return frame.close();
    clearTimeout(pending.timer);
    const { payload } = pending;
    pending.resolve(framePixels(frame, payload, (rgba) => rgbPlanes(rgba, payload, this.conversion)));
    this.#closeIfDone();
  }

  #closeIfDone() {
    if (this.#retired && this.#pending.size === 0 && this.decoder.state !== 'closed') this.decoder.close();
  }
}
