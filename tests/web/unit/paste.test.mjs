/* What is said of texts that are typed, and the search over layouts. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchLayouts } from '../../../html5-client/console/typing/layout_chooser.js';
import { MOST, countCharacters, endWords, missingName, progressWords, requestSize, secondsLeft, tooLongWords } from '../../../html5-client/console/typing/paste_words.js';

const layouts = [['us', 'English (US)'], ['us(intl)', 'English (US, intl., with dead keys)'], ['de', 'German'], ['de(nodeadkeys)', 'German (no dead keys)'], ['at', 'German (Austria)'],
  ['es', 'Spanish'], ['latam', 'Spanish (Latin American)'], ['pt', 'Portuguese'], ['ng(yoruba)', 'Yorùbá']]
  .map(([name, title]) => /** @type {import('../../../html5-client/console/typing/typing_api.js').LayoutName} */ ({ name, title, kind: 'iso', latin: true }));
const names = (/** @type {string} */ wanted) => searchLayouts(layouts, wanted).map(({ name }) => name);

test('layouts are found by name, title and parts of them, the closest first', () => {
  assert.equal(names('').length, layouts.length);
  assert.deepEqual(names('de'), ['de', 'de(nodeadkeys)', 'us(intl)']);
  assert.deepEqual(names('german'), ['de', 'de(nodeadkeys)', 'at']);
  assert.deepEqual(names('dead german'), ['de(nodeadkeys)']);
  assert.deepEqual(names('YORUBA'), ['ng(yoruba)']);
  assert.deepEqual(names('spanish'), ['es', 'latam']);
  assert.deepEqual(names('klingon'), []);
});

test('characters are counted as people do', () => {
  assert.equal(countCharacters('a\r\nb😀é'), 5);
  assert.equal(countCharacters(''), 0);
});

test('what is too long is told at once, with the remedy', () => {
  assert.equal(tooLongWords('x'.repeat(MOST - 2)), '');
  assert.match(tooLongWords('x'.repeat(MOST)), /at most 65 kB.*virtual drive/);
  const begin = performance.now();
  assert.match(tooLongWords('\u{1F600}'.repeat(5e6)), /10 MB/);
  assert.ok(performance.now() - begin < 10000); // a hang
  assert.equal(requestSize('"\n'), 6); // as it is escaped
});

test('what cannot be seen has a name', () => {
  const place = { code: 'U+0000', count: 1, line: 1, column: 1 };
  assert.equal(missingName({ ...place, character: 'é', name: null }), 'é');
  assert.equal(missingName({ ...place, character: null, name: 'right-to-left mark' }), 'right-to-left mark');
  assert.equal(missingName({ ...place, character: null, name: 'something new' }), 'something new');
});

const typing = (/** @type {object} */ more) => /** @type {any} */ ({ state: 'typing', characters: 1200, remaining: 600, per_second: 100, slowed: false, echo: { result: 'unknown', seen: 0, lost: 0 }, ...more });

test('progress tells how long it takes', () => {
  assert.equal(secondsLeft(typing({})), 6);
  assert.equal(secondsLeft(typing({ per_second: 0 })), null);
  assert.match(progressWords(typing({})), /^600 of 1,200 typed, 6 s.* left$/);
  assert.equal(progressWords(typing({ per_second: 0 })), '600 of 1,200 typed');
  assert.match(progressWords(typing({ slowed: true })), /lags behind/);
  assert.match(progressWords(typing({ state: 'waiting' })), /takes no keys/);
});

test('the end says what is known of it', () => {
  const done = typing({ state: 'done', remaining: 0 });
  assert.match(endWords(done).text, /cannot be seen/);
  assert.match(endWords({ ...done, echo: { result: 'seen', seen: 9, lost: 0 } }).text, /seen on the screen/);
  assert.match(endWords({ ...done, echo: { result: 'none', seen: 0, lost: 0 } }).text, /passwords/);
  assert.deepEqual(endWords({ ...done, echo: { result: 'partly', seen: 9, lost: 3, line: 2, column: 7 } }),
    { text: 'Typed, but 3 characters seem to be missing on the screen, the first in line 2, column 7.', tone: 'warn' });
  assert.equal(endWords(typing({ state: 'stopped', remaining: 1 })).text, 'Stopped; 1 character was not typed.');
  assert.equal(endWords(typing({ state: 'given-up' })).tone, 'danger');
});
