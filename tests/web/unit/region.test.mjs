/* A part of the picture, the words about its text, key to photon, and who looks: without a page. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyEcho } from '../../../html5-client/console/figures/key_echo.js';
import { cellAt, cellsRegion, gridBounds, pixelsRegion, textOf, unknownCells } from '../../../html5-client/console/region/region_math.js';
import { chosenLanguage, languageWords } from '../../../html5-client/console/region/text_language.js';
import { seatWords } from '../../../html5-client/console/seat/seat_words.js';
import { language, useMessages } from '../../../html5-client/parts/messages.js';
import { messagesOf } from './english.mjs';

const VGA = { x: 0, y: 0, width: 9, height: 16 };
const MODE = { width: 720, height: 400 };
/** A window's text, whose cells begin at an odd place. */
const ODD = { x: 403, y: 207, width: 8, height: 16 };

test('cells are counted from the grid’s own', () => {
  assert.deepEqual(cellAt({ x: 8.9, y: 15.9 }, VGA), { x: 0, y: 0 });
  assert.deepEqual(cellAt({ x: 9, y: 16 }, VGA), { x: 1, y: 1 });
  assert.deepEqual(cellAt({ x: 402, y: 206 }, ODD), { x: -1, y: -1 });
  assert.deepEqual(gridBounds(VGA, MODE), { left: 0, top: 0, right: 79, bottom: 24 });
  assert.deepEqual(gridBounds(ODD, MODE), { left: -50, top: -12, right: 38, bottom: 11 });
});

test('a region holds whole cells, both ends included, in any direction', () => {
  const word = { x: 27, y: 160, width: 72, height: 16 };
  assert.deepEqual(cellsRegion({ x: 3, y: 10 }, { x: 10, y: 10 }, VGA, MODE), word);
  assert.deepEqual(cellsRegion({ x: 10, y: 10 }, { x: 3, y: 10 }, VGA, MODE), word);
  assert.deepEqual(cellsRegion({ x: 0, y: 0 }, { x: 79, y: 24 }, VGA, MODE), { x: 0, y: 0, ...MODE });
  assert.deepEqual(cellsRegion({ x: -99, y: -99 }, { x: 999, y: 999 }, ODD, MODE), { x: 0, y: 0, ...MODE });
});

test('a region of pixels is never empty and never outside', () => {
  assert.deepEqual(pixelsRegion({ x: 10.7, y: 20.2 }, { x: 5.2, y: 25.1 }, MODE), { x: 5, y: 20, width: 6, height: 6 });
  assert.deepEqual(pixelsRegion({ x: -50, y: 900 }, { x: -40, y: 950 }, MODE), { x: 0, y: 399, width: 1, height: 1 });
  assert.deepEqual(pixelsRegion({ x: 0, y: 0 }, { x: 0, y: 0 }, { width: 1, height: 1 }), { x: 0, y: 0, width: 1, height: 1 });
});

test('text is recognised in the language that was chosen, or the page’s, or English, as far as the gateway knows it', () => {
  const was = language();
  useMessages('de', messagesOf('de'));
  assert.equal(chosenLanguage(['deu', 'eng', 'fra'], 'fra'), 'fra');
  assert.equal(chosenLanguage(['deu', 'eng'], 'fra'), 'deu');
  assert.equal(chosenLanguage(['eng', 'fra'], ''), 'eng');
  assert.equal(chosenLanguage(['fra'], ''), 'fra');
  assert.equal(chosenLanguage([], 'fra'), 'eng');
  assert.deepEqual(['deu', 'chi_sim', 'chi_sim_vert'].map(languageWords), ['Deutsch', 'Chinesisch (vereinfacht)', 'chi_sim_vert']);
  useMessages(was, messagesOf(was));
});

test('text is copied without the empty lines at its end', () => {
  assert.equal(textOf({ lines: ['', 'login:', '', '  ', ''] }), '\nlogin:');
  assert.equal(textOf({ lines: [] }), '');
  assert.equal(unknownCells({ unknown: [[0, 3, 2], [4, 0, 5]] }), 7);
});

test('an update that was captured before the key came to the gateway is no echo', () => {
  const echo = new KeyEcho();
  assert.equal(echo.now, null);
  echo.key(1000);
  echo.painted({ received: 1030, painted: 1035 }, 5, 40); // captured at 1005: the key arrives at 1020
  assert.equal(echo.now, null);
  echo.painted({ received: 1060, painted: 1066 }, 10, 40); // captured at 1030
  assert.deepEqual(echo.now, { ms: 66, count: 1 });
  echo.painted({ received: 1100, painted: 1101 }, 0, 40); // nobody waits for one
  assert.equal(echo.now.count, 1);
});

test('the middle of the last keys is told; a change much later is none’s echo', () => {
  const echo = new KeyEcho();
  for (const ms of [50, 90, 60, 5000]) {
    echo.key(10000 * ms);
    echo.painted({ received: 10000 * ms + ms, painted: 10000 * ms + ms }, 0, 2);
  }
  assert.deepEqual(echo.now, { ms: 60, count: 3 });
  echo.reset();
  assert.equal(echo.now, null);
});

test('the seat is told in every language, with nothing left in braces', () => {
  const seat = {
    mine: false, shared: false, free: false, asking: false, mayTake: true, idle: true, viewers: 3, holder: 9, idleSeconds: 40,
    idleLimit: 600, name: 'bert', askers: [{ number: 1, waiting: 3, mine: false, name: 'cleo' }, { number: 2, waiting: 1, mine: false, name: '' }],
  };
  for (const name of ['de', 'es', 'fr', 'zh', 'en']) {
    useMessages(name, messagesOf(name));
    const words = seatWords({ seat, connected: true, mayType: true, viewOnly: false, captured: false, picture: true });
    assert.match(words, /bert.*cleo/, language());
    assert.doesNotMatch(words, /[{}]|picture\./, language());
  }
});
