/* REST of drives, images and uploads (docs/api.md), as functions. */

import { json, target } from '../api.js';
import { base } from '../base.js';

/**
 * @typedef {object} Drive
 * @property {number} index
 * @property {'empty'|'inserting'|'inserted'|'ejecting'|'ejected-by-target'|'failed'} phase
 * @property {'cdrom'|'disk'} kind
 * @property {string|null} medium
 * @property {'library'|'url'|'nbd'|'stream'} origin
 * @property {string|null} url
 * @property {number} size
 * @property {boolean} read_only
 * @property {'none'|'discard'|'keep'} overlay
 * @property {number} changed bytes in the overlay
 * @property {number} bytes_read
 * @property {number} bytes_written
 * @property {number} rate bytes/s
 * @property {number|null} idle_ms null: the target has not used it yet
 * @property {'good'|'waiting'|'lost'} link
 * @property {string} words
 * @property {{done: number, size: number, complete: boolean}|null} copy
 * @property {boolean} boot_once
 * @property {boolean} locked
 * @property {boolean} paused the machine, until the source returns
 * @property {string} firmware
 * @property {string|null} id
 * @property {string} reason
 */
/**
 * What all ways of inserting share.
 * @typedef {object} InsertOptions
 * @property {'cdrom'|'disk'} [kind]
 * @property {boolean} read_only
 * @property {'none'|'discard'|'keep'} overlay
 * @property {boolean} boot_once
 * @property {boolean} copy
 * @property {number} [rate] bytes/s
 */
/** @typedef {{url: string, user?: string, password?: string, ca?: string}} Address */
/**
 * @typedef {object} Image
 * @property {string} name
 * @property {number} size
 * @property {number|string} modified
 * @property {'cdrom'|'disk'} kind
 * @property {boolean} usable
 * @property {string} why
 * @property {boolean} folder
 * @property {boolean} in_use
 */
/**
 * @typedef {object} ImageFacts
 * @property {string} format
 * @property {string} label
 * @property {boolean} hybrid
 * @property {string[]} boots
 * @property {string[]} disk_boots
 * @property {string} firmware
 * @property {string|null} sha256
 * @property {{done: number, size: number}|null} summing
 * @property {{name: string, size: number}[]} [files] of a folder
 */
/** @typedef {{images: Image[], free: number, total: number}} Library */
/**
 * @typedef {object} Upload
 * @property {string} id
 * @property {string} name
 * @property {string|null} folder
 * @property {'arriving'|'finishing'|'done'|'failed'} phase
 * @property {number} size
 * @property {number} offset
 * @property {number} unpacked
 * @property {number} rate
 * @property {number|null} seconds_left
 * @property {string} who
 * @property {string} why
 * @property {string|null} sha256
 */

/** @param {string} name */
const image = (name) => `/images/${encodeURIComponent(name)}`;

/** @param {string} name @param {number} index */
const drive = (name, index) => `${target(name)}/drives/${index}`;

/** Where a browser fetches an image itself. @param {string} name */
export const imageAddress = (name) => `${base}/api/v1${image(name)}/raw`;

export const mediaApi = {
  /** @param {string} name of the target @returns {Promise<Drive[]>} */
  drives: async (name) => (await json('GET', `${target(name)}/drives`)).drives,
  /** @param {string} name @param {number} index @param {InsertOptions & ({image: string}|Address)} body */
  insert: (name, index, body) => json('POST', `${drive(name, index)}/insert`, body),
  /** @param {string} name @param {number} index @param {boolean} force @returns {Promise<Drive>} */
  eject: (name, index, force) => json('POST', `${drive(name, index)}/eject`, { force }),
  /** @param {string} name @param {number} index @param {{action: 'export', name: string}|{action: 'discard'}} body */
  overlay: (name, index, body) => json('POST', `${drive(name, index)}/overlay`, body),

  /** @returns {Promise<Library>} */
  library: () => json('GET', '/images'),
  /** @param {string} name @returns {Promise<Image & ImageFacts>} */
  image: (name) => json('GET', image(name)),
  /** @param {string} name @param {string} to */
  rename: (name, to) => json('PATCH', image(name), { name: to }),
  /** @param {string} name */
  remove: (name) => json('DELETE', image(name)),
  /** @param {string} name */
  sum: (name) => json('POST', `${image(name)}/sha256`, {}),
  /** @param {string} name */
  makeFolder: (name) => json('POST', '/folders', { name }),
  /** @param {string} folder @param {string} file */
  removeFile: (folder, file) => json('DELETE', `${image(folder)}/files/${encodeURIComponent(file)}`),

  /** @returns {Promise<Upload[]>} */
  uploads: async () => (await json('GET', '/uploads')).uploads,
  /** @param {string} id @returns {Promise<Upload>} */
  upload: (id) => json('GET', `/uploads/${id}`),
};
