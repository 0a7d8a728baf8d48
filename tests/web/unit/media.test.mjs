/* Files as media: the protocol's bytes, reads of a File, and a session against a gateway made of stubs. */
import './english.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FileReads } from '../../../html5-client/media/file_reads.js';
import * as protocol from '../../../html5-client/media/media_protocol.js';
import { MediaSession } from '../../../html5-client/media/media_session.js';
import { until } from '../until.mjs';

const TICKET = '0123456789abcdef0123456789abcdef';
const ID = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf';
const HELLO = {
  ticket: TICKET, drive: 2, id: ID, size: 2 ** 40 + 3, modified: 1780000000123, name: 'debian ü.iso', kind: 'cdrom', overlay: 'keep',
  writable: true, copy: true, bootOnce: true, rate: 5e6,
};
const toArrayBuffer = (buffer) => Uint8Array.from(buffer).buffer;

const ready = (longest = 262144, most = 64) => {
  const message = Buffer.concat([Buffer.from([0x81, 0, 0, 0]), Buffer.alloc(8), Buffer.from(ID, 'hex')]);
  message.writeUInt32LE(longest, 4);
  message.writeUInt32LE(most, 8);
  return message;
};
const read = (request, offset, length) => {
  const message = Buffer.alloc(20);
  message[0] = 0x82;
  message.writeUInt32LE(request, 4);
  message.writeBigUInt64LE(BigInt(offset), 8);
  message.writeUInt32LE(length, 16);
  return message;
};
const progress = (copied, size, complete) => {
  const message = Buffer.alloc(20);
  message.set([0x83, complete ? 1 : 0]);
  message.writeBigUInt64LE(BigInt(copied), 4);
  message.writeBigUInt64LE(BigInt(size), 12);
  return message;
};
const end = (reason, why = '') => {
  const text = Buffer.from(why);
  return Buffer.concat([Buffer.from([0x84, reason, text.length, 0]), text]);
};

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../vectors/media/${name}.json`, import.meta.url), 'utf8'));
const toHex = (bytes) => Buffer.from(bytes).toString('hex');
const build = {
  hello: (m) => protocol.buildHello(m),
  data: (m) => {
    const bytes = Buffer.from(m.bytes, 'hex');
    const message = protocol.dataMessage(m.request, bytes.length);
    message.set(bytes, protocol.DATA_HEADER);
    return message;
  },
  fail: (m) => protocol.buildFail(m.request, m.reason),
  bye: () => protocol.buildBye(),
};

test('builds what the golden vectors of the owner say', () => {
  for (const { message, hex } of vectors('owner')) assert.equal(toHex(build[message.type](message)), hex, JSON.stringify(message));
});

test('parses the gateway’s golden vectors, and refuses those that are bad', () => {
  const parse = (hex) => protocol.parseMessage(toArrayBuffer(Buffer.from(hex, 'hex')));
  for (const { message, hex } of vectors('gateway')) assert.deepEqual(parse(hex), message);
  for (const { why, hex } of vectors('refused_by_owner')) assert.throws(() => parse(hex), protocol.MediaProtocolError, why);
});

test('HELLO has each value where the protocol wants it', () => {
  const hello = Buffer.from(protocol.buildHello(HELLO));
  const name = Buffer.from(HELLO.name);
  assert.deepEqual([...hello.subarray(0, 4)], [1, 1, 2, 7]);
  assert.equal(hello.subarray(4, 36).toString(), TICKET);
  assert.equal(hello.subarray(36, 52).toString('hex'), ID);
  assert.equal(hello.readBigUInt64LE(52), BigInt(HELLO.size));
  assert.equal(hello.readBigInt64LE(60), 1780000000123n);
  assert.equal(hello.readBigUInt64LE(68), 5000000n);
  assert.deepEqual([hello[76], hello[77], hello.readUInt16LE(78)], [1, 2, name.length]);
  assert.deepEqual(hello.subarray(80), name);
  assert.equal(Buffer.from(protocol.buildHello({ ...HELLO, id: null })).subarray(36, 52).toString('hex'), '0'.repeat(32));
  assert.throws(() => protocol.buildHello({ ...HELLO, ticket: 'short' }), protocol.MediaProtocolError);
});

const SAID = [ready(), read(7, 2 ** 35, 4096), progress(5, 10, true), end(1), end(3, 'The drive is busy.')];

test('what the gateway says is understood', () => {
  assert.deepEqual(SAID.map((message) => protocol.parseMessage(toArrayBuffer(message))), [
    { type: 'ready', longest: 262144, most: 64, id: ID },
    { type: 'read', request: 7, offset: 2 ** 35, length: 4096 },
    { type: 'progress', complete: true, copied: 5, size: 10 },
    { type: 'end', reason: 'ejected', why: '' },
    { type: 'end', reason: 'refused', why: 'The drive is busy.' },
  ]);
});

test('a message cut short, longer by a byte, unknown or out of range is refused', () => {
  const refused = (message, what) => assert.throws(() => protocol.parseMessage(toArrayBuffer(message)), protocol.MediaProtocolError, what);
  for (const message of SAID) {
    refused(Buffer.concat([message, Buffer.alloc(1)]), 'longer');
    for (let size = 0; size < message.length; size++) refused(message.subarray(0, size), `${message[0]} of ${size}`);
  }
  for (const message of [Buffer.from([0x85]), end(0), end(9), ready(0), ready(262145), ready(4096, 0), ready(4096, 65)]) refused(message);
  const far = read(1, 0, 1);
  far.writeBigUInt64LE(2n ** 63n, 8);
  refused(far, 'an offset that is no number here');
});

/** A file on disk as a browser shows it: bytes that tell their place, and the faults a disk has. */
class FakeFile {
  constructor(size, name = 'debian.iso') {
    Object.assign(this, { size, name, lastModified: 1780000000000, sliced: [], bad: () => false, short: 0, hold: null });
  }
  slice(from, to) {
    this.sliced.push([from, to]);
    const arrayBuffer = async () => {
      await this.hold;
      if (this.bad(from, to)) throw new DOMException('it cannot be read', 'NotReadableError');
      return Uint8Array.from({ length: to - from - this.short }, (_, i) => (from + i) % 251).buffer;
    };
    return { arrayBuffer };
  }
}

const holds = (message, offset) => Buffer.from(message).subarray(8).every((byte, i) => byte === (offset + i) % 251);

/** @param {FakeFile} file */
function reader(file) {
  const sent = [];
  const failed = [];
  const reads = new FileReads(file, (message) => sent.push(Buffer.from(message)), (reason) => failed.push(reason));
  return { sent, failed, reads };
}

test('neighbours become one read of the disk, each gets its own answer', async () => {
  const file = new FakeFile(1 << 20);
  let release;
  file.hold = new Promise((resolve) => (release = resolve));
  const { sent, reads } = reader(file);
  for (let i = 0; i < 20; i++) reads.ask({ request: i, offset: i * 4096, length: 4096 });
  reads.ask({ request: 20, offset: 500000, length: 2048 });
  release();
  await until(() => sent.length === 21, 'all are answered');
  assert.equal(file.sliced.length, 6, 'four at once, then their neighbours as one, then the far one');
  for (const message of sent) {
    const request = message.readUInt32LE(4);
    assert.equal(message[0], 2);
    assert.equal(message.length, 8 + (request < 20 ? 4096 : 2048));
    assert.ok(holds(message, request < 20 ? request * 4096 : 500000), `${request} has its own bytes`);
  }
  assert.equal(new Set(sent.map((message) => message.readUInt32LE(4))).size, 21);
});

test('one place that cannot be read fails alone', async () => {
  const file = new FakeFile(1 << 20);
  let release;
  file.hold = new Promise((resolve) => (release = resolve));
  file.bad = (from, to) => from < 40000 && to > 36000;
  const { sent, failed, reads } = reader(file);
  for (let i = 0; i < 16; i++) reads.ask({ request: i, offset: i * 4096, length: 4096 });
  release();
  await until(() => sent.length === 16, 'all are answered');
  assert.deepEqual(sent.filter((message) => message[0] === 3).map((message) => [message[1], message.readUInt32LE(4)]).sort(), [[1, 8], [1, 9]]);
  assert.deepEqual(failed, [1, 1]);
});

test('a file that changed, vanished or became shorter is told as changed', async () => {
  for (const spoil of [(file) => (file.bad = () => true), (file) => (file.short = 1)]) {
    const file = new FakeFile(65536);
    spoil(file);
    const { sent, reads } = reader(file);
    reads.ask({ request: 3, offset: 8192, length: 512 });
    await until(() => sent.length, 'it is answered');
    assert.deepEqual([...sent[0]], [3, 2, 0, 0, 3, 0, 0, 0]);
  }
});

test('after stop nothing is sent', async () => {
  const file = new FakeFile(65536);
  const { sent, reads } = reader(file);
  reads.ask({ request: 1, offset: 0, length: 512 });
  reads.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(sent, []);
});

/** A gateway made of stubs: sockets that the test speaks through, answers to tickets and drives. */
class StubWorld {
  origin = 'https://kvm';
  sockets = [];
  asked = [];
  ticket = () => ({ status: 200, body: { ticket: TICKET } });
  drives = [];
  time = 0;
  now = () => this.time;

  fetch = async (url) => {
    this.asked.push(url);
    const { status, body } = url.includes('ticket') ? this.ticket() : { status: 200, body: { drives: this.drives } };
    if (!status) throw new TypeError('network');
    return { ok: status === 200, status, json: async () => body };
  };

  socket = (url, name) => {
    const socket = { url, name, sent: [], closed: false };
    socket.send = (bytes) => socket.sent.push(Buffer.from(bytes));
    socket.close = () => (socket.closed = true);
    socket.say = (message) => socket.onmessage?.({ data: toArrayBuffer(message) });
    socket.lose = () => socket.onclose?.();
    this.sockets.push(socket);
    queueMicrotask(() => socket.onopen?.());
    return socket;
  };

  /** The n-th connection, when it has said HELLO. */
  hello(n) {
    return until(() => this.sockets[n]?.sent.length && this.sockets[n], `hello ${n}`);
  }
}

const OPTIONS = { kind: '', overlay: 'none', writable: false, copy: true, bootOnce: false, rate: 0 };

function begin({ file = new FakeFile(1 << 20), id = null, world = new StubWorld() } = {}) {
  const states = [];
  const session = new MediaSession({ target: 'a b', drive: 1, file, options: OPTIONS, id }, (state) => states.push(state), world);
  return { world, session, states, file };
}

const helloId = (socket) => socket.sent[0].subarray(36, 52).toString('hex');

test('a session says HELLO with its ticket, serves reads in any number and reports', async () => {
  const { world, session } = begin();
  const socket = await world.hello(0);
  assert.equal(world.asked[0], 'https://kvm/api/v1/targets/a%20b/ticket?for=media');
  assert.deepEqual([socket.url, socket.name], ['wss://kvm/api/v1/targets/a%20b/media', 'lightsout.media.1']);
  assert.equal(helloId(socket), '0'.repeat(32));
  socket.say(ready());
  assert.deepEqual([session.state.phase, session.state.id], ['serving', ID]);
  for (let i = 0; i < 64; i++) socket.say(read(i, (63 - i) * 4096, 4096));
  await until(() => socket.sent.length === 65, 'all 64 are answered');
  socket.say(progress(10, 20, false));
  assert.deepEqual([session.state.copied, session.state.sent], [10, 64 * 4096]);
  session.withdraw();
  assert.deepEqual([...socket.sent.at(-1)], [4]);
  assert.deepEqual([session.state.phase, session.state.end, socket.closed], ['ended', 'withdrawn', true]);
});

test('a lost connection comes back with a new ticket and the medium’s id', async () => {
  const { world, session, states } = begin();
  (await world.hello(0)).say(ready());
  world.sockets[0].lose();
  assert.equal(session.state.phase, 'waiting');
  assert.match(session.state.why, /lost/);
  const second = await world.hello(1);
  assert.equal(helloId(second), ID);
  assert.equal(world.asked.filter((url) => url.includes('ticket')).length, 2);
  second.say(ready());
  assert.deepEqual(states.map(({ phase }) => phase), ['connecting', 'serving', 'waiting', 'connecting', 'serving']);
  session.withdraw();
});

test('answers that were on their way when the connection broke are not sent into the next', async () => {
  const file = new FakeFile(1 << 20);
  const { world, session } = begin({ file });
  const first = await world.hello(0);
  first.say(ready());
  let release;
  file.hold = new Promise((resolve) => (release = resolve));
  first.say(read(1, 0, 4096));
  first.lose();
  const second = await world.hello(1);
  second.say(ready());
  release();
  second.say(read(2, 4096, 4096));
  await until(() => second.sent.length === 2, 'the second is answered');
  assert.equal(second.sent[1].readUInt32LE(4), 2);
  session.withdraw();
});

for (const [what, spoil] of Object.entries({
  'a read behind the end': (socket) => socket.say(read(1, (1 << 20) - 100, 101)),
  'a read of nothing': (socket) => socket.say(read(1, 0, 0)),
  'a longer read than agreed': (socket) => socket.say(read(1, 0, 262145)),
  'the same request twice': (socket) => (socket.say(read(1, 0, 512)), socket.say(read(1, 512, 512))),
  'more requests than agreed': (socket) => Array.from({ length: 65 }, (_, i) => socket.say(read(i, i, 1))),
  'READY twice': (socket) => socket.say(ready()),
  'a text': (socket) => socket.onmessage({ data: 'hello' }),
}))
  test(`${what} ends the connection`, async () => {
    const { world, session } = begin();
    const socket = await world.hello(0);
    socket.say(ready());
    spoil(socket);
    assert.ok(socket.closed);
    assert.match(session.state.why, /cannot read/);
    session.withdraw();
  });

test('a read before READY ends the connection', async () => {
  const { world, session } = begin();
  (await world.hello(0)).say(read(1, 0, 1));
  assert.ok(world.sockets[0].closed);
  session.withdraw();
});

test('each END does what it says', async () => {
  for (const [number, name] of ['ejected', 'copied', 'refused', 'protocol', 'session', null, 'replaced', 'changed'].entries()) {
    const { world, session } = begin();
    (await world.hello(0)).say(ready());
    world.sockets[0].say(end(number + 1, 'Because.'));
    if (name) assert.deepEqual([session.state.phase, session.state.end, session.state.why], ['ended', name, 'Because.']);
    else assert.equal(session.state.phase, 'waiting', 'a gateway that stops comes back');
    session.withdraw();
  }
});

test('a refused ticket ends the session, a silent gateway does not', async () => {
  for (const [status, name] of [[401, 'session'], [403, 'right'], [404, 'target']]) {
    const world = new StubWorld();
    world.ticket = () => ({ status, body: { error: { message: 'No.' } } });
    const { session } = begin({ world });
    await until(() => session.ended, 'it ends');
    assert.deepEqual([session.state.end, session.state.why], [name, 'No.']);
  }
  const world = new StubWorld();
  world.ticket = () => ({ status: 0 });
  const { session } = begin({ world });
  await until(() => session.state.phase === 'waiting', 'it waits');
  world.ticket = () => ({ status: 200, body: { ticket: TICKET } });
  session.retryNow();
  await world.hello(0);
  session.withdraw();
});

test('a medium that went in although READY was lost is found again', async () => {
  const { world, session, file } = begin();
  const socket = await world.hello(0);
  world.drives = [{ index: 1, origin: 'stream', link: 'waiting', medium: file.name, size: file.size, id: ID }];
  socket.lose();
  assert.equal(helloId(await world.hello(1)), ID);
  session.withdraw();
});

test('a file that changed is told of until it is picked again', async () => {
  const { world, session, file } = begin();
  const socket = await world.hello(0);
  socket.say(ready());
  file.bad = () => true;
  socket.say(read(1, 0, 512));
  await until(() => session.state.trouble === 2, 'it is told');
  assert.equal(session.state.phase, 'serving');
  session.withdraw();
});
