/* The phone's keyboard: characters to strokes by the layout, texts that change under its hands, and the row of modifiers. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CharStrokes } from '../../../html5-client/console/char_strokes.js';
import { HeldKeys } from '../../../html5-client/console/held_keys.js';
import { PADDING, SoftText } from '../../../html5-client/console/soft_text.js';
import { MOST_WAITING, SoftTypist } from '../../../html5-client/console/soft_typist.js';

const GERMAN = {
  name: 'de', title: 'German', kind: 'iso', level3: 0xe6, level5: null,
  keys: [
    { usage: 0x04, levels: ['a', 'A', 'æ'] }, { usage: 0x08, levels: ['e', 'E', '€', '€'] }, { usage: 0x14, levels: ['q', 'Q', '@', 'Ω'] },
    { usage: 0x1c, levels: ['z', 'Z'] }, { usage: 0x2e, levels: [{ dead: '´' }, { dead: '`' }] }, { usage: 0x35, levels: [{ dead: '^' }, '°'] },
    { usage: 0x34, levels: ['ä', 'Ä', { dead: '^' }] }, { usage: 0x33, levels: ['x', null, null, null, 'ſ'] }, { usage: 0x36, levels: [',', ';'] },
  ],
};
const strokes = (layout, character) => new CharStrokes(layout).of(character)?.map(({ usage, held }) => [usage, ...held]) ?? null;

test('without a layout, all of ASCII is typed as on a US keyboard', () => {
  const us = new CharStrokes(null);
  for (let code = 0x20; code < 0x7f; code++) assert.equal(us.of(String.fromCharCode(code))?.length, 1, String.fromCharCode(code));
  assert.deepEqual(strokes(null, 'a'), [[0x04]]);
  assert.deepEqual(strokes(null, '@'), [[0x1f, 0xe1]]);
  assert.deepEqual(strokes(null, '~'), [[0x35, 0xe1]]);
  assert.deepEqual([strokes(null, '\n'), strokes(null, '\t'), strokes(null, ' ')], [[[0x28]], [[0x2b]], [[0x2c]]]);
});

test('a layout’s own way: other places, AltGr, dead keys with a letter or a blank', () => {
  assert.deepEqual(strokes(GERMAN, 'z'), [[0x1c]]);
  assert.deepEqual(strokes(GERMAN, '@'), [[0x14, 0xe6]]);
  assert.deepEqual(strokes(GERMAN, 'Ω'), [[0x14, 0xe1, 0xe6]]);
  assert.deepEqual(strokes(GERMAN, '€'), [[0x08, 0xe6]], 'the fewest keys');
  assert.deepEqual(strokes(GERMAN, 'ä'), [[0x34]]);
  assert.deepEqual(strokes(GERMAN, 'é'), [[0x2e], [0x08]]);
  assert.deepEqual(strokes(GERMAN, 'À'), [[0x2e, 0xe1], [0x04, 0xe1]]);
  assert.deepEqual(strokes(GERMAN, '^'), [[0x35], [0x2c]]);
  assert.deepEqual(strokes({ ...GERMAN, level5: 0x64 }, 'ſ'), [[0x33, 0x64]]);
});

test('what a layout lacks is null, and quotes that phones turn are plain ones', () => {
  for (const character of ['ñ', 'ſ', '你', '😀', 'b', '\u0007']) assert.equal(strokes(GERMAN, character), null, character);
  assert.deepEqual(strokes(null, '’'), [[0x34]]);
  assert.deepEqual(strokes(null, '…'), [[0x37], [0x37], [0x37]]);
  assert.equal(strokes(GERMAN, '…'), null, 'this one has no point');
});

const us = new CharStrokes(null);
const can = (character) => us.of(character) !== null;

/** Types what a field goes through; the target as it would be. */
function target(...values) {
  const text = new SoftText();
  const lacking = [];
  let screen = 'before ';
  for (const value of values) {
    const change = text.take(PADDING + value, can);
    screen = screen.slice(0, screen.length - change.erase) + change.type;
    lacking.push(...change.lacking);
  }
  return { screen, lacking };
}

