/* The page's builders and parser against the golden vectors that the C tests read too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as builders from '../../../html5-client/console/session/message_builders.js';
import { parseMessage } from '../../../html5-client/console/session/message_parser.js';
import { ProtocolError } from '../../../html5-client/console/session/protocol.js';
import { bodyCheck, update } from '../bodies.mjs';

const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../../vectors/console/${name}.json`, import.meta.url), 'utf8'));
const toHex = (bytes) => Buffer.from(bytes).toString('hex');
const toBuffer = (hex) => Uint8Array.from(Buffer.from(hex, 'hex')).buffer;

const build = {
  hello: (m) => builders.buildHello(m),
  ack: (m) => builders.buildAck(m.sequence, m.received, m.painted),
  key: (m) => builders.buildKey(m.usage, m.down),
  'pointer-absolute': (m) => builders.buildPointerAbsolute(m),
  'pointer-relative': (m) => builders.buildPointerRelative(m),
  'release-all': () => builders.buildReleaseAll(),
  seat: (m) => builders.buildSeat(m.action),
  'seat-answer': (m) => builders.buildSeatAnswer(m.grant, m.request),
  ping: (m) => builders.buildPing(m.value),
  visible: (m) => builders.buildVisible(m.visible),
  refresh: () => builders.buildRefresh(),
  watch: (m) => builders.buildWatch(m.on),
};

const withHex = (message) =>
  Object.fromEntries(Object.entries(message).map(([name, value]) => [name, value instanceof Uint8Array ? toHex(value) : value]));

for (const { message, hex } of vectors('client'))
  test(`builds ${JSON.stringify(message)}`, () => assert.equal(toHex(build[message.type](message)), hex));

for (const { message, hex } of vectors('server'))
  test(`parses ${JSON.stringify(message)}`, () => assert.deepEqual(withHex(parseMessage(toBuffer(hex))), message));

for (const { body, check } of vectors('checks'))
  test(`the check of ${body.slice(0, 40) || 'nothing'}`, () => assert.equal(bodyCheck(Buffer.from(body, 'hex')), check));

test('updates of the tests are those of the gateway', () => {
  for (const { message, hex } of vectors('server').filter(({ message }) => message.type === 'update')) {
    const { captured, ...stages } = message.times ?? {};
    const built = update(Buffer.from(message.body, 'hex'), { exact: message.exact, times: message.times && Object.values(stages).map((us) => us / 10) });
    if (message.times) built.writeUInt32LE(captured, 4);
    assert.equal(built.toString('hex'), hex);
  }
});

test('every message cut short or made longer by a byte is refused or stays within itself', () => {
  for (const { message, hex } of vectors('server')) {
    if (message.type === 'update') continue; // its body ends with the message
    assert.throws(() => parseMessage(toBuffer(`${hex}00`)), ProtocolError, `${message.type} longer`);
    for (let end = 0; end < hex.length; end += 2)
      assert.throws(() => parseMessage(toBuffer(hex.slice(0, end))), ProtocolError, `${message.type} at ${end / 2}`);
  }
});

test('an update without its header is refused', () => {
  const [{ hex }] = vectors('server').filter(({ message }) => message.type === 'update');
  for (let end = 0; end < 8; end += 2)
    assert.throws(() => parseMessage(toBuffer(hex.slice(0, end))), ProtocolError);
});

const broken = {
  'an unknown type': '90000000',
  'viewers cut short': '8e0101000700000000000000',
  'a viewer whose name is longer than the message': '8e01010007000000000000000105616e',
  'more behind the viewers': '8e00000000',
  'a type of the client': '01000000',
  'another version': '8102010007000000',
  'a picture without width': '8200000000009001',
  'a picture too high': '82000000d002ffff',
  'a picture of no known colour': '82050000d0029001',
  'stage times cut short': '830200000000000001000200030000',
  'an unknown signal': '84080000',
  'an unknown end': '8b080000',
  'end reason 0': '8b000000',
  'a reason that is not UTF-8': '84010200c328',
  'a holder that is not UTF-8': '870102000700000001ff',
  'a recording cut short': '8f01000000000000',
  'a recording whose name is longer than the message': '8f010000000000000561',
  'seats whose holder is not UTF-8': '8d0001000000000000000000000000000001ff',
};
for (const [name, hex] of Object.entries(broken))
  test(`refuses ${name}`, () => assert.throws(() => parseMessage(toBuffer(hex)), ProtocolError));

test('any bytes give a message or a ProtocolError', () => {
  let seed = 1;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8;
  for (let round = 0; round < 20000; round++) {
    const bytes = Uint8Array.from({ length: random() % 40 }, () => random() & 255);
    if (bytes.length) bytes[0] = 0x80 + (bytes[0] & 15);
    try {
      parseMessage(bytes.buffer);
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});

test('builders keep figures inside their fields', () => {
  const absolute = builders.buildPointerAbsolute({ buttons: 255, x: 99999, y: -5, wheel: 500, pan: -500 });
  assert.equal(toHex(absolute), '041fff7f00007f80');
  const relative = builders.buildPointerRelative({ buttons: 0, dx: 70000, dy: -70000, wheel: 0, pan: 0 });
  assert.equal(toHex(relative), '0500ff7f00800000');
  assert.equal(toHex(builders.buildAck(1, 2 ** 32 + 5, 2 ** 33 + 6.7)), '02000000010000000500000006000000');
  assert.throws(() => builders.buildHello({ ticket: 'short', hidden: false, viewOnly: false, capabilities: 0, page: '0'.repeat(32), lastViewer: 0, lastSequence: 0 }));
});
