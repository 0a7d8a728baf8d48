/* QR codes against those of another encoder, and the words for sessions, tokens and logouts. */
import './english.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf } from '../../../html5-client/parts/code_field.js';
import { qrCode } from '../../../html5-client/account/qr.js';
import { agentWords, endWords, scopeWords, timeWords } from '../../../html5-client/app/session_words.js';

const vectors = JSON.parse(readFileSync(new URL('../../vectors/qr/codes.json', import.meta.url), 'utf8'));

for (const { text, size, modules } of vectors)
  test(`the code of ${text.slice(0, 40)}`, () => {
    const code = qrCode(text);
    assert.equal(code.size, size);
    const bits = Buffer.from(modules, 'base64');
    assert.deepEqual([...code.dark], Array.from({ length: size * size }, (_, i) => (bits[i >> 3] >> (7 - (i & 7))) & 1));
  });

test('codes grow with their text, up to version 13', () => {
  assert.equal(qrCode('x'.repeat(14)).size, 21);
  assert.equal(qrCode('x'.repeat(15)).size, 25);
  assert.equal(qrCode('x'.repeat(331)).size, 69);
  assert.equal(qrCode('ü'.repeat(165)).size, 69);
  assert.throws(() => qrCode('x'.repeat(332)), RangeError);
});

test('what programs call themselves', () => {
  const names = {
    'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0': 'Firefox 128 on Linux',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0': 'Edge 139 on Windows',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15': 'Safari 18 on macOS',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36': 'Chrome 139 on Android',
    'curl/8.1.2': 'curl 8',
    '': 'Unknown program',
    '<script>alert(1)</script>': '<script>alert(1)</script>',
  };
  for (const [agent, words] of Object.entries(names)) assert.equal(agentWords(agent), words);
});

test('scopes, times, codes and reasons', () => {
  assert.equal(scopeWords(null), 'All that you may');
  assert.equal(
    scopeWords([{ target: '*', rights: ['view'] }, { target: 'lab', rights: ['input', 'power'] }, { target: '', rights: ['audit'] }]),
    'all targets: See the screen · lab: Type and point, Power · the gateway: Read the events',
  );
  assert.equal(timeWords(null), 'never');
  assert.equal(timeWords(0), 'never');
  assert.match(timeWords(1e9), /2001/);
  assert.equal(codeOf(' 123 456\t'), '123456');
  assert.match(endWords(true, 'x'), /time was over/);
  assert.equal(endWords(false, 'Your password was changed.'), 'You were logged out. Your password was changed.');
  assert.match(endWords(false, ''), /^You were logged out because /);
});
