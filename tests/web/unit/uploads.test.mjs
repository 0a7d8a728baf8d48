/* Uploads by tus against a server made of a stub: resume, offsets that differ, losses, refusals; rates; remembered files. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceWords } from '../../../html5-client/media/file_memory.js';
import { RateMeter } from '../../../html5-client/media/rate_meter.js';
import { TusUpload, isPacked, libraryName } from '../../../html5-client/media/tus.js';
import { until } from '../until.mjs';

/** As docs/api.md has it: one upload, bytes that are kept, and the faults a network and a disk have. */
class StubServer {
  requests = [];
  stored = Buffer.alloc(0);
  size = null;
  metadata = '';
  id = '';
  phase = 'arriving';
  time = 0;
  /** Called before each request is answered; what it gives is the answer instead. */
  fault = () => null;

  now = () => (this.time += 1000);
  wait = async () => void (this.time += 1000);

  send = async (request) => {
    this.requests.push(`${request.method} ${request.url.replace('/api/v1', '')}`);
    const fault = await this.fault(request);
    if (fault) return answer(fault.status, fault.headers, fault.body);
    if (request.signal.aborted) return answer(0);
    return this[request.method.toLowerCase()](request);
  };

  post({ headers }) {
    this.size = Number(headers['Upload-Length']);
    this.metadata = headers['Upload-Metadata'];
    this.id = 'a1b2c3';
    this.stored = Buffer.alloc(0);
    return answer(201, { Location: `/api/v1/uploads/${this.id}` });
  }

  head() {
    return this.id ? answer(200, { 'Upload-Offset': this.stored.length, 'Upload-Length': this.size }) : answer(404);
  }

  async patch({ headers, body, progress }) {
    if (Number(headers['Upload-Offset']) !== this.stored.length) return answer(409);
    assert.equal(headers['Content-Type'], 'application/offset+octet-stream');
    const bytes = Buffer.from(await body.arrayBuffer());
    progress(bytes.length / 2);
    this.stored = Buffer.concat([this.stored, bytes]);
    return answer(204, { 'Upload-Offset': this.stored.length });
  }

  get({ url }) {
    if (!this.id && !url.endsWith('/uploads')) return answer(404);
    if (this.phase === 'arriving' && this.stored.length === this.size) this.phase = 'done';
    const upload = { id: this.id, name: 'debian.iso', folder: null, phase: this.phase, size: this.size, offset: this.stored.length, unpacked: 0, sha256: 'ab' };
    return answer(200, {}, { ...upload, uploads: this.id ? [upload] : [] });
  }

  delete() {
    this.id = '';
    return answer(204);
  }
}

const answer = (status, headers = {}, body = null) => ({ status, header: (name) => (name in headers ? String(headers[name]) : null), body });
const error = (status, code, message) => ({ status, body: { error: { code, message } } });

const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 253));
const makeFile = (name = 'debian.iso') => new File([content], name, { lastModified: 1780000000000 });

function begin({ server = new StubServer(), file = makeFile(), id = null, folder = null } = {}) {
  const states = [];
  const upload = new TusUpload({ file, name: libraryName(file.name), folder, id }, () => states.push({ ...upload.state }), server);
  return { server, upload, states };
}

