/* Key combinations that browsers and operating systems keep for themselves, offered as buttons instead. */

import { CONSUMER, usageOf } from './keymap.js';
import { chordTitle, parseChord } from './key_names.js';

/**
 * label: as on the keys; what it does, where it has a name, is a message. danger: asks first.
 * @typedef {{label: string, text: string, codes: string[], group: ChordGroup, words?: string, danger?: boolean}} Chord
 */
/** @typedef {'common'|'windows'|'linux'|'sysrq'|'media'} ChordGroup */

/** @param {ChordGroup} group @param {string} text @param {string} codes @param {string} [words] @param {boolean} [danger] @returns {Chord} */
const chord = (group, text, codes, words, danger) => ({ label: chordTitle(text), text, codes: codes.split(' '), group, words, danger });

/** @param {string} letter @param {string} words @param {boolean} [danger] */
const sysrq = (letter, words, danger) => chord('sysrq', `alt+printscreen+${letter}`, `AltLeft PrintScreen Key${letter.toUpperCase()}`, `keys.sysrq-${words}`, danger);

/** The first is the one with a button of its own. @type {Chord[]} */
export const CHORDS = [
  chord('common', 'ctrl+alt+delete', 'ControlLeft AltLeft Delete'),
  chord('common', 'alt+tab', 'AltLeft Tab'),
  chord('common', 'alt+f4', 'AltLeft F4'),
  chord('common', 'ctrl+w', 'ControlLeft KeyW'),
  chord('common', 'ctrl+t', 'ControlLeft KeyT'),
  chord('common', 'meta', 'MetaLeft', 'keys.chord-super'),
  chord('common', 'printscreen', 'PrintScreen'),
  chord('common', 'pause', 'Pause'),
  chord('common', 'menu', 'ContextMenu'),
  chord('common', 'escape', 'Escape'),
  chord('common', 'f11', 'F11'),
  chord('common', 'f12', 'F12'),
  chord('windows', 'ctrl+shift+escape', 'ControlLeft ShiftLeft Escape', 'keys.chord-tasks'),
  chord('windows', 'meta+l', 'MetaLeft KeyL', 'keys.chord-lock'),
  chord('windows', 'meta+r', 'MetaLeft KeyR', 'keys.chord-run'),
  chord('windows', 'meta+e', 'MetaLeft KeyE', 'keys.chord-files'),
  chord('windows', 'meta+d', 'MetaLeft KeyD', 'keys.chord-desktop'),
  chord('windows', 'meta+x', 'MetaLeft KeyX', 'keys.chord-admin'),
  chord('windows', 'meta+p', 'MetaLeft KeyP', 'keys.chord-screens'),
  chord('windows', 'meta+ctrl+shift+b', 'MetaLeft ControlLeft ShiftLeft KeyB', 'keys.chord-graphics'),
  ...[1, 2, 3, 4, 5, 6, 7].map((n) => chord('linux', `ctrl+alt+f${n}`, `ControlLeft AltLeft F${n}`, 'keys.chord-console')),
  chord('linux', 'ctrl+alt+backspace', 'ControlLeft AltLeft Backspace', 'keys.chord-x'),
  sysrq('h', 'help'),
  sysrq('r', 'raw'),
  sysrq('e', 'terminate', true),
  sysrq('i', 'kill', true),
  sysrq('s', 'sync'),
  sysrq('u', 'read-only', true),
  sysrq('b', 'reboot', true),
  sysrq('o', 'off', true),
  sysrq('c', 'crash', true),
  sysrq('f', 'memory', true),
  sysrq('w', 'blocked'),
  sysrq('t', 'tasks'),
  ...['mute', 'volumedown', 'volumeup', 'playpause', 'nexttrack', 'previoustrack', 'sleep'].map((name) => chord('media', name, '', `keys.media-${name}`, name === 'sleep')),
];

/** @param {Chord} chord @returns {number[]} */
export const chordUsages = ({ codes, text }) => {
  const usages = codes.map((code) => usageOf(code) ?? 0).filter(Boolean);
  return usages.length === codes.length ? usages : (parseChord(text) ?? []);
};

/** It is of keys that only some targets have. @param {number[]} usages */
export const isMedia = (usages) => usages.some((usage) => usage >= CONSUMER);
