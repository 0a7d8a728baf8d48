/* Recordings over REST (docs/api.md). */

import { asList, json, target } from '../api.js';
import { base } from '../base.js';

/** at: milliseconds since the begin. @typedef {{at: number, kind: 'change'|'mode'|'no-signal'|'signal', width?: number, height?: number}} Mark */
/** @typedef {{at: number, bytes: number}} Still */
/**
 * began: milliseconds since 1970. every: seconds between pictures; null: a film.
 * @typedef {object} Recording
 * @property {string} id
 * @property {string} target
 * @property {'video'|'pictures'} kind
 * @property {string} who
 * @property {string} note
 * @property {string} ended
 * @property {{id: string, args: string[]}|null} [end] the same as `ended`
 * @property {boolean} running
 * @property {boolean} pinned
 * @property {number|null} every
 * @property {number} began
 * @property {number} duration
 * @property {number} bytes
 * @property {number} frames
 * @property {number} width
 * @property {number} height
 */
/** @typedef {Recording & {marks: Mark[], pictures: Still[]}} RecordingDetails */

/** @param {string} id */
const one = (id) => `/recordings/${encodeURIComponent(id)}`;
/** @param {string} id @param {string} part */
const address = (id, part) => `${base}/api/v1${one(id)}/${part}`;

export const recordingsApi = {
  /** @returns {Promise<Recording[]>} the newest first */
  list: async () => asList((await json('GET', '/recordings')).recordings),
  /** @param {string} id @returns {Promise<RecordingDetails>} */
  get: (id) => json('GET', one(id)),
  /** @param {string} name @param {{note: string, kind: 'video'|'pictures', every?: number}} body @returns {Promise<Recording>} */
  start: (name, body) => json('POST', `${target(name)}/recording`, { action: 'start', ...body }),
  /** @param {string} name @returns {Promise<Recording>} */
  stop: (name) => json('POST', `${target(name)}/recording`, { action: 'stop' }),
  /** @param {string} id @param {{note?: string, pinned?: boolean}} body @returns {Promise<Recording>} */
  change: (id, body) => json('PATCH', one(id), body),
  /** @param {string} id */
  remove: (id) => json('DELETE', one(id)),

  /** @param {string} id */
  video: (id) => address(id, 'video'),
  /** @param {string} id */
  poster: (id) => address(id, 'poster'),
  /** @param {string} id @param {number} at */
  picture: (id, at) => address(id, `pictures/${at}`),
  /** What is kept on this computer. @param {Recording} recording */
  download: ({ id, kind }) => address(id, kind === 'video' ? 'video?download=1' : 'pictures.tar'),
};