test('a file is created, sent and followed until it is in the library', async () => {
  const { server, upload, states } = begin({ folder: 'answer files' });
  await upload.run({ replace: true });
  assert.equal(upload.state.phase, 'done');
  assert.ok(server.stored.equals(content));
  const text = Object.fromEntries(server.metadata.split(',').map((pair) => pair.split(' ')).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
  assert.deepEqual(text, { filename: 'debian.iso', folder: 'answer files', replace: 'true' });
  assert.equal(upload.state.sha256, 'ab');
  assert.ok(states.some(({ offset, rate }) => offset === 2500 && rate > 0), 'progress within a request is told, with a rate');
});

test('names are sent as UTF-8', async () => {
  const { server, upload } = begin({ file: makeFile('später ü.iso') });
  await upload.run();
  assert.equal(Buffer.from(server.metadata.split(' ')[1], 'base64').toString(), 'später ü.iso');
});

test('an upload begun before goes on from the gateway’s offset', async () => {
  const server = new StubServer();
  server.post({ headers: { 'Upload-Length': '5000', 'Upload-Metadata': '' } });
  server.stored = content.subarray(0, 1234);
  const { upload } = begin({ server, id: 'a1b2c3' });
  await upload.run();
  assert.ok(server.stored.equals(content));
  assert.deepEqual(server.requests.slice(0, 2), ['HEAD /uploads/a1b2c3', 'PATCH /uploads/a1b2c3']);
});

test('a network that fails in the middle costs only what was not there yet', async () => {
  const { server, upload, states } = begin();
  let losses = 2;
  server.fault = async ({ method, body }) => {
    if (method !== 'PATCH' || !losses--) return null;
    server.stored = Buffer.concat([server.stored, Buffer.from(await body.slice(0, 1000).arrayBuffer())]);
    return { status: 0 };
  };
  await upload.run();
  assert.ok(server.stored.equals(content));
  assert.ok(states.some(({ phase, why }) => phase === 'waiting' && /goes on by itself/.test(why)));
  assert.equal(server.requests.filter((line) => line.startsWith('POST')).length, 1);
});

test('an offset that differs is asked for anew', async () => {
  const { server, upload } = begin();
  let first = true;
  server.fault = ({ method }) => {
    if (method !== 'PATCH' || !first) return null;
    first = false;
    server.stored = content.subarray(0, 777); // another writer was faster
    return { status: 409 };
  };
  await upload.run();
  assert.ok(server.stored.equals(content));
});

test('a creation that nobody answered is looked for before another is made', async () => {
  const { server, upload } = begin();
  let first = true;
  server.fault = (request) => {
    if (request.method !== 'POST' || !first) return null;
    first = false;
    server.post(request);
    return { status: 0 };
  };
  await upload.run();
  assert.equal(upload.state.phase, 'done');
  assert.equal(server.requests.filter((line) => line.startsWith('POST')).length, 1);
});

test('an upload that expired begins anew', async () => {
  const { server, upload } = begin({ id: 'deadbeef' });
  await upload.run();
  assert.equal(upload.state.phase, 'done');
  assert.ok(server.stored.equals(content));
});

test('an upload that failed on the gateway is not sent for ever', async () => {
  const { server, upload } = begin();
  server.fault = ({ method, url }) => {
    if (method === 'PATCH') return { status: 410, body: { error: { code: 'failed', message: 'No.' } } };
    return method === 'GET' && url.endsWith('a1b2c3') ? { status: 200, body: { phase: 'failed', why: 'The disk has an error.' } } : null;
  };
  await upload.run();
  assert.deepEqual([upload.state.phase, upload.state.why], ['failed', 'The disk has an error.']);
});

test('bodies that are too long for something on the way become shorter', async () => {
  const { server, upload } = begin();
  const sizes = [];
  let refusals = 3;
  server.fault = ({ method, body }) => {
    if (method !== 'PATCH') return null;
    sizes.push(body.size);
    return refusals-- > 0 ? { status: 413 } : null;
  };
  await upload.run();
  assert.equal(upload.state.phase, 'done');
  refusals = 99;
  const again = begin({ server });
  await again.upload.run();
  assert.deepEqual([again.upload.state.phase, again.upload.state.code], ['failed', '413']);
});

test('refusals are told in the gateway’s words', async () => {
  for (const [fault, phase, code] of [
    [error(409, 'name-taken', 'The library has debian.iso.'), 'failed', 'name-taken'],
    [error(507, 'no-room', 'Only 3 GB are free.'), 'paused', 'no-room'],
    [error(401, 'login', 'Log in.'), 'paused', 'session'],
    [error(422, 'bad-name', 'The name may not begin with a dot.'), 'failed', 'bad-name'],
  ]) {
    const { server, upload } = begin();
    server.fault = ({ method }) => (method === 'POST' ? fault : null);
    await upload.run();
    assert.deepEqual([upload.state.phase, upload.state.code], [phase, code]);
    if (code !== 'session') assert.equal(upload.state.why, fault.body.error.message);
    server.fault = () => null;
    await upload.run({ replace: true });
    assert.equal(upload.state.phase, 'done', `${code} can be tried again`);
  }
});

test('room that runs out in the middle pauses, and it goes on where it stood', async () => {
  const { server, upload } = begin();
  server.fault = ({ method }) => {
    if (method !== 'PATCH') return null;
    server.stored = content.subarray(0, 2000);
    return error(507, 'no-room', 'The library is full.');
  };
  await upload.run();
  assert.deepEqual([upload.state.phase, upload.state.why], ['paused', 'The library is full.']);
  server.fault = () => null;
  await upload.run();
  assert.ok(server.stored.equals(content));
});

test('pause stops, resume goes on, cancel throws away', async () => {
  const { server, upload } = begin();
  server.fault = async ({ method, signal }) => {
    if (method !== 'PATCH') return null;
    await until(() => signal.aborted, 'it is paused');
    server.stored = content.subarray(0, 300);
    return { status: 0 };
  };
  const running = upload.run();
  await until(() => server.requests.at(-1)?.startsWith('PATCH'), 'it sends');
  upload.pause();
  await running;
  assert.equal(upload.state.phase, 'paused');
  server.fault = () => null;
  await upload.run();
  assert.ok(server.stored.equals(content));
  await upload.cancel();
  assert.equal(server.requests.at(-1), 'DELETE /uploads/a1b2c3');
});

test('a file that can no longer be read ends the upload', async () => {
  const file = makeFile();
  const { server, upload } = begin({ file });
  server.fault = ({ method }) => {
    if (method !== 'PATCH') return null;
    file.slice = () => ({ arrayBuffer: () => Promise.reject(new Error('changed')) });
    return { status: 0 };
  };
  await upload.run();
  assert.deepEqual([upload.state.phase, upload.state.code], ['failed', 'unreadable']);
});

test('what the gateway finds wrong after the last byte is told', async () => {
  const { server, upload } = begin();
  server.fault = ({ method, url }) =>
    method === 'GET' && url.endsWith('a1b2c3') ? { status: 200, body: { phase: 'failed', why: 'It unpacks to more than 1000 times its size.' } } : null;
  await upload.run();
  assert.deepEqual([upload.state.phase, upload.state.why], ['failed', 'It unpacks to more than 1000 times its size.']);
});

test('packed names', () => {
  assert.deepEqual(['a.img.xz', 'a.iso.GZ', 'a.zst', 'a.iso', '.gz'].map(libraryName), ['a.img', 'a.iso', 'a', 'a.iso', '.gz']);
  assert.deepEqual(['a.img.xz', 'a.iso'].map(isPacked), [true, false]);
});

test('a rate is of late, and is not told too soon', () => {
  const meter = new RateMeter();
  meter.add(0, 0);
  meter.add(500, 1e6);
  assert.equal(meter.rate, 0);
  assert.equal(meter.secondsFor(100), null);
  meter.add(1000, 2e6);
  assert.equal(meter.rate, 2e6);
  for (let at = 2000; at <= 60000; at += 1000) meter.add(at, 2e6 + at * 10);
  assert.ok(Math.abs(meter.rate - 10000) < 1, `${meter.rate}`);
  meter.add(61000, 5);
  assert.equal(meter.rate, 0, 'what goes back begins anew');
});

test('a picked file is compared before it is sent', () => {
  const file = makeFile();
  assert.equal(differenceWords(file, { name: 'debian.iso', size: 5000, modified: 1780000000000 }), '');
  assert.equal(differenceWords(file, { name: 'debian.iso', size: 5000 }), '');
  assert.match(differenceWords(file, { name: 'debian.iso', size: 5001 }), /another file/);
  assert.match(differenceWords(file, { name: 'debian.iso', size: 5000, modified: 1 }), /was changed since/);
});
