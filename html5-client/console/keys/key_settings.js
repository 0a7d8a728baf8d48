/* What people choose about keys and the wheel, in this browser. */

/**
 * @typedef {object} KeySettings
 * @property {string} leave 'none' or one of leave_key.js' LEAVE_KEYS
 * @property {'offer'|'always'|'never'} locks what is done when Caps Lock and the like differ
 * @property {boolean} swapped the keys beside 1 and beside the left Shift change places
 * @property {'auto'|'ansi'|'iso'|'jis'} geometry of the keyboard on the screen
 * @property {boolean} reversed the wheel turns the other way
 * @property {boolean} taps keys that are no modifiers go down and up at once: no stall of the line holds them
 * @property {number} speed of a relative mouse and of the trackpad, 1 as it is moved
 * @property {number} scroll speed of the wheel
 */

const KEPT = 'lightsout.keys';
/** @type {KeySettings} */
const DEFAULTS = { leave: 'none', locks: 'offer', swapped: false, geometry: 'auto', reversed: false, taps: false, speed: 1, scroll: 1 };

/** What was chosen where nothing can be stored. @type {Partial<KeySettings>} */
let unstored = {};

/** @returns {KeySettings} */
export function keySettings() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEPT) ?? '{}'), ...unstored };
  } catch {
    return { ...DEFAULTS, ...unstored };
  }
}

/** @param {Partial<KeySettings>} change */
export function changeKeySettings(change) {
  const settings = { ...keySettings(), ...change };
  try {
    localStorage.setItem(KEPT, JSON.stringify(settings));
  } catch {
    unstored = settings; // it counts for this page then
  }
}
