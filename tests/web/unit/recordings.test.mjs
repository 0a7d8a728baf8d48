// Why recordings ended, in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesOf } from './english.mjs';
import { useMessages } from '../../../html5-client/parts/messages.js';
import { endedWords } from '../../../html5-client/recordings/recording_words.js';

test('why a recording ended is said in the language of the page, in the gateway\'s words where there are no others', (context) => {
  context.after(() => useMessages('en', messagesOf('en')));
  const ended = (id, ...args) => endedWords({ ended: 'As the gateway says.', end: { id, args } });
  assert.equal(ended('disk-full'), 'The disk is full; make room on it.');
  assert.equal(ended('to-come'), 'As the gateway says.');
  assert.equal(endedWords({ ended: 'Of an older gateway.', end: null }), 'Of an older gateway.');
  assert.equal(endedWords({ ended: '', end: null }), '');
  useMessages('de', messagesOf('de'));
  assert.equal(ended('write-failed', '{1} $& <b>'), 'Die Aufzeichnung ließ sich nicht schreiben: {1} $& <b>.');
});