test('letters as they come, and whole words by swiping', () => {
  assert.equal(target('l', 'ls', 'ls ').screen, 'before ls ');
  assert.equal(target('reboot', 'reboot now').screen, 'before reboot now');
});

test('a composition that grows, is corrected and accepted', () => {
  assert.equal(target('t', 'te', 'teh', 'the', 'the ').screen, 'before the ');
  assert.equal(target('helo', 'hello').screen, 'before hello');
});

test('Backspace takes away what was there before the field', () => {
  const text = new SoftText();
  assert.equal(text.take(PADDING.slice(1), can).erase, 1);
  assert.equal(text.take(PADDING.slice(3), can).erase, 2);
});

test('a field that is nearly empty or full begins anew', () => {
  const text = new SoftText();
  assert.equal(text.full, false);
  text.take(PADDING.slice(10), can);
  assert.equal(text.full, true);
  text.reset();
  assert.equal(text.full, false);
  text.take(PADDING + 'x'.repeat(500), can);
  assert.equal(text.full, true);
});

test('what cannot be typed is told, and taking it back erases nothing else', () => {
  const story = target('a', 'a😀', 'a', 'ab');
  assert.deepEqual(story, { screen: 'before ab', lacking: ['😀'] });
  assert.deepEqual(target('ni', '你', '你a').screen, 'before a');
  assert.deepEqual(target('👩‍👩‍👧‍👦').lacking, ['👩‍👩‍👧‍👦'], 'several code points, one character');
});

test('lines end as lines, however they are written', () => {
  assert.equal(target('a\r\nb', 'a\nb\n').screen, 'before a\nb\n');
});

test('very much at once is one change', () => {
  assert.equal(target('x'.repeat(100000)).screen.length, 100007);
});

const flush = async () => {
  for (let i = 0; i < 400; i++) await null;
};

test('strokes go down and up in order, with what is held around them', async () => {
  const sent = [];
  let used = 0;
  const typist = new SoftTypist(new HeldKeys((usage, down) => sent.push(`${usage.toString(16)}${down ? '+' : '-'}`)), () => used++, () => Promise.resolve());
  assert.ok(typist.type([...us.of('A'), ...us.of('b')]));
  await flush();
  assert.deepEqual(sent, ['e1+', '4+', '4-', 'e1-', '5+', '5-']);
  assert.equal(used, 2);
});

test('a modifier of the row stays down while a character needs it too', async () => {
  const sent = [];
  const held = new HeldKeys((usage, down) => sent.push(`${usage.toString(16)}${down ? '+' : '-'}`));
  held.set('row', 0xe1, true);
  const typist = new SoftTypist(held, () => {}, () => Promise.resolve());
  typist.type(us.of('A'));
  await flush();
  held.set('row', 0xe1, false);
  assert.deepEqual(sent, ['e1+', '4+', '4-', 'e1-']);
});

test('when all is released, what waits is forgotten and nothing goes up twice', async () => {
  const sent = [];
  const steps = [];
  const held = new HeldKeys((usage, down) => sent.push(`${usage.toString(16)}${down ? '+' : '-'}`));
  const typist = new SoftTypist(held, () => {}, () => new Promise((resolve) => steps.push(resolve)));
  typist.type([...us.of('a'), ...us.of('b')]);
  await flush();
  held.clear();
  while (steps.length) {
    steps.shift()();
    await flush();
  }
  assert.deepEqual(sent, ['4+']);
  typist.type(us.of('c'));
  await flush();
  assert.deepEqual(sent, ['4+', '6+']);
});

test('more than anybody types by hand is refused, not half of it typed', () => {
  const typist = new SoftTypist(new HeldKeys(() => {}), () => {}, () => new Promise(() => {}));
  assert.equal(typist.type(Array(MOST_WAITING + 1).fill({ usage: 4, held: [] })), false);
});
