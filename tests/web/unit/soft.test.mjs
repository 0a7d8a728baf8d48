/* The phone's keyboard: characters to strokes by the layout, texts that change under its hands, and the row of modifiers. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CharStrokes } from '../../../html5-client/console/typing/char_strokes.js';
import { HeldKeys } from '../../../html5-client/console/keys/held_keys.js';
import { usageOf } from '../../../html5-client/console/keys/keymap.js';
import { StickyKeys } from '../../../html5-client/console/keys/sticky_keys.js';
import { PADDING, SoftText } from '../../../html5-client/console/typing/soft_text.js';
import { MOST_WAITING, SoftTypist } from '../../../html5-client/console/typing/soft_typist.js';

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

/** What a typist sends with time standing still until `next`. */
function stepped() {
  const sent = [];
  const steps = [];
  const held = new HeldKeys((usage, down) => sent.push(`${usage.toString(16)}${down ? '+' : '-'}`));
  const sticky = new StickyKeys((code, down) => held.set('row', usageOf(code), down));
  const typist = new SoftTypist(held, () => sticky.used(), () => new Promise((resolve) => steps.push(resolve)));
  const next = async () => {
    await flush();
    steps.shift()?.();
    await flush();
    return steps.length > 0;
  };
  const all = async () => {
    while (await next());
    return sent.splice(0);
  };
  return { sent, held, sticky, typist, next, all };
}

test('a key of the row waits for what was typed before it', async () => {
  const { sent, sticky, typist, all } = stepped();
  typist.type([...us.of('l'), ...us.of('s')]);
  typist.change(() => sticky.tap('ControlLeft'));
  typist.type(us.of('c'));
  typist.type(us.of('d'));
  assert.deepEqual(sent, ['f+'], 'the first at once');
  assert.deepEqual(await all(), ['f+', 'f-', '16+', '16-', 'e0+', '6+', '6-', 'e0-', '7+', '7-']);
});

test('where nothing waits, a key of the row is down at once, and as long as the finger is', async () => {
  const { sent, held, typist, next, all } = stepped();
  typist.change(() => held.set('row', 0x52, true));
  assert.deepEqual(sent, ['52+']);
  await next();
  assert.equal(typist.any(), false);
  typist.type(us.of('a'));
  typist.change(() => held.set('row', 0x52, false));
  assert.deepEqual(await all(), ['52+', '4+', '4-', '52-']);
});

test('when all is released, what waits is forgotten and nothing goes up twice', async () => {
  const { held, typist, all } = stepped();
  typist.type([...us.of('a'), ...us.of('b')]);
  typist.change(() => held.set('row', 0x52, true));
  await flush();
  held.clear();
  typist.forget();
  assert.deepEqual(await all(), ['4+']);
  typist.type(us.of('c'));
  assert.deepEqual(await all(), ['6+', '6-']);
});

test('between two strokes nothing is down, and something waits all the same', async () => {
  const { held, typist, next } = stepped();
  typist.type([...us.of('a'), ...us.of('b')]);
  await next();
  assert.deepEqual([held.any, typist.any()], [false, true]);
});

test('more than anybody types by hand is refused, not half of it typed', () => {
  const typist = new SoftTypist(new HeldKeys(() => {}), () => {}, () => new Promise(() => {}));
  assert.equal(typist.type(Array(MOST_WAITING + 1).fill({ usage: 4, held: [] })), false);
});
