/* States and figures in words. Pure. */

/** @typedef {import('../api.js').Target} Target */
/** @typedef {import('../api.js').Drive} Drive */
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

/** @type {Record<import('../console/protocol.js').SignalName, string>} */
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

/** @param {import('../console/protocol.js').SignalName} name */
export const signalWords = (name) => SIGNALS[name] ?? 'No picture';

/**
 * What may be the matter with a capture device's picture, where the gateway has no closer sentence, and what can be done.
 * @type {Partial<Record<import('../console/protocol.js').SignalName, {reason: string, remedies: string[]}>>}
 */
const CAPTURE_HELP = {
  'powered-off': {
    reason: 'The target is switched off, so its graphics send nothing.',
    remedies: ['Power it on from the Power menu, or with its own button.'],
  },
  'no-signal': {
    reason: 'The capture device is there, but nothing arrives on its input.',
    remedies: [
      'Power the target on; wake a sleeping screen with a key.',
      'Check that the video cable is plugged in at both ends, and into the output that the target uses.',
      'If the target shows its picture on another screen, choose an EDID under USB & video and restart it.',
    ],
  },
  'no-lock': {
    reason: 'A signal arrives, but the capture device cannot hold on to it.',
    remedies: [
      'Try another or a shorter cable, and leave adapters and splitters out.',
      'Offer the target a lower mode: another EDID under USB & video.',
    ],
  },
  'out-of-range': {
    reason: 'The target sends a mode that the capture device cannot take.',
    remedies: [
      'Set a lower resolution or refresh rate in the target.',
      'Offer it a mode that fits: another EDID under USB & video.',
    ],
  },
  unsupported: {
    reason: 'The capture device delivers pixels in a format that cannot be used.',
    remedies: [
      'Set capture-format to auto in the target’s configuration, or to a format that the device has.',
      'See what the device offers under USB & video.',
    ],
  },
  'device-gone': {
    reason: 'The capture device is not connected to the gateway, or another program holds it.',
    remedies: ['Plug it in again: it is found by itself.', 'Check on the gateway with: lightsout doctor'],
  },
  starting: {
    reason: 'The capture device is being opened.',
    remedies: ['This takes a few seconds.'],
  },
};

/** @param {import('../console/protocol.js').SignalName} name */
export const captureHelp = (name) => CAPTURE_HELP[name] ?? null;

/** @type {Record<import('../api.js').UsbState, {text: string, tone: Tone}>} */
const USB_STATES = {
  'no-helper': { text: 'Not possible now', tone: 'danger' },
  gone: { text: 'The USB controller is gone', tone: 'danger' },
  'not-attached': { text: 'Not connected to the target', tone: 'warn' },
  powered: { text: 'Connected, not yet used by the target', tone: 'warn' },
  configured: { text: 'In use by the target', tone: 'ok' },
  suspended: { text: 'The target sleeps', tone: '' },
};

/** What the gateway's parts say in passing, as a sentence. @param {string} text */
export const asSentence = (text) => text && text[0].toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? '' : '.');

/** @param {import('../api.js').UsbState} state @returns {{text: string, tone: Tone}} */
export const usbStateWords = (state) => USB_STATES[state] ?? { text: state, tone: '' };

/** @type {Record<string, {label: string, words: string}>} */
const PERSONALITIES = {
  auto: { label: 'Automatic', words: 'Begins with everything, watches what the target makes of it, and remembers what worked.' },
  full: { label: 'Everything', words: 'Keyboard, both mice, media keys and drives. Right for every operating system.' },
  keyboard: { label: 'Keyboard only', words: 'For firmware that sets up one device and no more.' },
  drive: { label: 'Drives only', words: 'For firmware that boots from a USB disk only where nothing else is on the cable.' },
  'keyboard+drive': { label: 'Keyboard and drives', words: 'Without mice: for firmware that stumbles over them.' },
  'storage-first': { label: 'Drives first', words: 'Everything, with the drives in front: for firmware that looks at the first device only.' },
};

/** @param {{name: string, words: string}} choice */
export const personalityWords = ({ name, words }) => PERSONALITIES[name] ?? { label: name, words };

/** @type {Record<string, string>} */
const PRESETS = {
  '1080p60': '1920 × 1080, 60 Hz',
  '1080p50': '1920 × 1080, 50 Hz, for receivers with two lanes',
  '1200p60': '1920 × 1200, 60 Hz',
  '720p60': '1280 × 720, 60 Hz',
  configured: 'what the configuration says',
};

/** @param {string} name */
export const presetWords = (name) => PRESETS[name] ?? name;

/** @param {import('../api.js').Capture} capture @param {import('../api.js').Edid} edid */
export function toldWords(capture, edid) {
  if (!capture.driver) return 'There is no capture device now, so nobody tells the target anything.';
  if (!capture.has_edid) return 'This device has an EDID of its own, which cannot be changed.';
  return edid.present ? `The target is told: ${edidWords(edid)}.` : 'The capture device shows the target no EDID.';
}

/** @param {import('../api.js').Edid} edid */
export function edidWords(edid) {
  const mode = `${edid.width} × ${edid.height}, ${Number((edid.refresh_millihertz / 1000).toFixed(2))} Hz`;
  const maker = [edid.manufacturer, edid.name].filter(Boolean).join(' ');
  return `${edid.preset ?? 'One of your own'} (${mode})${maker ? `, shown as ${maker}` : ''}`;
}

/** @type {Record<import('../api.js').BootChoice, string>} */
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

/** @type {Record<import('../console/stage_times.js').Stage, string>} */
const STAGES = {
  track: 'Find what changed',
  wait: 'Wait for its turn',
  encode: 'Encode',
  send: 'Wait for the socket',
  network: 'Network',
  decode: 'Decode',
  paint: 'Paint',
};

/** @param {import('../console/stage_times.js').Stage} stage */
export const stageWords = (stage) => STAGES[stage];

/** @type {Record<import('../console/stage_times.js').Class, string>} */
const CLASSES = { text: 'Text and drawings', photo: 'Photographs', video: 'Video', settle: 'Becoming exact' };

/** @param {import('../console/stage_times.js').Class} name */
export const classWords = (name) => CLASSES[name];

const CLOCK_APART_MS = 60000;

/**
 * What to say of the gateway's clock; null: nothing.
 * @param {{synchronised: boolean, time: number}} clock @param {number} now this browser's
 */
export function clockWords({ synchronised, time }, now) {
  if (synchronised || Math.abs(time - now) < CLOCK_APART_MS) return null;
  const shown = new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return `The gateway’s clock shows ${shown}, and nothing keeps it right: events and certificates get wrong times.`;
}

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
