/* The console protocol's messages as bytes (docs/console-protocol.md): builders for what the page sends, one bounded
 * parser for what the server sends. Pure; read by the worker and by the tests under Node. */

/** @typedef {'gone'|'protocol'|'session'|'right'|'stopping'|'ticket'|'target'} EndReason */
/** @typedef {'ok'|'powered-off'|'no-signal'|'no-lock'|'out-of-range'|'unsupported'|'device-gone'|'starting'} SignalName */
/**
 * Microseconds, at most 655350; captured: by the gateway's clock, modulo 2^32.
 * @typedef {{captured: number, track: number, wait: number, encode: number, send: number}} SendTimes
 */
/** What the page wants of the seat. @typedef {'release'|'request'|'take'|'share'|'exclusive'} SeatAction */
/**
 * One who looks at the target. since: seconds; types: the seat admits it; hidden: its tab is in the background; mayEnd: this
 * page may disconnect it; address: '' for who may not know.
 * @typedef {{number: number, since: number, mine: boolean, types: boolean, hidden: boolean, mayEnd: boolean, name: string, address: string}} Viewer
 */
/** Who asks for the seat; waiting in seconds. @typedef {{number: number, waiting: number, mine: boolean, name: string}} Asker */
/**
 * How the seat stands. holder: number of its connection, 0: none, or its holder has no console; asking: this page asks;
 * mayTake: from others, and share it; idle: its holder has done nothing for idleSeconds; after idleLimit of them it is
 * free (0: never).
 * @typedef {{type: 'seats', mine: boolean, shared: boolean, free: boolean, asking: boolean, mayType: boolean, mayTake: boolean,
 *   idle: boolean, viewers: number, holder: number, idleSeconds: number, idleLimit: number, name: string, askers: Asker[]}} Seats
 */
/**
 * What is recorded of the screen. every: seconds between pictures, 0: a film; elapsed: seconds since it began; name: of
 * who began it.
 * @typedef {{type: 'viewers', total: number, list: Viewer[]}} Viewers
 * @typedef {{type: 'recording', on: boolean, every: number, elapsed: number, name: string}} Recording
 */
/**
 * @typedef {{type: 'welcome', mayType: boolean, viewer: number}
 *   | {type: 'mode', colour: number, width: number, height: number}
 *   | {type: 'update', exact: boolean, check: number, times: SendTimes|null, body: Uint8Array}
 *   | {type: 'no-picture', signal: SignalName, why: string}
 *   | {type: 'cursor', visible: boolean, hotX: number, hotY: number, width: number, height: number, pixels: Uint8Array}
 *   | {type: 'leds', num: boolean, caps: boolean, scroll: boolean}
 *   | {type: 'seat', mine: boolean, viewers: number, holder: number, name: string}
 *   | Seats
 *   | {type: 'pong', value: number}
 *   | {type: 'stats', roundTrip: number, encode: number, rate: number, updates: number, bytes: number,
 *      text: number, photo: number, video: number, settle: number}
 *   | {type: 'changed', power: boolean, drives: boolean, target: boolean}
 *   | {type: 'end', reason: EndReason, why: string}
 *   | Recording
 *   | Viewers
 *   | {type: 'pointer-mode', absolute: boolean}} ServerMessage
 */

export const SUBPROTOCOL = 'lightsout.console.1';
export const VERSION = 1;
export const MAX_SIDE = 8192;
/** RGB, and BT.601 and BT.709 with limited and full range: enum colour of video/csc.h. */
const COLOURS = 5;

/** @type {SignalName[]} */
const SIGNALS = ['ok', 'powered-off', 'no-signal', 'no-lock', 'out-of-range', 'unsupported', 'device-gone', 'starting'];
/** @type {EndReason[]} */
const ENDS = ['gone', 'protocol', 'session', 'right', 'stopping', 'ticket', 'target'];

/** A message that breaks the protocol; the connection must end. */
export class ProtocolError extends Error {}

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

/** What the page can decode, and that it reads SEATS, as bits of HELLO. */
export const CAPABILITY = { simd: 1, vp8: 2, jpeg: 4, vp9: 8, seats: 16, viewers: 32, recording: 64 };

/**
 * page: 32 hex digits, the same as long as the slots are. lastViewer: number of the connection that filled them, 0:
 * none; lastSequence: of the last update applied in it.
 * @typedef {object} Hello
 * @property {string} ticket
 * @property {boolean} hidden
 * @property {boolean} viewOnly
 * @property {number} capabilities
 * @property {string} page
 * @property {number} lastViewer
 * @property {number} lastSequence
 */

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

