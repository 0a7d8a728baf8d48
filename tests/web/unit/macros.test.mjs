/* Macros on the page, names of keys, and the keyboard on the screen as far as it knows no DOM. */
import { messagesOf } from './english.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ChordMemory } from '../../../html5-client/console/keys/chord_memory.js';
import { chordRows } from '../../../html5-client/console/keys/chord_menu.js';
import { KeyLegends, keyCap, keyName } from '../../../html5-client/console/keys/key_legends.js';
import { chordText, chordTitle, inOrder, KEY_NAMES, nameOfUsage, parseChord, usageOfName } from '../../../html5-client/console/keys/key_names.js';
import { smallBlocks, wideBlocks } from '../../../html5-client/console/keys/keyboard_geometry.js';
import { MEDIA_KEYS, usageOf } from '../../../html5-client/console/keys/keymap.js';
import { macroName, recordedSteps, stepWords, tidy } from '../../../html5-client/console/macros/macro_steps.js';
import { MODIFIERS, StickyKeys } from '../../../html5-client/console/keys/sticky_keys.js';
import { useMessages } from '../../../html5-client/parts/messages.js';

globalThis.localStorage ??= (() => {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, String(value)), removeItem: (key) => void kept.delete(key) };
})();

test('names of keys are the gateway’s own', () => {
  const source = readFileSync(new URL('../../../usbgadget/keynames.c', import.meta.url), 'utf8');
  const theirs = [...source.matchAll(/\{"((?:[^"\\]|\\.)+)", (INPUT_CONSUMER \| )?(0x[0-9A-F]+)\}/g)].map(([, name, consumer, usage]) => [name.replace('\\\\', '\\'), Number(usage) | (consumer ? 0x8000 : 0)]);
  assert.ok(theirs.length > 80);
  assert.deepEqual(new Map(KEY_NAMES), new Map(theirs));
});

test('chords are read and written', () => {
  assert.deepEqual(parseChord('Ctrl + Alt + F3'), [0xe0, 0xe2, 0x3c]);
  assert.deepEqual(parseChord('alt+sysrq+b'), [0xe2, 0x46, 0x05]);
  for (const bad of ['', 'ctrl+', 'hyper', 'f25', 'f0', 'a+b+c+d+e+f+g+h+i']) assert.equal(parseChord(bad), null, bad);
  for (let usage = 1; usage < 0xe8; usage++) {
    const name = nameOfUsage(usage);
    if (name) assert.equal(usageOfName(name), usage, name);
  }
  assert.equal(chordText(inOrder([0x06, 0xe0])), 'ctrl+c');
  assert.equal(chordText([0xe0, 0x7f]), '', 'a key without a name makes no chord');
});

test('chords are named as they stand on the reader’s keys', () => {
  const named = { en: 'Ctrl+Alt+Del Ctrl+Alt+Shift+Enter', de: 'Strg+Alt+Entf Strg+Alt+Umschalt+Eingabe', fr: 'Ctrl+Alt+Suppr Ctrl+Alt+Maj+Entrée', es: 'Ctrl+Alt+Supr Ctrl+Alt+Mayús+Intro' };
  for (const [language, words] of Object.entries(named)) {
    useMessages(language, messagesOf(language));
    assert.equal(`${chordTitle('ctrl+alt+delete')} ${chordTitle('ctrl+alt+shift+enter')}`, words);
  }
  useMessages('en', messagesOf('en'));
});

test('what is used most on a target comes first, one’s own next, and a search finds by key and by word', () => {
  const memory = new ChordMemory('pc');
  for (let i = 0; i < 3; i++) memory.used('ctrl+alt+f3');
  memory.used('meta');
  memory.add('ctrl+shift+k');
  const rows = chordRows(memory, '');
  assert.deepEqual(rows.slice(0, 3).map(({ text, group }) => `${group} ${text}`), ['used ctrl+alt+f3', 'used meta', 'own ctrl+shift+k']);
  assert.deepEqual(chordRows(new ChordMemory('other'), '').some(({ group }) => group === 'used'), false);
  assert.deepEqual(chordRows(memory, 'sync').map(({ text }) => text), ['alt+printscreen+s']);
  assert.ok(chordRows(memory, 'ctrl f3').some(({ text }) => text === 'ctrl+alt+f3'));
  memory.remove('ctrl+shift+k');
  assert.deepEqual(memory.own, []);
  localStorage.setItem('lightsout.chords', '{"pc":{"used":{"hyper":3},"own":[7,"hyper"]}}');
  assert.deepEqual([memory.mostUsed(9), memory.own], [[], []], 'what is no chord is left out');
});

test('a modifier sticks for one key, tapped twice until it is tapped again', () => {
  const sent = [];
  const sticky = new StickyKeys((code, down) => sent.push((down ? '+' : '-') + code));
  sticky.tap('ShiftLeft');
  sticky.used();
  sticky.tap('ControlLeft');
  sticky.tap('ControlLeft');
  sticky.tap('AltLeft');
  sticky.used();
  assert.equal(sticky.state('ControlLeft'), 'locked');
  sticky.tap('ControlLeft');
  assert.deepEqual(sent, ['+ShiftLeft', '-ShiftLeft', '+ControlLeft', '+AltLeft', '-AltLeft', '-ControlLeft']);
  sticky.tap('MetaLeft');
  sticky.clear();
  assert.equal(sticky.state('MetaLeft'), 'off');
});

