/* Everything in updates that the browser itself decodes, and what of it this browser really can. */

import { isSample, samplePayload, SAMPLES } from './codec_samples.js';
import { decodeJpeg } from './jpeg_decoder.js';
import { CAPABILITY } from '../console/session/protocol.js';
import { hasVectors } from './module_choice.js';
import { VideoStream } from './video_stream.js';

/** @typedef {import('./decoder.js').Codec} Codec */
/** @typedef {import('./decoder.js').Image} Image */
/** @typedef {import('./decoder.js').Payload} Payload */

const STREAMS = 4;
const TRIAL_MS = 3000;

export class DecodeError extends Error {
  /** @param {Codec} codec @param {unknown} cause */
  constructor(codec, cause) {
    super(`${codec.toUpperCase()}: ${cause instanceof Error ? cause.message : cause}`);
    this.codec = codec;
  }
}

export class PayloadDecoder {
  #streams = Array.from({ length: STREAMS }, () => new VideoStream());

  /**
   * Begins to decode them all. Video frames come out in the order of these calls.
   * @param {Payload[]} payloads @param {number} colour of the canvas
   * @returns {Promise<Image[]>} rejected with a DecodeError
   */
  decode(payloads, colour) {
    return Promise.all(payloads.map((payload) => this.#one(payload, colour)));
  }

  /** Video begins anew with key frames. */
  reset() {
    for (const stream of this.#streams) stream.reset();
  }

  /** @param {Payload} payload @param {number} colour @returns {Promise<Image>} */
  async #one(payload, colour) {
    try {
      if (payload.codec === 'jpeg') return await decodeJpeg(payload, colour);
      return await this.#streams[payload.stream].decode(payload, colour);
    } catch (error) {
      throw new DecodeError(payload.codec, error);
    }
  }
}

/** @param {Codec} codec @returns {Promise<boolean>} */
async function works(codec) {
  const decoder = new PayloadDecoder();
  const { colour } = SAMPLES[codec];
  try {
    const late = new Promise((resolve) => setTimeout(resolve, TRIAL_MS));
    const images = await Promise.race([decoder.decode([samplePayload(codec)], colour), late]);
    return Array.isArray(images) && isSample(codec, images[0]);
  } catch {
    return false;
  } finally {
    decoder.reset();
  }
}

/** The bits of HELLO, by decoding a sample of each. @returns {Promise<number>} */
export async function tryCodecs() {
  const codecs = /** @type {Codec[]} */ (Object.keys(SAMPLES));
  const working = await Promise.all(codecs.map(works));
  return codecs.reduce((bits, codec, i) => bits | (working[i] ? CAPABILITY[codec] : 0), hasVectors() ? CAPABILITY.simd : 0);
}