/**
 * @param {DataView} view
 * @param {number} size
 * @param {string} name
 */
function exactly(view, size, name) {
  if (view.byteLength !== size)
    throw new ProtocolError(`${name} has ${view.byteLength} bytes instead of ${size}.`);
}

/**
 * @param {DataView} view
 * @param {number} size
 * @param {string} name
 */
function atLeast(view, size, name) {
  if (view.byteLength < size) throw new ProtocolError(`${name} is cut short at ${view.byteLength} bytes.`);
}

/**
 * @param {DataView} view
 * @param {number} from
 * @param {number} length
 */
function text(view, from, length) {
  const part = new Uint8Array(view.buffer, view.byteOffset + from, length);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(part);
  } catch {
    throw new ProtocolError('A text is not UTF-8.');
  }
}

/** @param {DataView} view @returns {SendTimes} */
function sendTimes(view) {
  const [track, wait, encode, send] = [8, 10, 12, 14].map((at) => view.getUint16(at, true) * 10);
  return { captured: view.getUint32(4, true), track, wait, encode, send };
}

/** Who looks: what stands behind the fixed part of VIEWERS. @param {DataView} view */
function viewerList(view) {
  let at = 4;
  const name = () => {
    atLeast(view, at + 1, 'VIEWERS');
    const length = view.getUint8(at);
    atLeast(view, at + 1 + length, 'VIEWERS');
    const read = text(view, at + 1, length);
    at += 1 + length;
    return read;
  };
  /** @type {Viewer[]} */
  const list = [];
  for (let left = view.getUint8(1); left > 0; left--) {
    atLeast(view, at + 9, 'VIEWERS');
    const flag = (/** @type {number} */ bit, flags = view.getUint8(at + 8)) => (flags & bit) !== 0;
    const fixed = { number: view.getUint32(at, true), since: view.getUint32(at + 4, true), mine: flag(1), types: flag(2), hidden: flag(4), mayEnd: flag(8) };
    at += 9;
    list.push({ ...fixed, name: name(), address: name() });
  }
  exactly(view, at, 'VIEWERS');
  return list;
}

/** The holder's name and who asks: what stands behind the fixed part of SEATS. @param {DataView} view */
function seatNames(view) {
  let at = 17;
  const name = () => {
    atLeast(view, at + 1, 'SEATS');
    const length = view.getUint8(at);
    atLeast(view, at + 1 + length, 'SEATS');
    const read = text(view, at + 1, length);
    at += 1 + length;
    return read;
  };
  const holder = name();
  /** @type {Asker[]} */
  const askers = [];
  for (let left = view.getUint8(16); left > 0; left--) {
    atLeast(view, at + 7, 'SEATS');
    const [number, waiting, mine] = [view.getUint32(at, true), view.getUint16(at + 4, true), view.getUint8(at + 6) !== 0];
    at += 7;
    askers.push({ number, waiting, mine, name: name() });
  }
  exactly(view, at, 'SEATS');
  return { name: holder, askers };
}

