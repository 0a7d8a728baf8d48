/* What people choose about keys, in this browser. */

/**
 * @typedef {object} KeySettings
 * @property {string} leave 'none' or one of leave_key.js' LEAVE_KEYS
 * @property {'offer'|'always'|'never'} locks what is done when Caps Lock and the like differ
 * @property {boolean} swapped the keys beside 1 and beside the left Shift change places
 * @property {'auto'|'ansi'|'iso'|'jis'} geometry of the keyboard on the screen
 */

const KEPT = 'lightsout.keys';
/** @type {KeySettings} */
const DEFAULTS = { leave: 'none', locks: 'offer', swapped: false, geometry: 'auto' };

/** @type {Set<(settings: KeySettings) => void>} */
const listeners = new Set();

/** @returns {KeySettings} */
export function keySettings() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEPT) ?? '{}') };
  } catch {
    return { ...DEFAULTS };
  }
}

/** @param {Partial<KeySettings>} change */
export function changeKeySettings(change) {
  const settings = { ...keySettings(), ...change };
  try {
    localStorage.setItem(KEPT, JSON.stringify(settings));
  } catch {
    // No storage here: it counts for this page.
  }
  for (const listener of listeners) listener(settings);
}

/** Called at each change. @param {(settings: KeySettings) => void} listener @param {AbortSignal} [signal] */
export function watchKeySettings(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener('abort', () => listeners.delete(listener));
}
