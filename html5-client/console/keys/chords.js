/* Key combinations that browsers and operating systems keep for themselves, offered as buttons instead. */

import { CONSUMER } from './keymap.js';

/**
 * What it does, where it has a name, is a message. danger: asks first.
 * @typedef {{text: string, group: ChordGroup, words?: string, danger?: boolean}} Chord
 */
/** @typedef {'common'|'windows'|'linux'|'sysrq'|'media'} ChordGroup */

/** @param {ChordGroup} group @param {string} text @param {string} [words] @param {boolean} [danger] @returns {Chord} */
const chord = (group, text, words, danger) => ({ text, group, words, danger });

/** @param {string} letter @param {string} words @param {boolean} [danger] */
const sysrq = (letter, words, danger) => chord('sysrq', `alt+printscreen+${letter}`, `keys.sysrq-${words}`, danger);

/** The first is the one with a button of its own. @type {Chord[]} */
export const CHORDS = [
  chord('common', 'ctrl+alt+delete'),
  chord('common', 'alt+tab'),
  chord('common', 'alt+f4'),
  chord('common', 'ctrl+w'),
  chord('common', 'ctrl+t'),
  chord('common', 'meta', 'keys.chord-super'),
  chord('common', 'printscreen'),
  chord('common', 'pause'),
  chord('common', 'menu'),
  chord('common', 'escape'),
  chord('common', 'f11'),
  chord('common', 'f12'),
  chord('windows', 'ctrl+shift+escape', 'keys.chord-tasks'),
  chord('windows', 'meta+l', 'keys.chord-lock'),
  chord('windows', 'meta+r', 'keys.chord-run'),
  chord('windows', 'meta+e', 'keys.chord-files'),
  chord('windows', 'meta+d', 'keys.chord-desktop'),
  chord('windows', 'meta+x', 'keys.chord-admin'),
  chord('windows', 'meta+p', 'keys.chord-screens'),
  chord('windows', 'meta+ctrl+shift+b', 'keys.chord-graphics'),
  ...[1, 2, 3, 4, 5, 6, 7].map((n) => chord('linux', `ctrl+alt+f${n}`, 'keys.chord-console')),
  chord('linux', 'ctrl+alt+backspace', 'keys.chord-x'),
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
  ...['mute', 'volumedown', 'volumeup', 'playpause', 'nexttrack', 'previoustrack', 'sleep'].map((name) => chord('media', name, `keys.media-${name}`, name === 'sleep')),
];

/** It is of keys that only some targets have. @param {number[]} usages */
export const isMedia = (usages) => usages.some((usage) => usage >= CONSUMER);
