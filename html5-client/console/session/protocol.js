/* The console protocol (docs/console-protocol.md): its messages, as the page has them, and what both of its ends have to
 * agree on. message_builders.js makes bytes of what the page sends, message_parser.js reads what the gateway sends. */

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
/** @typedef {{type: 'viewers', total: number, list: Viewer[]}} Viewers */
/**
 * What is recorded of the screen. every: seconds between pictures, 0: a film; elapsed: seconds since it began; name: of
 * who began it.
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

export const SUBPROTOCOL = 'lightsout.console.1';
export const VERSION = 1;

/** What the page can decode, and that it reads SEATS, as bits of HELLO. */
export const CAPABILITY = { simd: 1, vp8: 2, jpeg: 4, vp9: 8, seats: 16, viewers: 32, recording: 64 };

/** A message that breaks the protocol; the connection must end. */
export class ProtocolError extends Error {}
