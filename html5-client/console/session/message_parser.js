/* What the gateway sends: one bounded parser. Pure; for the worker and for the tests under Node. */

import { ProtocolError, VERSION } from './protocol.js';

/** @typedef {import('./protocol.js').Asker} Asker */
/** @typedef {import('./protocol.js').EndReason} EndReason */
/** @typedef {import('./protocol.js').SendTimes} SendTimes */
/** @typedef {import('./protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./protocol.js').SignalName} SignalName */
/** @typedef {import('./protocol.js').Viewer} Viewer */

const MAX_SIDE = 8192;
/** RGB, and BT.601 and BT.709 with limited and full range: enum colour of video/csc.h. */
const COLOURS = 5;

/** @type {SignalName[]} */
const SIGNALS = ['ok', 'powered-off', 'no-signal', 'no-lock', 'out-of-range', 'unsupported', 'device-gone', 'starting'];
/** @type {EndReason[]} */
const ENDS = ['gone', 'protocol', 'session', 'right', 'stopping', 'ticket', 'target'];

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

/**
 * The text with which a message ends.
 * @param {DataView} view
 * @param {number} from
 * @param {number} length bytes, as the message says
 * @param {string} name
 */
function lastText(view, from, length, name) {
  exactly(view, from + length, name);
  return text(view, from, length);
}

/** @param {DataView} view @returns {SendTimes} */
function sendTimes(view) {
  const [track, wait, encode, send] = [8, 10, 12, 14].map((at) => view.getUint16(at, true) * 10);
  return { captured: view.getUint32(4, true), track, wait, encode, send };
}

/**
 * Behind a message's fixed part: entries that hold texts with their length in a byte before them.
 * @param {DataView} view @param {number} at where they begin @param {string} message its name
 */
function tailReader(view, at, message) {
  return {
    /** Where an entry's fixed part stands, of so many bytes, which are passed over. @param {number} size */
    skip(size) {
      atLeast(view, at + size, message);
      at += size;
      return at - size;
    },
    name() {
      const length = view.getUint8(this.skip(1));
      return text(view, this.skip(length), length);
    },
    end: () => exactly(view, at, message),
  };
}

/** Who looks: what stands behind the fixed part of VIEWERS. @param {DataView} view */
function viewerList(view) {
  const tail = tailReader(view, 4, 'VIEWERS');
  /** @type {Viewer[]} */
  const list = [];
  for (let left = view.getUint8(1); left > 0; left--) {
    const at = tail.skip(9);
    const flag = (/** @type {number} */ bit) => (view.getUint8(at + 8) & bit) !== 0;
    const fixed = { number: view.getUint32(at, true), since: view.getUint32(at + 4, true), mine: flag(1), types: flag(2), hidden: flag(4), mayEnd: flag(8) };
    list.push({ ...fixed, name: tail.name(), address: tail.name() });
  }
  tail.end();
  return list;
}

/** The holder's name and who asks: what stands behind the fixed part of SEATS. @param {DataView} view */
function seatNames(view) {
  const tail = tailReader(view, 17, 'SEATS');
  const name = tail.name();
  /** @type {Asker[]} */
  const askers = [];
  for (let left = view.getUint8(16); left > 0; left--) {
    const at = tail.skip(7);
    askers.push({ number: view.getUint32(at, true), waiting: view.getUint16(at + 4, true), mine: view.getUint8(at + 6) !== 0, name: tail.name() });
  }
  tail.end();
  return { name, askers };
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
    const why = lastText(view, 4, view.getUint16(2, true), 'NO_PICTURE');
    const signal = SIGNALS[view.getUint8(1)];
    if (!signal) throw new ProtocolError(`Signal ${view.getUint8(1)} is unknown.`);
    return { type: 'no-picture', signal, why };
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
    return {
      type: 'seat',
      mine: (view.getUint8(1) & 1) !== 0,
      viewers: view.getUint16(2, true),
      holder: view.getUint32(4, true),
      name: lastText(view, 9, view.getUint8(8), 'SEAT'),
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
    const why = lastText(view, 4, view.getUint16(2, true), 'END');
    const reason = ENDS[view.getUint8(1) - 1];
    if (!reason) throw new ProtocolError(`End reason ${view.getUint8(1)} is unknown.`);
    return { type: 'end', reason, why };
  },
  0x8c(view) {
    exactly(view, 4, 'POINTER_MODE');
    return { type: 'pointer-mode', absolute: view.getUint8(1) !== 0 };
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
  0x8e(view) {
    atLeast(view, 4, 'VIEWERS');
    return { type: 'viewers', total: view.getUint16(2, true), list: viewerList(view) };
  },
  0x8f(view) {
    atLeast(view, 9, 'RECORDING');
    return {
      type: 'recording',
      on: view.getUint8(1) !== 0,
      every: view.getUint16(2, true),
      elapsed: view.getUint32(4, true),
      name: lastText(view, 9, view.getUint8(8), 'RECORDING'),
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
