// The overview's parts that know no DOM: which targets are shown, and where their cards stand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesOf } from './english.mjs';
import { useMessages } from '../../../html5-client/parts/messages.js';
import { gridLayout, neighbour, placesBetween } from '../../../html5-client/targets/grid_layout.js';
import { filtered, grouped, groupNames } from '../../../html5-client/targets/target_filter.js';
import { agoWords, eventWords, healthWords } from '../../../html5-client/targets/target_words.js';
import { hashOf, placeOf } from '../../../html5-client/router.js';

const target = (/** @type {string} */ name, more = {}) => ({
  name, machine: 'qemu', power: 'on', title: '', group: '', seat: { holder: null }, drives: [], health: { state: 'ok', why: '' }, ...more,
});
const ANY = { words: '', group: '', choice: 'all' };
const names = (list) => list.map(({ name }) => name);

test('every word is looked for, in name, title, group, medium and trouble, without marks and cases', () => {
  const all = [target('web1', { title: 'Müllers Server', group: 'berlin' }), target('db', { drives: [{ medium: 'Debian-12.iso' }] }), target('old', { health: { state: 'danger', id: 'machine-failed', args: ['Disk is full'], why: 'As the gateway says.' } })];
  const found = (words) => names(filtered(all, { ...ANY, words }));
  assert.deepEqual(found('muller BERLIN'), ['web1']);
  assert.deepEqual(found('debian'), ['db']);
  assert.deepEqual(found('full'), ['old']);
  assert.deepEqual(found('web berlin nothing'), []);
  assert.deepEqual(found('   '), ['web1', 'db', 'old']);
});

test('state and group narrow it', () => {
  const all = [target('a', { group: 'x' }), target('b', { power: 'off' }), target('c', { health: { state: 'warn', why: '' } })];
  assert.deepEqual(names(filtered(all, { ...ANY, choice: 'off' })), ['b']);
  assert.deepEqual(names(filtered(all, { ...ANY, choice: 'trouble' })), ['c']);
  assert.deepEqual(names(filtered(all, { ...ANY, group: 'x' })), ['a']);
});

test('groups stand in the order in which they come, what has none last', () => {
  const all = [target('a'), target('b', { group: 'y' }), target('c', { group: 'x' }), target('d', { group: 'y' })];
  assert.deepEqual(grouped(all).map(({ name, targets }) => [name, ...names(targets)]), [['y', 'b', 'd'], ['x', 'c'], ['', 'a']]);
  assert.deepEqual(groupNames(all), ['x', 'y']);
});

const METRICS = { gap: 10, head: 30, least: 100, height: (/** @type {number} */ width) => width / 2 };
const keys = (count) => Array.from({ length: count }, (_, i) => `t${i}`);

test('cards fill the width, headings stand between', () => {
  const { places, columns, height } = gridLayout([{ heading: 'x', keys: keys(3) }, { heading: '', keys: ['last'] }], 320, METRICS);
  assert.equal(columns, 3);
  assert.deepEqual(places.map(({ key, left, top, width }) => [key, left, top, width]), [['', 0, 0, 320], ['t0', 0, 30, 100], ['t1', 110, 30, 100], ['t2', 220, 30, 100], ['last', 0, 90, 100]]);
  assert.equal(height, 140);
});

test('a window narrower than a card still shows one', () => {
  const { places, columns } = gridLayout([{ heading: '', keys: keys(2) }], 60, METRICS);
  assert.equal(columns, 1);
  assert.deepEqual(places.map(({ width, top }) => [width, top]), [[60, 0], [60, 40]]);
  assert.equal(gridLayout([{ heading: '', keys: keys(1) }], 0, METRICS).columns, 1);
});

test('of hundreds only those in sight are there', () => {
  const { places } = gridLayout([{ heading: '', keys: keys(200) }], 320, METRICS);
  const seen = placesBetween(places, 1000, 1200);
  assert.ok(seen.length <= 15, `${seen.length}`);
  assert.ok(seen.every(({ top, height }) => top < 1200 && top + height > 1000));
});

