/* Where a key sits on the keyboard (`event.code`) -> its HID usage (page 0x07). What is printed on it does not matter:
 * the target's own layout decides that, as with a real keyboard. */

/** @type {Map<string, number>} */
const usages = new Map();

/** @param {number} first @param {string} codes */
function run(first, codes) {
  codes.split(' ').forEach((code, i) => usages.set(code, first + i));
}

for (let i = 0; i < 26; i++) usages.set('Key' + String.fromCharCode(65 + i), 0x04 + i);
run(0x1e, 'Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0');
run(0x28, 'Enter Escape Backspace Tab Space Minus Equal BracketLeft BracketRight Backslash');
run(0x33, 'Semicolon Quote Backquote Comma Period Slash CapsLock');
run(0x3a, 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12');
run(0x46, 'PrintScreen ScrollLock Pause Insert Home PageUp Delete End PageDown');
run(0x4f, 'ArrowRight ArrowLeft ArrowDown ArrowUp');
run(0x53, 'NumLock NumpadDivide NumpadMultiply NumpadSubtract NumpadAdd NumpadEnter');
run(0x59, 'Numpad1 Numpad2 Numpad3 Numpad4 Numpad5 Numpad6 Numpad7 Numpad8 Numpad9 Numpad0 NumpadDecimal');
run(0x64, 'IntlBackslash ContextMenu');
usages.set('NumpadEqual', 0x67);
run(0x68, 'F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24');
usages.set('NumpadComma', 0x85);
run(0x87, 'IntlRo KanaMode IntlYen Convert NonConvert');
run(0x90, 'Lang1 Lang2 Lang3 Lang4 Lang5');
run(0xe0, 'ControlLeft ShiftLeft AltLeft MetaLeft ControlRight ShiftRight AltRight MetaRight');
usages.set('OSLeft', 0xe3); // Firefox's former names
usages.set('OSRight', 0xe7);

/** Keys of the consumer page (0x0C), as console and gateway write them (usbgadget/input.h). */
export const CONSUMER = 0x8000;
/** @type {Record<string, number>} */
export const MEDIA_KEYS = {
  AudioVolumeMute: CONSUMER | 0xe2, AudioVolumeUp: CONSUMER | 0xe9, AudioVolumeDown: CONSUMER | 0xea, MediaPlayPause: CONSUMER | 0xcd,
  MediaTrackNext: CONSUMER | 0xb5, MediaTrackPrevious: CONSUMER | 0xb6, MediaStop: CONSUMER | 0xb7, Power: CONSUMER | 0x30, Sleep: CONSUMER | 0x32,
};

/** @param {string} code @returns {number|undefined} media keys are none of these: on a keyboard they are this computer's */
export const usageOf = (code) => usages.get(code);

/** Where browsers tell no position (code ''), by what the key means on a US keyboard. @type {Map<string, string>} */
const byMeaning = new Map(Object.entries({
  Enter: 'Enter', Escape: 'Escape', Backspace: 'Backspace', Tab: 'Tab', ' ': 'Space', Delete: 'Delete', Insert: 'Insert', Home: 'Home', End: 'End',
  PageUp: 'PageUp', PageDown: 'PageDown', ArrowUp: 'ArrowUp', ArrowDown: 'ArrowDown', ArrowLeft: 'ArrowLeft', ArrowRight: 'ArrowRight',
  Shift: 'ShiftLeft', Control: 'ControlLeft', Alt: 'AltLeft', AltGraph: 'AltRight', Meta: 'MetaLeft', CapsLock: 'CapsLock', NumLock: 'NumLock',
  ScrollLock: 'ScrollLock', Pause: 'Pause', PrintScreen: 'PrintScreen', ContextMenu: 'ContextMenu',
  '-': 'Minus', _: 'Minus', '=': 'Equal', '+': 'Equal', '[': 'BracketLeft', '{': 'BracketLeft', ']': 'BracketRight', '}': 'BracketRight',
  '\\': 'Backslash', '|': 'Backslash', ';': 'Semicolon', ':': 'Semicolon', "'": 'Quote', '"': 'Quote', '`': 'Backquote', '~': 'Backquote',
  ',': 'Comma', '<': 'Comma', '.': 'Period', '>': 'Period', '/': 'Slash', '?': 'Slash',
  '!': 'Digit1', '@': 'Digit2', '#': 'Digit3', $: 'Digit4', '%': 'Digit5', '^': 'Digit6', '&': 'Digit7', '*': 'Digit8', '(': 'Digit9', ')': 'Digit0',
}));

/** @param {string} key `event.key` @returns {number|undefined} */
export function usageOfMeaning(key) {
  if (/^[a-z]$/i.test(key)) return usages.get('Key' + key.toUpperCase());
  if (/^\d$/.test(key)) return usages.get('Digit' + key);
  if (/^F([1-9]|1\d|2[0-4])$/.test(key)) return usages.get(key);
  return usages.get(byMeaning.get(key) ?? '');
}

/** @param {number} usage @returns {string|undefined} its position's name; the first one where there are two */
export const codeOf = (usage) => [...usages].find(([, other]) => other === usage)?.[0];

/** @param {number} usage */
export const isModifier = (usage) => usage >= 0xe0 && usage <= 0xe7;
