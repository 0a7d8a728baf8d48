/* Where the keys of a keyboard are: blocks of keys with place and size in quarters of a key's width. Pure. */

/**
 * @typedef {object} Key
 * @property {string} code `event.code`, or a name of keymap.js' MEDIA_KEYS
 * @property {number} x quarters of a key, from the block's left edge
 * @property {number} y rows
 * @property {number} w quarters
 * @property {number} h rows
 */
/** width: quarters; height: rows. @typedef {{name: string, width: number, height: number, keys: Key[]}} Block */
/** abnt: ISO with the key beside the right Shift that Brazilian keyboards have. @typedef {'ansi'|'iso'|'jis'|'abnt'} Kind */

/** A row: codes with their widths where these are not 4; '+N' leaves a gap. @param {number} y @param {string} words @returns {Key[]} */
function row(y, words) {
  /** @type {Key[]} */
  const keys = [];
  let x = 0;
  for (const word of words.split(' ')) {
    const [code, width = '4', height = '1'] = word.split(':');
    if (code.startsWith('+')) x += Number(code.slice(1));
    else {
      keys.push({ code, x, y, w: Number(width), h: Number(height) });
      x += Number(width);
    }
  }
  return keys;
}

const DIGITS = 'Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0';
const UPPER = 'KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP';
const HOME = 'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL';
const LOWER = 'KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash';
const FUNCTIONS = 'Escape +4 F1 F2 F3 F4 +2 F5 F6 F7 F8 +2 F9 F10 F11 F12';
const WESTERN_FOOT = 'ControlLeft:5 MetaLeft:5 AltLeft:5 Space:25 AltRight:5 MetaRight:5 ContextMenu:5 ControlRight:5';

/** @typedef {{ansi: string[], iso: string[], jis: string[]}} Rows */

/** @type {Rows} */
const MAIN = {
  ansi: [
    FUNCTIONS,
    `Backquote ${DIGITS} Minus Equal Backspace:8`,
    `Tab:6 ${UPPER} BracketLeft BracketRight Backslash:6`,
    `CapsLock:7 ${HOME} Semicolon Quote Enter:9`,
    `ShiftLeft:9 ${LOWER} ShiftRight:11`,
    WESTERN_FOOT,
  ],
  iso: [
    FUNCTIONS,
    `Backquote ${DIGITS} Minus Equal Backspace:8`,
    `Tab:6 ${UPPER} BracketLeft BracketRight +1 Enter:5:2`,
    `CapsLock:7 ${HOME} Semicolon Quote Backslash`,
    `ShiftLeft:5 IntlBackslash ${LOWER} ShiftRight:11`,
    WESTERN_FOOT,
  ],
  jis: [
    FUNCTIONS,
    `Backquote ${DIGITS} Minus Equal IntlYen Backspace:4`,
    `Tab:6 ${UPPER} BracketLeft BracketRight +1 Enter:5:2`,
    `CapsLock:7 ${HOME} Semicolon Quote Backslash`,
    `ShiftLeft:9 ${LOWER} IntlRo ShiftRight:7`,
    'ControlLeft:5 MetaLeft AltLeft NonConvert:5 Space:15 Convert:5 KanaMode:5 AltRight MetaRight ContextMenu ControlRight:5',
  ],
};

/** Twelve keys in a row, for phones. What stands elsewhere is on the other pages. @type {Rows} */
const SMALL = {
  ansi: [
    `${DIGITS} Minus Equal`,
    `${UPPER} BracketLeft BracketRight`,
    `${HOME} Semicolon Quote Backslash`,
    `ShiftLeft ${LOWER} Backspace`,
    'ControlLeft:5 MetaLeft:5 AltLeft:5 Backquote Space:15 AltRight:6 Enter:8',
  ],
  iso: [
    `${DIGITS} Minus Equal`,
    `${UPPER} BracketLeft BracketRight`,
    `${HOME} Semicolon Quote Backslash`,
    `ShiftLeft ${LOWER} Backspace`,
    'ControlLeft:5 MetaLeft AltLeft:5 Backquote IntlBackslash Space:12 AltRight:6 Enter:8',
  ],
  jis: [
    `${DIGITS} Minus Equal`,
    `${UPPER} BracketLeft BracketRight`,
    `${HOME} Semicolon Quote Backslash`,
    `ShiftLeft ${LOWER} Backspace`,
    'ControlLeft MetaLeft AltLeft Backquote IntlYen IntlRo NonConvert Space:6 Convert KanaMode Enter:6',
  ],
};

const NAVIGATION = [
  'PrintScreen ScrollLock Pause',
  'Insert Home PageUp',
  'Delete End PageDown',
  '',
  '+4 ArrowUp',
  'ArrowLeft ArrowDown ArrowRight',
];
const PAD = [
  'AudioVolumeMute AudioVolumeDown AudioVolumeUp MediaPlayPause',
  'NumLock NumpadDivide NumpadMultiply NumpadSubtract',
  'Numpad7 Numpad8 Numpad9 NumpadAdd:4:2',
  'Numpad4 Numpad5 Numpad6',
  'Numpad1 Numpad2 Numpad3 NumpadEnter:4:2',
  'Numpad0:8 NumpadDecimal',
];
const SMALL_FUNCTIONS = [
  'Escape:8 F1:8 F2:8 F3:8 F4:8 F5:8',
  'Tab:8 F6:8 F7:8 F8:8 F9:8 F10:8',
  'CapsLock:8 F11:8 F12:8 Insert:8 Home:8 PageUp:8',
  'PrintScreen:8 ScrollLock:8 Pause:8 Delete:8 End:8 PageDown:8',
  'ContextMenu:8 ArrowLeft:8 ArrowUp:8 ArrowDown:8 ArrowRight:8 Enter:8',
];
const SMALL_PAD = [
  'NumLock:8 +1 Numpad7:8 Numpad8:8 Numpad9:8 NumpadDivide:7 AudioVolumeUp:8',
  'ScrollLock:8 +1 Numpad4:8 Numpad5:8 Numpad6:8 NumpadMultiply:7 AudioVolumeDown:8',
  'ShiftRight:8 +1 Numpad1:8 Numpad2:8 Numpad3:8 NumpadSubtract:7 AudioVolumeMute:8',
  'ControlRight:8 +1 Numpad0:16 NumpadDecimal:8 NumpadAdd:7 MediaPlayPause:8',
  'MetaRight:8 +1 F13:8 F14:8 F15:8 NumpadEnter:7 Sleep:8',
];

/** @param {string} name @param {number} width @param {string[]} rows @returns {Block} */
const block = (name, width, rows) => ({ name, width, height: rows.length, keys: rows.flatMap((words, y) => (words ? row(y, words) : [])) });

/** @param {Rows} all @param {Kind} kind */
const rowsOf = (all, kind) => (kind === 'abnt' ? all.iso.map((words) => words.replace('ShiftRight:11', 'IntlRo ShiftRight:7').replace('Space:12', 'IntlRo Space:8')) : all[kind]);

/** Side by side, for a wide screen. @param {Kind} kind @returns {Block[]} */
export const wideBlocks = (kind) => [block('main', 60, rowsOf(MAIN, kind)), block('navigation', 12, NAVIGATION), block('pad', 16, PAD)];

/** One at a time, for a narrow one. @param {Kind} kind @returns {Block[]} */
export const smallBlocks = (kind) => [block('main', 48, rowsOf(SMALL, kind)), block('navigation', 48, SMALL_FUNCTIONS), block('pad', 48, SMALL_PAD)];
