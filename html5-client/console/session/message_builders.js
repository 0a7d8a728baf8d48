/* What the page sends, as bytes. Pure; for the worker and for the tests under Node. */

import { ProtocolError, VERSION } from './protocol.js';

/** @typedef {import('./protocol.js').Hello} Hello */
/** @typedef {import('./protocol.js').SeatAction} SeatAction */

/**
 * @param {number} size
 * @param {number} type
 */
function message(size, type) {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint8(0, type);
  return view;
}

/** @param {DataView<ArrayBuffer>} view */
const bytes = (view) => new Uint8Array(view.buffer);

/** @param {number} value @param {number} limit */
const clampSigned = (value, limit) => Math.max(-limit - 1, Math.min(limit, Math.trunc(value)));

/** @param {Hello} hello */
export function buildHello({ ticket, hidden, viewOnly, capabilities, page, lastViewer, lastSequence }) {
  if (!/^[0-9a-f]{32}$/i.test(ticket)) throw new ProtocolError('The ticket is not 32 hex digits.');
  const view = message(61, 0x01);
  view.setUint8(1, VERSION);
  view.setUint8(2, (hidden ? 1 : 0) | (viewOnly ? 2 : 0));
  view.setUint8(3, capabilities);
  for (let i = 0; i < 32; i++) view.setUint8(5 + i, ticket.charCodeAt(i));
  for (let i = 0; i < 16; i++) view.setUint8(37 + i, parseInt(page.slice(2 * i, 2 * i + 2), 16));
  view.setUint32(53, lastViewer, true);
  view.setUint32(57, lastSequence, true);
  return bytes(view);
}

/**
 * Times in microseconds of the page's clock; taken modulo 2^32.
 * @param {number} sequence @param {number} received @param {number} painted
 */
export function buildAck(sequence, received, painted) {
  const view = message(16, 0x02);
  view.setUint32(4, sequence, true);
  view.setUint32(8, Math.trunc(received) % 2 ** 32, true);
  view.setUint32(12, Math.trunc(painted) % 2 ** 32, true);
  return bytes(view);
}

/** @param {number} usage @param {boolean} down */
export function buildKey(usage, down) {
  const view = message(4, 0x03);
  view.setUint8(1, down ? 1 : 0);
  view.setUint16(2, usage, true);
  return bytes(view);
}

/** @param {{buttons: number, x: number, y: number, wheel: number, pan: number}} pointer */
export function buildPointerAbsolute({ buttons, x, y, wheel, pan }) {
  const view = message(8, 0x04);
  view.setUint8(1, buttons & 31);
  view.setUint16(2, Math.max(0, Math.min(32767, x)), true);
  view.setUint16(4, Math.max(0, Math.min(32767, y)), true);
  view.setInt8(6, clampSigned(wheel, 127));
  view.setInt8(7, clampSigned(pan, 127));
  return bytes(view);
}

/** @param {{buttons: number, dx: number, dy: number, wheel: number, pan: number}} pointer */
export function buildPointerRelative({ buttons, dx, dy, wheel, pan }) {
  const view = message(8, 0x05);
  view.setUint8(1, buttons & 31);
  view.setInt16(2, clampSigned(dx, 32767), true);
  view.setInt16(4, clampSigned(dy, 32767), true);
  view.setInt8(6, clampSigned(wheel, 127));
  view.setInt8(7, clampSigned(pan, 127));
  return bytes(view);
}

export const buildReleaseAll = () => bytes(message(4, 0x06));

/** @type {SeatAction[]} */
const SEAT_ACTIONS = ['release', 'request', 'take', 'share', 'exclusive'];

/** @param {SeatAction} action */
export function buildSeat(action) {
  const view = message(4, 0x07);
  view.setUint8(1, SEAT_ACTIONS.indexOf(action));
  return bytes(view);
}

/** The holder's answer. @param {boolean} grant @param {number} request whose number SEATS told */
export function buildSeatAnswer(grant, request) {
  const view = message(8, 0x0c);
  view.setUint8(1, grant ? 1 : 0);
  view.setUint32(4, request, true);
  return bytes(view);
}

/** @param {number} value */
export function buildPing(value) {
  const view = message(8, 0x08);
  view.setUint32(4, value, true);
  return bytes(view);
}

/** @param {boolean} visible */
export function buildVisible(visible) {
  const view = message(4, 0x09);
  view.setUint8(1, visible ? 1 : 0);
  return bytes(view);
}

export const buildRefresh = () => bytes(message(4, 0x0a));

/** @param {boolean} on updates tell their stage times from now on */
export function buildWatch(on) {
  const view = message(4, 0x0b);
  view.setUint8(1, on ? 1 : 0);
  return bytes(view);
}
