/* The media protocol's messages as bytes (docs/media-protocol.md), as the file's owner speaks it: builders for what it
 * sends, one bounded parser for what the gateway sends. Pure; read by the worker and by the tests under Node. */

/** @typedef {'ejected'|'copied'|'refused'|'protocol'|'session'|'stopping'|'replaced'|'changed'} MediaEnd */
/**
 * @typedef {{type: 'ready', longest: number, most: number, id: string}
 *   | {type: 'read', request: number, offset: number, length: number}
 *   | {type: 'progress', complete: boolean, copied: number, size: number}
 *   | {type: 'end', reason: MediaEnd, why: string}} MediaMessage
 */
/**
 * id: 32 hex digits; null: a medium that is not in yet. rate: bytes/s, 0: no limit.
 * @typedef {object} MediaHello
 * @property {string} ticket
 * @property {number} drive
 * @property {string|null} id
 * @property {number} size
 * @property {number} modified milliseconds since 1970
 * @property {string} name
 * @property {'cdrom'|'disk'|''} kind '': by its type
 * @property {'none'|'discard'|'keep'} overlay
 * @property {boolean} writable
 * @property {boolean} copy to the library
 * @property {boolean} bootOnce
 * @property {number} rate
 */

export const MEDIA_SUBPROTOCOL = 'lightsout.media.1';
const MEDIA_VERSION = 1;
/** What no gateway may exceed, whatever its READY says. */
const MEDIA_LONGEST = 256 * 1024;
const MEDIA_MOST = 64;
export const DATA_HEADER = 8;
/** Reasons of FAIL. */
export const FAIL_UNREADABLE = 1;
export const FAIL_CHANGED = 2;

const HELLO_FIXED = 80;
const NO_ID = '0'.repeat(32);
/** @type {MediaHello['kind'][]} */
const KINDS = ['', 'cdrom', 'disk'];
/** @type {MediaHello['overlay'][]} */
const OVERLAYS = ['none', 'discard', 'keep'];
/** @type {MediaEnd[]} in the order of their numbers, from 1 */
const ENDS = ['ejected', 'copied', 'refused', 'protocol', 'session', 'stopping', 'replaced', 'changed'];

/** A message that breaks the protocol; the connection must end. */
export class MediaProtocolError extends Error {}

/** @param {MediaHello} hello @returns {Uint8Array<ArrayBuffer>} */
export function buildHello({ ticket, drive, id, size, modified, name, kind, overlay, writable, copy, bootOnce, rate }) {
  if (!/^[0-9a-f]{32}$/i.test(ticket)) throw new MediaProtocolError('The ticket is not 32 hex digits.');
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(HELLO_FIXED + text.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x01, MEDIA_VERSION, drive, (writable ? 1 : 0) | (copy ? 2 : 0) | (bootOnce ? 4 : 0)]);
  for (let i = 0; i < 32; i++) bytes[4 + i] = ticket.charCodeAt(i);
  const hex = id ?? NO_ID;
  for (let i = 0; i < 16; i++) bytes[36 + i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  view.setBigUint64(52, BigInt(size), true);
  view.setBigInt64(60, BigInt(Math.trunc(modified)), true);
  view.setBigUint64(68, BigInt(rate), true);
  view.setUint8(76, KINDS.indexOf(kind));
  view.setUint8(77, OVERLAYS.indexOf(overlay));
  view.setUint16(78, text.length, true);
  bytes.set(text, HELLO_FIXED);
  return bytes;
}

/**
 * Room for an answer: its header is written, its bytes come behind at DATA_HEADER.
 * @param {number} request @param {number} length @returns {Uint8Array<ArrayBuffer>}
 */
export function dataMessage(request, length) {
  const bytes = new Uint8Array(DATA_HEADER + length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x02);
  view.setUint32(4, request, true);
  return bytes;
}

/** @param {number} request @param {number} reason */
export function buildFail(request, reason) {
  const bytes = new Uint8Array(8);
  bytes[0] = 0x03;
  bytes[1] = reason;
  new DataView(bytes.buffer).setUint32(4, request, true);
  return bytes;
}

export const buildBye = () => new Uint8Array([0x04]);

/** @param {DataView} view @param {number} at */
function bigNumber(view, at) {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MediaProtocolError('A number too large.');
  return Number(value);
}

/** @param {DataView} view @returns {MediaMessage} */
function ready(view) {
  const [longest, most] = [view.getUint32(4, true), view.getUint32(8, true)];
  if (!longest || longest > MEDIA_LONGEST || !most || most > MEDIA_MOST) throw new MediaProtocolError('READY with limits out of range.');
  let id = '';
  for (let i = 0; i < 16; i++) id += view.getUint8(12 + i).toString(16).padStart(2, '0');
  return { type: 'ready', longest, most, id };
}

/** @param {DataView} view @returns {MediaMessage} */
function read(view) {
  const length = view.getUint32(16, true);
  if (!length || length > MEDIA_LONGEST) throw new MediaProtocolError('READ of nothing or of too much.');
  return { type: 'read', request: view.getUint32(4, true), offset: bigNumber(view, 8), length };
}

/** @param {DataView} view @returns {MediaMessage} */
function progress(view) {
  return { type: 'progress', complete: (view.getUint8(1) & 1) !== 0, copied: bigNumber(view, 4), size: bigNumber(view, 12) };
}

/** @param {DataView} view @returns {MediaMessage} */
function end(view) {
  const reason = ENDS[view.getUint8(1) - 1];
  if (!reason) throw new MediaProtocolError('END with an unknown reason.');
  try {
    const why = new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(view.buffer, view.byteOffset + 4));
    return { type: 'end', reason, why };
  } catch {
    throw new MediaProtocolError('END with a sentence that is no text.');
  }
}

/** @type {Record<number, {size: number, parse: (view: DataView) => MediaMessage}>} size: exact, but END's text is behind it */
const MESSAGES = {
  0x81: { size: 28, parse: ready },
  0x82: { size: 20, parse: read },
  0x83: { size: 20, parse: progress },
  0x84: { size: 4, parse: end },
};

/** @param {ArrayBuffer} buffer @returns {MediaMessage} */
export function parseMessage(buffer) {
  const view = new DataView(buffer);
  const known = buffer.byteLength ? MESSAGES[view.getUint8(0)] : undefined;
  if (!known) throw new MediaProtocolError('An unknown message.');
  const text = known.parse === end && buffer.byteLength >= 4 ? view.getUint16(2, true) : 0;
  if (buffer.byteLength !== known.size + text) throw new MediaProtocolError('A message of a wrong length.');
  return known.parse(view);
}
