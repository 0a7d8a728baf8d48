/* From the browser's key events to what the target is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHORDS } from '../../../html5-client/console/keys/chords.js';
import { parseChord } from '../../../html5-client/console/keys/key_names.js';
import { HeldKeys } from '../../../html5-client/console/keys/held_keys.js';
import { codeOf, usageOf, usageOfMeaning } from '../../../html5-client/console/keys/keymap.js';
import { LEAVE_KEYS, LeaveKey } from '../../../html5-client/console/keys/leave_key.js';
import { LockSync, SETTLE_MS } from '../../../html5-client/console/keys/lock_sync.js';
import { PressedKeys } from '../../../html5-client/console/keys/pressed_keys.js';

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

test('tapped: down and up at once, again with each repeat; modifiers are held, and what was tapped is told up only once', () => {
  const { pressed, sent } = keys('windows');
  pressed.taps = true;
  pressed.press({ code: 'ShiftLeft' });
  pressed.press({ code: 'ShiftLeft', repeat: true });
  pressed.press({ code: 'KeyA' });
  pressed.press({ code: 'KeyA', repeat: true });
  pressed.press({ code: 'KeyB', repeat: true }); // pressed elsewhere
  pressed.release({ code: 'KeyA' });
  pressed.press({ code: 'PrintScreen' });
  pressed.release({ code: 'PrintScreen' });
  pressed.release({ code: 'ShiftLeft' });
  pressed.flush();
  assert.equal(sent.join(' '), '+e1 +4 -4 +4 -4 +46 -46 -e1');
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
  for (const { text } of CHORDS) assert.equal(parseChord(text)?.length, text.split('+').length, text);
  assert.deepEqual(parseChord(CHORDS[0].text), [0xe0, 0xe2, 0x4c]);
});

test('AltGr that is held and repeats on Windows presses no Control, flagged as a repeat or not', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ControlLeft', timeStamp: 100 });
  pressed.press({ code: 'AltRight', timeStamp: 100 });
  for (const repeat of [true, false]) {
    pressed.press({ code: 'ControlLeft', timeStamp: 600, repeat });
    pressed.press({ code: 'AltRight', timeStamp: 600, repeat: true });
    pressed.flush();
  }
  assert.deepEqual(sent, ['+e6']);
});

test('a real Control beside AltGr on Windows is pressed, before it and while it is held', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ControlLeft', timeStamp: 100 });
  pressed.flush();
  pressed.press({ code: 'ControlLeft', timeStamp: 500, repeat: true });
  pressed.press({ code: 'AltRight', timeStamp: 500 });
  assert.deepEqual(sent, ['+e0', '+e6']);
  pressed.release({ code: 'ControlLeft', timeStamp: 700 });
  pressed.press({ code: 'ControlLeft', timeStamp: 900 });
  pressed.press({ code: 'KeyQ', timeStamp: 950 });
  assert.deepEqual(sent.slice(2), ['-e0', '+e0', '+14']);
});

test('Control and Alt of an AltGr are not trusted', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ControlLeft', timeStamp: 1 });
  pressed.flush();
  pressed.press({ code: 'AltRight', timeStamp: 300 });
  pressed.press({ code: 'KeyQ', timeStamp: 400, ...none, getModifierState: (name) => name === 'AltGraph' });
  assert.deepEqual(sent, ['+e0', '+e6', '+14']);
});

test('a key tells how the modifiers stand: one whose release was lost goes up first', () => {
  const { pressed, sent } = keys();
  pressed.press({ code: 'MetaLeft' });
  pressed.press({ code: 'ShiftLeft' });
  pressed.press({ code: 'KeyL', ...none, shiftKey: true });
  assert.deepEqual(sent, ['+e3', '+e1', '-e3', '+f']);
});

test('macOS: a key pressed again under Meta is pressed again', () => {
  const { pressed, sent } = keys('mac');
  for (const code of ['MetaLeft', 'KeyV', 'KeyV']) pressed.press({ code });
  pressed.release({ code: 'MetaLeft' });
  assert.deepEqual(sent, ['+e3', '+19', '-19', '+19', '-19', '-e3']);
});

test('macOS: a browser that tells both halves of Caps Lock taps it once', () => {
  const { pressed, sent } = keys('mac');
  const lock = (on) => ({ code: 'CapsLock', getModifierState: () => on });
  pressed.press(lock(true));
  pressed.release(lock(true));
  pressed.press(lock(false));
  pressed.release(lock(false));
  assert.deepEqual(sent, ['+39', '-39', '+39', '-39']);
});

test('Windows: Print Screen whose release alone is told is tapped, once', () => {
  const { pressed, sent } = keys('windows');
  pressed.release({ code: 'PrintScreen' });
  pressed.press({ code: 'Pause' });
  pressed.release({ code: 'Pause' });
  assert.deepEqual(sent, ['+46', '-46', '+48', '-48']);
  assert.equal(pressed.any, false);
});

test('Windows: Shift stays down for the number pad, whose events pretend that it is not', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ShiftLeft', timeStamp: 100 });
  pressed.release({ code: 'ShiftLeft', timeStamp: 200 });
  pressed.press({ code: 'Numpad7', key: 'Home', timeStamp: 200, ...none });
  pressed.release({ code: 'Numpad7', key: 'Home', timeStamp: 250 });
  pressed.press({ code: 'ShiftLeft', timeStamp: 250 });
  pressed.release({ code: 'ShiftLeft', timeStamp: 300 });
  assert.equal(pressed.wait > 0, true);
  pressed.flush();
  assert.deepEqual(sent, ['+e1', '+5f', '-5f', '-e1']);
});

test('Windows: Shift let go before a letter is up before it', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'ShiftLeft', timeStamp: 100 });
  pressed.press({ code: 'KeyA', timeStamp: 120 });
  pressed.release({ code: 'ShiftLeft', timeStamp: 140 });
  pressed.release({ code: 'KeyA', timeStamp: 141 });
  pressed.press({ code: 'KeyB', timeStamp: 142 });
  assert.deepEqual(sent, ['+e1', '+4', '-e1', '-4', '+5']);
});

test('switches of Japanese and Korean keyboards, whose release is not told, are tapped', () => {
  const { pressed, sent } = keys('windows');
  pressed.press({ code: 'KanaMode', key: 'KanaMode' });
  pressed.press({ code: 'Lang1', key: 'HangulMode' });
  pressed.press({ code: 'Backquote', key: 'Zenkaku' });
  pressed.release({ code: 'Backquote', key: 'Zenkaku' });
  for (const code of ['IntlRo', 'IntlYen', 'Convert', 'NonConvert', 'IntlBackslash']) {
    pressed.press({ code });
    pressed.release({ code });
  }
  assert.equal(pressed.any, false);
  assert.deepEqual(sent, ['+88', '-88', '+90', '-90', '+35', '-35', '+87', '-87', '+89', '-89', '+8a', '-8a', '+8b', '-8b', '+64', '-64']);
});

test('events without a position go by what the key means; what has none is left alone', () => {
  const { pressed, sent } = keys();
  assert.equal(pressed.press({ code: '', key: 'Enter' }), true);
  pressed.release({ code: '', key: 'Enter' });
  pressed.press({ code: '', key: 'A' });
  pressed.release({ code: '', key: 'a' });
  for (const key of ['Dead', 'Process', 'Unidentified', 'é', '']) assert.equal(pressed.press({ code: '', key }), false, key);
  assert.deepEqual(sent, ['+28', '-28', '+4', '-4']);
  assert.equal(pressed.press({ code: 'BracketLeft', key: 'Dead' }), true, 'a dead key has its position');
  assert.equal(pressed.press({ code: 'KeyK', key: 'Process' }), true, 'and so has one that an input method looks at');
  assert.equal(usageOfMeaning('F12'), 0x45);
  assert.equal(usageOfMeaning('?'), 0x38);
});

test('Firefox’s former names of the system key', () => {
  const { pressed, sent } = keys();
  pressed.press({ code: 'OSLeft' });
  pressed.release({ code: 'MetaLeft' });
  assert.deepEqual(sent, ['+e3', '-e3']);
});

test('the keys beside 1 and beside Shift change places where somebody says so', () => {
  const { pressed, sent } = keys('mac');
  pressed.swapped = true;
  for (const code of ['Backquote', 'IntlBackslash']) {
    pressed.press({ code });
    pressed.release({ code });
  }
  assert.deepEqual(sent, ['+64', '-64', '+35', '-35']);
});

test('positions and usages lead to each other', () => {
  for (const code of ['KeyQ', 'Numpad0', 'MetaLeft', 'F24']) assert.equal(codeOf(usageOf(code) ?? 0), code);
});

test('a key stays down until the last of those who hold it lets go', () => {
  const sent = [];
  const held = new HeldKeys((usage, down) => sent.push((down ? '+' : '-') + usage.toString(16)));
  held.set('keyboard', 0xe1, true);
  held.set('screen', 0xe1, true);
  held.set('screen', 0xe1, true);
  held.set('screen', 0x04, true);
  held.set('keyboard', 0xe1, false);
  held.set('keyboard', 0xe1, false);
  assert.deepEqual(sent, ['+e1', '+4']);
  held.release('screen');
  assert.deepEqual(sent, ['+e1', '+4', '-4', '-e1']);
  assert.equal(held.any, false);
  let told = 0;
  const gone = new AbortController();
  held.onClear(() => told++);
  held.onClear(() => told++, gone.signal);
  held.onChange(() => told++, gone.signal);
  gone.abort();
  held.set('chord 1', 0x05, true);
  held.clear();
  held.release('chord 1');
  assert.equal(told, 1);
  assert.equal(sent.length, 5, 'what was released by one message is not released again');
});

test('one key tapped alone leads out; with another one it is an ordinary key', () => {
  const leave = new LeaveKey();
  leave.choose('ControlRight');
  assert.equal(leave.pressed(0xe4, 0, false), 'hold');
  assert.equal(leave.pressed(0xe4, 500, true), 'hold');
  assert.equal(leave.released(0xe4), true);
  assert.equal(leave.pressed(0xe4, 1000, false), 'hold');
  assert.equal(leave.pressed(0x06, 1010, false), 'with');
  assert.equal(leave.pressed(0x06, 1500, true), 'send');
  assert.equal(leave.released(0xe4), false);
  leave.choose('none');
  assert.equal(leave.pressed(0xe4, 0, false), 'send');
  assert.equal(leave.released(0xe4), false);
  for (const key of LEAVE_KEYS) assert.ok(key === 'escape3' || usageOf(key), key);
});

test('Escape three times in a row leads out, with others between it does not', () => {
  const leave = new LeaveKey();
  leave.choose('escape3');
  assert.deepEqual([0, 300, 600].map((at) => leave.pressed(0x29, at, false)), ['send', 'send', 'leave']);
  assert.deepEqual([0, 300].map((at) => leave.pressed(0x29, at, false)), ['send', 'send']);
  assert.equal(leave.pressed(0x04, 400, false), 'send');
  assert.equal(leave.pressed(0x29, 500, false), 'send');
  assert.equal(leave.pressed(0x29, 1900, false), 'send');
  assert.equal(leave.pressed(0x29, 2100, false), 'send', 'not too slowly');
});

test('lock keys are compared only where the target tells them, and not while a key is on its way', () => {
  const state = { CapsLock: true, NumLock: true, ScrollLock: false };
  const event = (code) => ({ code, getModifierState: (name) => state[name] });
  const sync = new LockSync('other');
  sync.seen(event('KeyA'), 0);
  assert.deepEqual(sync.differing(5000), [], 'the target has not said anything');
  sync.told({ caps: false, num: false, scroll: false });
  assert.deepEqual(sync.differing(5000), [], 'it may have no lamps at all');
  sync.told({ caps: true, num: true, scroll: false });
  assert.deepEqual(sync.differing(5000), []);
  sync.told({ caps: false, num: true, scroll: false });
  assert.deepEqual(sync.differing(5000), ['caps']);
  sync.seen(event('CapsLock'), 6000);
  assert.deepEqual(sync.differing(6000 + SETTLE_MS - 1), []);
  assert.deepEqual(sync.differing(6000 + SETTLE_MS), ['caps']);
  sync.forget();
  assert.deepEqual(sync.differing(9000), []);
  assert.deepEqual(new LockSync('mac').known, ['caps']);
});
