// What has happened to a dongle's USB, in words: as the gateway tells it, and in the language of the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesOf } from './english.mjs';
import { useMessages } from '../../../html5-client/parts/messages.js';
import { troubleWords, usbEventWords, whyWords } from '../../../html5-client/dongle/usb_words.js';

const TEXT = 'As the gateway says.';
const event = (/** @type {string} */ id, /** @type {string[]} */ ...args) => usbEventWords({ number: 1, time: 0, kind: 'usb', tone: 'info', id, args, text: TEXT });

test('what has happened to USB is said in the language of the page', (context) => {
  context.after(() => useMessages('en', messagesOf('en')));
  const why = 'The target\'s firmware has not read the drive in time.';
  assert.equal(event('usb-switched', 'drive', 'drive-unread', why), 'Changed to “Drives only”. The target’s firmware has not read the drive in time.');
  assert.equal(event('to-come', 'drive'), TEXT);
  useMessages('de', messagesOf('de'));
  assert.equal(event('usb-switched', 'drive', 'drive-unread', why), 'Umgeschaltet auf „Nur Laufwerke“. Die Firmware des Zielrechners hat das Laufwerk nicht rechtzeitig gelesen.');
  assert.equal(event('usb-chosen', 'full'), 'Von Hand gewählt: „Alles“.');
  assert.equal(event('usb-chosen-automatic'), 'Die automatische Wahl beginnt von vorn.');
  assert.equal(event('medium-ejected-by-target', '0', 'full'), 'Der Zielrechner hat full aus Laufwerk 0 ausgeworfen.');
  assert.equal(event('boot-keys-not-shown', 'boot menu'), 'Die Starttasten wurden aufgegeben: Auf dem Bildschirm erschien nie „boot menu“.');
  assert.equal(event('usb-failed', 'The controller is busy.'), 'USB funktioniert nicht: The controller is busy.');
});

test('a personality or a reason that the page does not know stands as the gateway says it', (context) => {
  context.after(() => useMessages('en', messagesOf('en')));
  useMessages('de', messagesOf('de'));
  assert.equal(event('usb-kept', 'disc', 'to-come', 'The moon is full.'), 'Für diesen Zielrechner gemerkt: „disc“. The moon is full.');
  assert.equal(whyWords({ why: 'The moon is full.', why_id: 'to-come' }), 'The moon is full.');
  assert.equal(whyWords({ why: 'x', why_id: 'none-used' }), 'Die Firmware des Zielrechners hat nichts davon benutzt.');
  assert.equal(whyWords({ why: '', why_id: null }), '');
});

test('why USB does not work is the kernel\'s word, but for a helper that is not there', (context) => {
  context.after(() => useMessages('en', messagesOf('en')));
  const words = (/** @type {string} */ state, /** @type {string} */ trouble, left_out = '') => troubleWords({ state, trouble, left_out, left_out_parts: parts });
  let parts = [];
  useMessages('de', messagesOf('de'));
  assert.match(words('no-helper', 'The helper is not there.'), /^Der Helfer, .* als root\.$/);
  assert.equal(words('configured', 'one function is busy'), 'One function is busy.');
  parts = [{ id: 'no-function', functions: ['storage'], endpoints: [] }, { id: 'no-endpoint', functions: ['relative', 'consumer'], endpoints: [4, 3] }];
  assert.equal(words('configured', '', 'x'), 'Weggelassen: Laufwerke (diesem Kernel fehlt die Funktion). Weggelassen: relativer Zeiger und Medientasten (der USB-Controller hat 4 IN- und 3 OUT-Endpunkte).');
  parts = [{ id: 'to-come', functions: ['storage'], endpoints: [] }];
  assert.equal(words('configured', '', 'drives (none)'), 'Weggelassen: drives (none).');
  parts = [];
  assert.equal(words('configured', ''), '');
});