test('arrows move between all cards, over headings, and stop at the ends', () => {
  const { places } = gridLayout([{ heading: 'x', keys: keys(4) }, { heading: 'y', keys: ['a', 'b'] }], 320, METRICS);
  const cards = places.filter(({ key }) => key);
  const go = (from, ...presses) => cards[presses.reduce((at, key) => neighbour(cards, at, key), cards.findIndex(({ key }) => key === from))].key;
  assert.equal(go('t1', 'ArrowDown'), 't3');
  assert.equal(go('t3', 'ArrowDown'), 'a');
  assert.equal(go('b', 'ArrowUp'), 't3');
  assert.equal(go('t0', 'ArrowUp'), 't0');
  assert.equal(go('t0', 'ArrowLeft'), 't0');
  assert.equal(go('b', 'ArrowRight', 'ArrowDown'), 'b');
  assert.deepEqual([go('t2', 'Home'), go('t2', 'End')], ['t0', 'b']);
});

test('times are told in the largest unit that fits', () => {
  const now = 1e12;
  assert.deepEqual([0, 5, 65, 3 * 3600, 50 * 3600].map((seconds) => agoWords(now - seconds * 1000, now)), ['now', '5 sec. ago', '1 min. ago', '3 hr. ago', '2 days ago']);
  assert.equal(agoWords(now + 60000, now), 'now', 'clocks that differ');
});

const event = (id, args, text = 'As the gateway says.') => eventWords({ number: 1, time: 0, kind: 'media', tone: 'info', id, args, text });

test('an event is said in the language of the page, in the gateway\'s words where there are no others', (context) => {
  context.after(() => useMessages('en', messagesOf('en')));
  assert.equal(event('recording-ended', ['anna', '3900']), 'The recording by anna has ended after 1 h 5 min.');
  assert.equal(event('to-come', ['x']), 'As the gateway says.');
  assert.equal(eventWords({ number: 1, time: 0, kind: 'power', tone: 'info', text: 'Of an older gateway.' }), 'Of an older gateway.');
  useMessages('de', messagesOf('de'));
  assert.equal(event('pictures-began', ['anna', '5']), 'anna nimmt alle 5 s ein Bild des Bildschirms auf.');
  assert.equal(event('recording-broken', ['anna', '12', 'The disk is full.']), 'Die Aufzeichnung von anna endete nach 12 s: The disk is full.');
  assert.equal(event('signal-lost', ['no-signal', 'Nothing arrives.']), 'Kein Videosignal.');
  assert.equal(event('signal-lost', ['to-come', 'Nothing arrives.']), 'As the gateway says.');
  useMessages('zh', messagesOf('zh'));
  assert.equal(event('signal-lost', ['no-signal', 'Nothing arrives.']), '无视频信号。');
});

test('health is said in the language of the page', (context) => {
  context.after(() => useMessages('en', messagesOf('en')));
  const health = (id, args, why = 'As the gateway says.') => healthWords({ state: 'warn', id, args, why });
  assert.equal(health('usb-detached', []), 'Its USB is detached, or has no power.');
  useMessages('de', messagesOf('de'));
  assert.equal(health('usb-failed', ['No controller.']), 'USB funktioniert nicht: No controller.');
  assert.match(health('usb-no-helper', []), /^Der Helfer, der das USB-Gerät bereitstellt, ist nicht da;/);
  assert.equal(health('signal-lost', ['device-gone', 'Gone.']), 'Aufnahmegerät ist nicht mehr da.');
  assert.equal(health('to-come', []), 'As the gateway says.');
  assert.equal(health(null, [], ''), '');
  assert.equal(healthWords({ state: 'danger', why: 'Of an older gateway.' }), 'Of an older gateway.');
  assert.equal(healthWords(null), '');
});

test('arguments of events stand as they are', () => {
  for (const name of ['"a" \'b\'', '100 %s %1$n', '{1} {2s} {who} $& $1', '<b>&amp;', 'Ж€😀'.repeat(40)])
    assert.equal(event('medium-inserted', ['0', name]), `${name} is in drive 0.`);
});

test('the wall has addresses of its own', () => {
  assert.deepEqual(placeOf('#/wall'), { view: 'wall', size: 4, group: '' });
  assert.deepEqual(placeOf('#/wall/9/hall%201'), { view: 'wall', size: 9, group: 'hall 1' });
  assert.equal(hashOf({ view: 'wall', size: 9, group: 'hall 1' }), '#/wall/9/hall%201');
  assert.equal(hashOf({ view: 'wall' }), '#/wall');
});
