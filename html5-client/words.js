/* States and figures in words. Pure. */

/** @typedef {import('./api.js').Target} Target */
/** @typedef {import('./api.js').Drive} Drive */
/** @typedef {'ok'|'warn'|'danger'|''} Tone */

/** @type {Record<Target['power'], {text: string, tone: Tone}>} */
const POWER = {
  on: { text: 'On', tone: 'ok' },
  off: { text: 'Off', tone: '' },
  'going-off': { text: 'Shutting down', tone: 'warn' },
  unknown: { text: 'Power unknown', tone: '' },
};

/** @param {Target['power']} power */
export const powerWords = (power) => POWER[power] ?? POWER.unknown;

/** @type {Record<import('./protocol.js').SignalName, string>} */
const SIGNALS = {
  ok: 'Waiting for the picture',
  'powered-off': 'Powered off',
  'no-signal': 'No video signal',
  'no-lock': 'Unstable video signal',
  'out-of-range': 'Video mode out of range',
  unsupported: 'Video mode not supported',
  'device-gone': 'Capture device is gone',
  starting: 'Starting',
};

/** @param {import('./protocol.js').SignalName} name */
export const signalWords = (name) => SIGNALS[name] ?? 'No picture';

/** @type {Record<import('./api.js').BootChoice, string>} */
export const BOOT_WORDS = {
  default: 'As the firmware decides',
  cd: 'CD',
  disk: 'Disk',
  pxe: 'Network (PXE)',
  menu: 'Boot menu',
  setup: 'Firmware set-up',
};

/** @param {'cdrom'|'disk'} kind */
export const kindWords = (kind) => (kind === 'cdrom' ? 'CD' : 'USB disk');

/** @param {Drive} drive @returns {{text: string, tone: Tone}} */
export function driveWords({ phase, medium, reason }) {
  const name = medium ?? 'The medium';
  switch (phase) {
    case 'inserting':
      return { text: `Inserting ${name} …`, tone: 'warn' };
    case 'inserted':
      return { text: name, tone: 'ok' };
    case 'ejecting':
      return { text: `Ejecting ${name} …`, tone: 'warn' };
    case 'ejected-by-target':
      return { text: medium ? `The target ejected ${medium}` : 'The target ejected the medium', tone: '' };
    case 'failed':
      return { text: reason || 'Failed', tone: 'danger' };
    default:
      return { text: 'Empty', tone: '' };
  }
}

/** @type {Record<import('./stage_times.js').Stage, string>} */
const STAGES = {
  track: 'Find what changed',
  wait: 'Wait for its turn',
  encode: 'Encode',
  send: 'Wait for the socket',
  network: 'Network',
  decode: 'Decode',
  paint: 'Paint',
};

/** @param {import('./stage_times.js').Stage} stage */
export const stageWords = (stage) => STAGES[stage];

/** @type {Record<import('./stage_times.js').Class, string>} */
const CLASSES = { text: 'Text and drawings', photo: 'Photographs', video: 'Video', settle: 'Becoming exact' };

/** @param {import('./stage_times.js').Class} name */
export const classWords = (name) => CLASSES[name];

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** @param {number} bytes */
export function sizeWords(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** @param {number} bits a second */
export function rateWords(bits) {
  const kilobits = bits / 1000;
  if (kilobits >= 10000) return `${(kilobits / 1000).toFixed(0)} Mbit/s`;
  if (kilobits >= 1000) return `${(kilobits / 1000).toFixed(1)} Mbit/s`;
  return `${Math.round(kilobits)} kbit/s`;
}

/** @param {number} count @param {string} one @param {string} many */
export const countWords = (count, one, many) => `${count} ${count === 1 ? one : many}`;
