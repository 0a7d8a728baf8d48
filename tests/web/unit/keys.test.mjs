/* From the browser's key events to what the target is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHORDS, chordUsages } from '../../../html5-client/console/chords.js';
import { usageOf } from '../../../html5-client/console/keymap.js';
import { PressedKeys } from '../../../html5-client/console/pressed_keys.js';

function keys(system) {
  const sent = [];
  const pressed = new PressedKeys((usage, down) => sent.push((down ? '+' : '-') + usage.toString(16)), system);
  return { pressed, sent };
}
const none = { ctrlKey: false, shiftKey: false, altKey: false, metaKey: false };

test('positions have the usages of the HID tables', () => {
  const known = { KeyA: 0x04, KeyZ: 0x1d, Digit1: 0x1e, Digit0: 0x27, Enter: 0x28, Escape: 0x29, Space: 0x2c, Backslash: 0x31,
    Semicolon: 0x33, CapsLock: 0x39, F1: 0x3a, F12: 0x45, PrintScreen: 0x46, Delete: 0x4c, ArrowRight: 0x4f, ArrowUp: 0x52,
    NumLock: 0x53, NumpadEnter: 0x58, Numpad1: 0x59, Numpad0: 0x62, NumpadDecimal: 0x63, IntlBackslash: 0x64,
    ContextMenu: 0x65, F13: 0x68, F24: 0x73, IntlRo: 0x87, Lang2: 0x91, ControlLeft: 0xe0, MetaRight: 0xe7 };
  for (const [code, usage] of Object.entries(known)) assert.equal(usageOf(code), usage, code);
  assert.equal(usageOf(''), undefined);
  assert.equal(usageOf('BrightnessUp'), undefined);
});

test('a held key is told once: the target repeats by itself', () => {
  const { pressed, sent } = keys();
  pressed.press({ code: 'KeyA' });
  pressed.press({ code: 'KeyA', repeat: true });
  pressed.press({ code: 'KeyA' });
  pressed.release({ code: 'KeyA' });
  assert.deepEqual(sent, ['+4', '-4']);
  assert.equal(pressed.any, false);
});

test('a release without a press says nothing', () => {
  const { pressed, sent } = keys();
  pressed.release({ code: 'Tab' });
  assert.deepEqual(sent, []);
});

test('keys without a usage are left to the browser', () => {
  const { pressed } = keys();
  assert.equal(pressed.press({ code: 'AudioVolumeUp' }), false);
  assert.equal(pressed.release({ code: '' }), false);
});

test('AltGr on Windows does not press Control', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ControlLeft', timeStamp: 100 });
  pressed.press({ code: 'AltRight', timeStamp: 101 });
  pressed.press({ code: 'KeyQ', timeStamp: 200 });
  pressed.release({ code: 'KeyQ' });
  pressed.release({ code: 'ControlLeft' });
  pressed.release({ code: 'AltRight' });
  assert.deepEqual(sent, ['+e6', '+14', '-14', '-e6']);
});

test('Control on Windows arrives with the next key, before it', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ControlLeft', timeStamp: 100 });
  assert.equal(pressed.any, true);
  pressed.press({ code: 'KeyC', timeStamp: 101 });
  assert.deepEqual(sent, ['+e0', '+6']);
});

test('Control on Windows held alone arrives after the wait, tapped alone as a tap', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ControlLeft', timeStamp: 100 });
  pressed.flush();
  pressed.release({ code: 'ControlLeft' });
  pressed.press({ code: 'ControlLeft', timeStamp: 200 });
  pressed.release({ code: 'ControlLeft' });
  assert.deepEqual(sent, ['+e0', '-e0', '+e0', '-e0']);
});

test('right Alt long after Control is no AltGr', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ControlLeft', timeStamp: 100 });
  pressed.press({ code: 'AltRight', timeStamp: 400 });
  assert.deepEqual(sent, ['+e0', '+e6']);
});

test('macOS: Meta up releases what was pressed under it', () => {
  const { pressed, sent } = keys('mac');
  for (const code of ['MetaLeft', 'ShiftLeft', 'KeyZ']) pressed.press({ code });
  pressed.release({ code: 'MetaLeft' });
  assert.deepEqual(sent, ['+e3', '+e1', '+1d', '-1d', '-e3']);
});

test('macOS: each change of Caps Lock is a tap', () => {
  const { pressed, sent } = keys('mac');
  pressed.press({ code: 'CapsLock' });
  pressed.release({ code: 'CapsLock' });
  assert.deepEqual(sent, ['+39', '-39', '+39', '-39']);
});

test('a modifier whose release went elsewhere is released when an event shows it up', () => {
  const { pressed, sent } = keys();
  for (const code of ['ControlLeft', 'ShiftRight', 'AltLeft', 'MetaLeft', 'AltRight', 'KeyA']) pressed.press({ code });
  sent.length = 0;
  pressed.trustModifiers({ ...none, shiftKey: true });
  assert.deepEqual(sent, ['-e0', '-e2', '-e3']);
});

test('clear forgets silently', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'KeyA' });
  pressed.press({ code: 'ControlLeft', timeStamp: 1 });
  sent.length = 0;
  pressed.clear();
  assert.equal(pressed.any, false);
  pressed.release({ code: 'KeyA' });
  assert.deepEqual(sent, []);
});

test('every chord has a usage for each of its keys', () => {
  for (const chord of CHORDS) assert.equal(chordUsages(chord).length, chord.codes.length, chord.label);
  assert.deepEqual(chordUsages(CHORDS[0]), [0xe0, 0xe2, 0x4c]);
});