for (const kind of ['ansi', 'iso', 'jis', 'abnt']) {
  for (const [size, blocks] of [['wide', wideBlocks(kind)], ['small', smallBlocks(kind)]]) {
    test(`${kind}, ${size}: every key has a usage, a name and a place of its own`, () => {
      const codes = new Set();
      for (const { width, height, keys } of blocks) {
        const taken = new Set();
        for (const { code, x, y, w, h } of keys) {
          assert.ok(usageOf(code) ?? MEDIA_KEYS[code], code);
          assert.ok(keyName(code) && !keyName(code).startsWith('keys.'), `${code} has a name`);
          assert.ok(x + w <= width && y + h <= height, `${code} is inside`);
          for (let row = y; row < y + h; row++)
            for (let column = x; column < x + w; column++) {
              assert.ok(!taken.has(`${row} ${column}`), `${code} has its place alone`);
              taken.add(`${row} ${column}`);
            }
          codes.add(code);
        }
      }
      const everywhere = 'Escape Tab CapsLock ShiftLeft ControlLeft MetaLeft AltLeft Space Enter Backspace F1 F12 Delete ArrowUp NumLock Numpad5 NumpadEnter PrintScreen Slash Digit0 KeyM';
      for (const code of everywhere.split(' ')) assert.ok(codes.has(code), code);
      assert.equal(codes.has('IntlBackslash'), ['iso', 'abnt'].includes(kind));
      assert.equal(codes.has('IntlRo'), ['jis', 'abnt'].includes(kind));
      assert.equal(codes.has('IntlYen'), kind === 'jis');
      assert.ok(MODIFIERS.some((code) => codes.has(code)));
    });
  }
}

test('keys show the characters of the target’s layout, letters once', () => {
  const german = new KeyLegends({ name: 'de', title: 'German', kind: 'iso', level3: 0xe6, keys: [
    { usage: 0x14, levels: ['q', 'Q', '@'] },
    { usage: 0x2e, levels: [{ dead: '´' }, { dead: '`' }] },
    { usage: 0x1f, levels: ['2', '"', '²'] },
    { usage: 0x2c, levels: [' '] },
  ] });
  assert.deepEqual(german.of('KeyQ'), { base: 'Q', shift: '', third: '@' });
  assert.deepEqual(german.of('Equal'), { base: '´', shift: '`', third: '' });
  assert.deepEqual(german.of('Digit2'), { base: '2', shift: '"', third: '²' });
  assert.equal(german.of('Space'), null);
  assert.equal(german.of('KeyZ'), null, 'what this layout does not know is not taken from another');
  assert.deepEqual(new KeyLegends(null).of('Digit2'), { base: '2', shift: '@', third: '' });
  assert.equal(keyCap('ShiftLeft'), '⇧');
});

test('a recording becomes chords, clicks and pauses', () => {
  const key = (at, usage, down) => ({ at, usage, down });
  const at = (when, buttons, x = 100, y = 200, wheel = 0) => ({ at: when, buttons, x, y, wheel });
  const seen = [
    key(0, 0xe0, true), key(50, 0xe2, true), key(90, 0x3c, true), key(150, 0x3c, false), key(160, 0xe2, false), key(170, 0xe0, false),
    at(1000, 0), at(1170, 1), at(1250, 0), at(1400, 1), at(1450, 0),
    at(3000, 1, 500, 500), at(3100, 1, 9000, 500), at(3110, 1, 9100, 500), at(3200, 0, 9200, 500),
    at(3300, 0, 9200, 500, -2),
    key(3400, 0x04, true), key(3450, 0x04, false),
  ];
  assert.deepEqual(recordedSteps(seen, false), [
    { do: 'chord', keys: 'ctrl+alt+f3' },
    { do: 'click', x: 100, y: 200, button: 'left', times: 2 },
    { do: 'button', x: 500, y: 500, button: 'left', down: true },
    { do: 'move', x: 9000, y: 500 },
    { do: 'button', x: 9200, y: 500, button: 'left', down: false },
    { do: 'wheel', x: 9200, y: 500, wheel: -2 },
    { do: 'chord', keys: 'a' },
  ]);
  assert.deepEqual(recordedSteps(seen, true).filter((step) => step.do === 'pause'), [{ do: 'pause', ms: 1000 }, { do: 'pause', ms: 1550 }]);
});

test('keys that overlap stay as they were pressed', () => {
  const press = (keys) => ({ do: 'press', keys });
  const release = (keys) => ({ do: 'release', keys });
  const rolled = [press('a'), press('b'), release('a'), press('c'), release('b'), release('c')];
  assert.deepEqual(tidy(rolled), [press('a'), { ...press('b') }, release('a'), press('c'), release('b'), release('c')]);
  assert.deepEqual(tidy([press('shift'), press('a'), release('a'), press('b'), release('b'), release('shift')]), [
    press('shift'), { do: 'chord', keys: 'a' }, { do: 'chord', keys: 'b' }, release('shift'),
  ]);
});

test('words about steps never show a text, and names fit the gateway', () => {
  assert.equal(stepWords({ do: 'text', text: 'secret' }), '6 characters');
  assert.equal(stepWords({ do: 'click', x: 16384, y: 0 }), 'left at 50 %, 0 %');
  assert.equal(macroName('Ins BIOS (Über F2)!', []), 'ins-bios-u-ber-f2');
  assert.equal(macroName('重启', ['macro']), 'macro-2');
  assert.equal(macroName('x'.repeat(80), []).length, 36);
});
