/* Key combinations that browsers and operating systems keep for themselves, offered as buttons instead. */

import { usageOf } from './keymap.js';

/** @typedef {{label: string, codes: string[]}} Chord */

/** @param {string} label @param {string} codes @returns {Chord} */
const chord = (label, codes) => ({ label, codes: codes.split(' ') });

/** @type {Chord[]} */
export const CHORDS = [
  chord('Ctrl+Alt+Del', 'ControlLeft AltLeft Delete'),
  chord('Alt+Tab', 'AltLeft Tab'),
  chord('Alt+F4', 'AltLeft F4'),
  chord('Ctrl+W', 'ControlLeft KeyW'),
  chord('Ctrl+T', 'ControlLeft KeyT'),
  chord('Ctrl+Shift+Esc', 'ControlLeft ShiftLeft Escape'),
  chord('Windows / Super', 'MetaLeft'),
  chord('Super+L', 'MetaLeft KeyL'),
  chord('Print Screen', 'PrintScreen'),
  chord('Pause', 'Pause'),
  chord('Menu', 'ContextMenu'),
  chord('Esc', 'Escape'),
  chord('F11', 'F11'),
  chord('F12', 'F12'),
  chord('Ctrl+Alt+F1', 'ControlLeft AltLeft F1'),
  chord('Ctrl+Alt+F2', 'ControlLeft AltLeft F2'),
  chord('Ctrl+Alt+F7', 'ControlLeft AltLeft F7'),
  chord('Ctrl+Alt+Backspace', 'ControlLeft AltLeft Backspace'),
];

/** @param {Chord} chord @returns {number[]} */
export const chordUsages = ({ codes }) => codes.map((code) => usageOf(code) ?? 0).filter(Boolean);