/** @type {Record<number, (view: DataView) => ServerMessage>} */
const PARSERS = {
  0x81(view) {
    exactly(view, 8, 'WELCOME');
    if (view.getUint8(1) !== VERSION) throw new ProtocolError(`The gateway speaks version ${view.getUint8(1)}.`);
    return { type: 'welcome', mayType: (view.getUint8(2) & 1) !== 0, viewer: view.getUint32(4, true) };
  },
  0x82(view) {
    exactly(view, 8, 'MODE');
    const width = view.getUint16(4, true);
    const height = view.getUint16(6, true);
    if (!width || !height || width > MAX_SIDE || height > MAX_SIDE)
      throw new ProtocolError(`A picture of ${width} x ${height} is out of range.`);
    const colour = view.getUint8(1);
    if (colour >= COLOURS) throw new ProtocolError(`Colour ${colour} is unknown.`);
    return { type: 'mode', colour, width, height };
  },
  0x83(view) {
    atLeast(view, 4, 'UPDATE');
    const timed = (view.getUint8(1) & 2) !== 0;
    const start = timed ? 16 : 4;
    atLeast(view, start, 'UPDATE');
    return {
      type: 'update',
      exact: (view.getUint8(1) & 1) !== 0,
      check: view.getUint16(2, true),
      times: timed ? sendTimes(view) : null,
      body: new Uint8Array(view.buffer, view.byteOffset + start, view.byteLength - start),
    };
  },
  0x84(view) {
    atLeast(view, 4, 'NO_PICTURE');
    const length = view.getUint16(2, true);
    exactly(view, 4 + length, 'NO_PICTURE');
    const signal = SIGNALS[view.getUint8(1)];
    if (!signal) throw new ProtocolError(`Signal ${view.getUint8(1)} is unknown.`);
    return { type: 'no-picture', signal, why: text(view, 4, length) };
  },
  0x85(view) {
    atLeast(view, 10, 'CURSOR');
    const width = view.getUint16(6, true);
    const height = view.getUint16(8, true);
    exactly(view, 10 + width * height * 4, 'CURSOR');
    return {
      type: 'cursor',
      visible: view.getUint8(1) !== 0,
      hotX: view.getUint16(2, true),
      hotY: view.getUint16(4, true),
      width,
      height,
      pixels: new Uint8Array(view.buffer, view.byteOffset + 10, width * height * 4),
    };
  },
  0x86(view) {
    exactly(view, 4, 'LEDS');
    const leds = view.getUint8(1);
    return { type: 'leds', num: (leds & 1) !== 0, caps: (leds & 2) !== 0, scroll: (leds & 4) !== 0 };
  },
  0x87(view) {
    atLeast(view, 9, 'SEAT');
    const length = view.getUint8(8);
    exactly(view, 9 + length, 'SEAT');
    return {
      type: 'seat',
      mine: (view.getUint8(1) & 1) !== 0,
      viewers: view.getUint16(2, true),
      holder: view.getUint32(4, true),
      name: text(view, 9, length),
    };
  },
  0x88(view) {
    exactly(view, 8, 'PONG');
    return { type: 'pong', value: view.getUint32(4, true) };
  },
  0x89(view) {
    exactly(view, 40, 'STATS');
    return {
      type: 'stats',
      roundTrip: view.getUint32(4, true),
      encode: view.getUint32(8, true),
      rate: view.getUint32(12, true),
      updates: view.getUint32(16, true),
      bytes: view.getUint32(20, true),
      text: view.getUint32(24, true),
      photo: view.getUint32(28, true),
      video: view.getUint32(32, true),
      settle: view.getUint32(36, true),
    };
  },
  0x8a(view) {
    exactly(view, 4, 'CHANGED');
    const what = view.getUint8(1);
    return { type: 'changed', power: (what & 1) !== 0, drives: (what & 2) !== 0, target: (what & 4) !== 0 };
  },
  0x8b(view) {
    atLeast(view, 4, 'END');
    const length = view.getUint16(2, true);
    exactly(view, 4 + length, 'END');
    const reason = ENDS[view.getUint8(1) - 1];
    if (!reason) throw new ProtocolError(`End reason ${view.getUint8(1)} is unknown.`);
    return { type: 'end', reason, why: text(view, 4, length) };
  },
  0x8c(view) {
    exactly(view, 4, 'POINTER_MODE');
    return { type: 'pointer-mode', absolute: view.getUint8(1) !== 0 };
  },
  0x8e(view) {
    atLeast(view, 4, 'VIEWERS');
    return { type: 'viewers', total: view.getUint16(2, true), list: viewerList(view) };
  },
  0x8f(view) {
    atLeast(view, 9, 'RECORDING');
    const length = view.getUint8(8);
    exactly(view, 9 + length, 'RECORDING');
    return {
      type: 'recording',
      on: view.getUint8(1) !== 0,
      every: view.getUint16(2, true),
      elapsed: view.getUint32(4, true),
      name: text(view, 9, length),
    };
  },
  0x8d(view) {
    atLeast(view, 18, 'SEATS');
    const flag = (/** @type {number} */ bit) => (view.getUint8(1) & bit) !== 0;
    const { askers, name } = seatNames(view);
    return {
      type: 'seats',
      mine: flag(1),
      shared: flag(2),
      free: flag(4),
      asking: flag(8),
      mayType: flag(16),
      mayTake: flag(32),
      idle: flag(64),
      viewers: view.getUint16(2, true),
      holder: view.getUint32(4, true),
      idleSeconds: view.getUint32(8, true),
      idleLimit: view.getUint32(12, true),
      name,
      askers,
    };
  },
};

/**
 * Views into the message's own memory, where it carries pixels.
 * @param {ArrayBuffer} buffer one whole websocket message
 * @returns {ServerMessage}
 */
export function parseMessage(buffer) {
  const view = new DataView(buffer);
  if (!view.byteLength) throw new ProtocolError('An empty message.');
  const parser = PARSERS[view.getUint8(0)];
  if (!parser) throw new ProtocolError(`Message type ${view.getUint8(0)} is unknown.`);
  return parser(view);
}
