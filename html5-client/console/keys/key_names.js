/* Names of keys as the gateway and its command line know them ("ctrl+alt+f3"), to and from usages. The same names as in
 * usbgadget/keynames.c, which a test compares; and in the reader's words. */

import { t } from '../../parts/messages.js';
import { CONSUMER } from './keymap.js';

/** The first name of a usage is the one that is written. @type {[string, number][]} */
export const KEY_NAMES = [
  ['enter', 0x28], ['return', 0x28], ['escape', 0x29], ['esc', 0x29], ['backspace', 0x2a], ['tab', 0x2b], ['space', 0x2c], ['minus', 0x2d],
  ['-', 0x2d], ['equal', 0x2e], ['=', 0x2e], ['plus', 0x2e], ['bracketleft', 0x2f], ['[', 0x2f], ['bracketright', 0x30], [']', 0x30],
  ['backslash', 0x31], ['\\', 0x31], ['semicolon', 0x33], [';', 0x33], ['quote', 0x34], ["'", 0x34], ['backquote', 0x35], ['`', 0x35],
  ['comma', 0x36], [',', 0x36], ['period', 0x37], ['.', 0x37], ['slash', 0x38], ['/', 0x38], ['capslock', 0x39], ['printscreen', 0x46],
  ['print', 0x46], ['sysrq', 0x46], ['scrolllock', 0x47], ['pause', 0x48], ['insert', 0x49], ['home', 0x4a], ['pageup', 0x4b],
  ['delete', 0x4c], ['del', 0x4c], ['end', 0x4d], ['pagedown', 0x4e], ['right', 0x4f], ['left', 0x50], ['down', 0x51], ['up', 0x52],
  ['numlock', 0x53], ['kpdivide', 0x54], ['kpmultiply', 0x55], ['kpminus', 0x56], ['kpplus', 0x57], ['kpenter', 0x58], ['kp1', 0x59],
  ['kp2', 0x5a], ['kp3', 0x5b], ['kp4', 0x5c], ['kp5', 0x5d], ['kp6', 0x5e], ['kp7', 0x5f], ['kp8', 0x60], ['kp9', 0x61], ['kp0', 0x62],
  ['kpdecimal', 0x63], ['intlbackslash', 0x64], ['menu', 0x65], ['contextmenu', 0x65], ['kpequal', 0x67], ['intlro', 0x87],
  ['kana', 0x88], ['intlyen', 0x89], ['convert', 0x8a], ['nonconvert', 0x8b], ['lang1', 0x90], ['lang2', 0x91], ['ctrl', 0xe0],
  ['control', 0xe0], ['leftctrl', 0xe0], ['shift', 0xe1], ['leftshift', 0xe1], ['alt', 0xe2], ['leftalt', 0xe2], ['meta', 0xe3],
  ['win', 0xe3], ['super', 0xe3], ['cmd', 0xe3], ['leftmeta', 0xe3], ['rightctrl', 0xe4], ['rightshift', 0xe5], ['altgr', 0xe6],
  ['rightalt', 0xe6], ['rightmeta', 0xe7], ['mute', CONSUMER | 0xe2], ['volumeup', CONSUMER | 0xe9], ['volumedown', CONSUMER | 0xea],
  ['playpause', CONSUMER | 0xcd], ['nexttrack', CONSUMER | 0xb5], ['previoustrack', CONSUMER | 0xb6], ['stop', CONSUMER | 0xb7],
  ['power', CONSUMER | 0x30], ['sleep', CONSUMER | 0x32],
];

const CHORD_MAX = 8;
const byName = new Map(KEY_NAMES);

/** @param {string} name @returns {number|undefined} */
export function usageOfName(name) {
  const word = name.toLowerCase();
  if (/^[a-z]$/.test(word)) return 0x04 + word.charCodeAt(0) - 97;
  if (/^\d$/.test(word)) return word === '0' ? 0x27 : 0x1d + Number(word);
  const f = /^f([1-9]|1\d|2[0-4])$/.exec(word);
  if (f) return Number(f[1]) <= 12 ? 0x39 + Number(f[1]) : 0x68 + Number(f[1]) - 13;
  return byName.get(word);
}

/** @param {number} usage @returns {string|undefined} the gateway has no name for all of them */
export function nameOfUsage(usage) {
  if (usage >= 0x04 && usage <= 0x1d) return String.fromCharCode(97 + usage - 0x04);
  if (usage >= 0x1e && usage <= 0x26) return String(usage - 0x1d);
  if (usage === 0x27) return '0';
  if (usage >= 0x3a && usage <= 0x45) return `f${usage - 0x39}`;
  if (usage >= 0x68 && usage <= 0x73) return `f${usage - 0x68 + 13}`;
  return KEY_NAMES.find(([, other]) => other === usage)?.[0];
}

/** @param {number[]} usages @returns {string} '' when one of them has no name */
export function chordText(usages) {
  const names = usages.map(nameOfUsage);
  return names.every(Boolean) ? names.join('+') : '';
}

/** @param {string} text "ctrl+alt+f3" @returns {number[]|null} null: no chord */
export function parseChord(text) {
  const usages = text.trim().split('+').map((word) => usageOfName(word.trim()));
  const good = usages.length <= CHORD_MAX && usages.every((usage) => usage !== undefined);
  return good ? /** @type {number[]} */ (usages) : null;
}

/** Modifiers first, so that a chord composed by pressing is one. @param {number[]} usages */
export const inOrder = (usages) => [...usages].sort((one, other) => Number(other >= 0xe0 && other <= 0xe7) - Number(one >= 0xe0 && one <= 0xe7));

/** For people, as it stands on their keys: "Ctrl+Alt+F3". @param {string} text */
export const chordTitle = (text) => text.split('+').map(keyTitle).join('+');

/** @param {string} word */
function keyTitle(word) {
  const message = MESSAGES[word];
  return message ? t(message) : (TITLES[word] ?? (word.length === 1 ? word.toUpperCase() : word[0].toUpperCase() + word.slice(1)));
}

/** @type {Record<string, string>} */
const TITLES = { meta: 'Super', numlock: 'NumLk', capslock: 'Caps', intlbackslash: 'ISO \\' };
/** @type {Record<string, string>} */
const MESSAGES = {
  ctrl: 'keys.cap.ControlLeft', shift: 'keys.shift', altgr: 'keys.cap.AltRight', rightctrl: 'keys.name.ControlRight', rightshift: 'keys.name.ShiftRight',
  delete: 'keys.cap.Delete', escape: 'keys.cap.Escape', printscreen: 'keys.cap.PrintScreen', scrolllock: 'keys.cap.ScrollLock', pause: 'keys.cap.Pause',
  pageup: 'keys.cap.PageUp', pagedown: 'keys.cap.PageDown', home: 'keys.cap.Home', end: 'keys.cap.End', insert: 'keys.name.Insert', enter: 'keys.name.Enter',
  backspace: 'keys.name.Backspace', space: 'keys.name.Space', menu: 'keys.name.ContextMenu', up: 'keys.name.ArrowUp', down: 'keys.name.ArrowDown',
  left: 'keys.name.ArrowLeft', right: 'keys.name.ArrowRight',
};
