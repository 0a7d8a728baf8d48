/* A stock tus client uploads to the real daemon: paused, with the gateway killed in the middle, resumed; then the image
 * is there, byte by byte. LIGHTSOUT_UPLOAD_MB: how much (24 unless told otherwise); the figures are printed. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, openSync, writeSync, closeSync, readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CREDENTIALS, Gateway, root } from './gateway.mjs';
import { until } from './until.mjs';

const require = createRequire(join(process.env.LIGHTSOUT_NODE ?? join(root, 'build/node'), 'package.json'));
const tus = require('tus-js-client');

const SIZE = Number(process.env.LIGHTSOUT_UPLOAD_MB ?? 24) * 1000000;
const LONG = 900000 + SIZE / 5000; // ms; catches hangs only

let gateway, cookie, sha256;

/** @returns {Promise<{status: number, headers: any, body: Buffer}>} */
function call(method, path, { headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const all = { Cookie: cookie ?? '', ...(body ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } : {}), ...headers };
    const r = request(`${gateway.url}${path}`, { method, headers: all, rejectUnauthorized: false, agent: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }));
      answer.on('error', reject);
    });
    r.on('error', reject);
    r.end(body);
  });
}

const json = async (method, path, body) => {
  const answer = await call(method, path, body ? { body: JSON.stringify(body) } : {});
  return { status: answer.status, ...JSON.parse(answer.body.toString() || '{}') };
};

/** A file of real bytes, made piece by piece. */
function makeFile(path) {
  const block = randomBytes(1 << 20);
  const hash = createHash('sha256');
  const fd = openSync(path, 'w');
  for (let at = 0, n = 0; at < SIZE; at += block.length, n++) {
    block.writeUInt32LE(n, (n * 7919) % (block.length - 4));
    const part = block.subarray(0, Math.min(block.length, SIZE - at));
    hash.update(part);
    writeSync(fd, part);
  }
  closeSync(fd);
  return hash.digest('hex');
}

/** Kilobytes that the gateway's process held at most. */
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid('gateway')}/status`, 'latin1'))?.[1]);

before(async () => {
  gateway = await Gateway.create({ demo: { machine: 'testcard' } });
  await gateway.start();
  sha256 = makeFile(gateway.path('debian.img'));
  const answer = await call('POST', '/api/v1/setup', { body: JSON.stringify({ secret: gateway.secret, ...CREDENTIALS }) });
  assert.equal(answer.status, 201, answer.body.toString());
  cookie = answer.headers['set-cookie'][0].split(';')[0];
});
after(() => {
  if (process.env.LIGHTSOUT_SHOW_LOG) console.log(gateway?.history);
  return gateway?.destroy();
});

/** Begins an upload; the promise is kept when it is through. */
function upload(path, metadata, more = {}) {
  let self;
  const done = new Promise((resolve, reject) => {
    self = new tus.Upload(createReadStream(path), {
      endpoint: `${gateway.url}/api/v1/uploads`,
      retryDelays: [200, 500, 1000, 2000, ...Array(20).fill(5000)], // until another gateway is there
      headers: { Cookie: cookie },
      httpStack: new tus.DefaultHttpStack({ rejectUnauthorized: false }),
      metadata,
      onSuccess: () => resolve(undefined),
      onError: reject,
      ...more,
    });
  });
  return { self, done };
}

const images = async () => (await json('GET', '/api/v1/images')).images.map((image) => image.name);
const newest = async () => (await json('GET', '/api/v1/uploads')).uploads[0];

test('an upload outlives a pause and a killed gateway', { timeout: LONG }, async () => {
  let sent = 0, killed = 0, paused = 0, resumed = false;
  const begun = Date.now();
  const running = gateway.pid('gateway');
  const { self, done } = upload(gateway.path('debian.img'), { filename: 'debian.img', sha256 }, {
    chunkSize: SIZE / 24, // so that pause and kill come in time, however fast the rest is
    onProgress: (bytes) => {
      sent = bytes;
      if (!paused && bytes > SIZE / 4) {
        paused = bytes;
        void self.abort().then(async () => {
          const state = await newest();
          assert.equal(state.phase, 'arriving');
          assert.equal(state.who, CREDENTIALS.user);
          assert.deepEqual(await images(), [], 'what is not whole is not listed');
          resumed = true;
          self.start();
        });
      } else if (resumed && !killed && bytes > SIZE / 2) {
        killed = bytes;
        process.kill(running, 'SIGKILL');
      }
    },
  });
  self.start();
  await done;
  const seconds = (Date.now() - begun) / 1000;
  assert.ok(paused && killed && sent === SIZE);
  const state = await until(async () => (await newest()).phase !== 'finishing' && newest(), 'it is finished', LONG);
  assert.equal(state.phase, 'done', state.why);
  assert.equal(state.sha256, sha256);
  const image = await json('GET', '/api/v1/images/debian.img');
  assert.equal(image.size, SIZE);
  assert.equal(image.sha256, sha256);
  assert.deepEqual(await images(), ['debian.img']);
  console.log(`upload: ${SIZE / 1e6} MB in ${seconds.toFixed(1)} s with pause and kill, ${(SIZE / 1e6 / seconds).toFixed(0)} MB/s; the gateway held ${(peak() / 1000).toFixed(0)} MB at most`);
});

test('it comes back the same, whole and from the middle', { timeout: LONG, skip: SIZE > 2e9 }, async () => {
  const hash = createHash('sha256');
  const whole = await new Promise((resolve, reject) => {
    let n = 0;
    request(`${gateway.url}/api/v1/images/debian.img/raw`, { headers: { Cookie: cookie }, rejectUnauthorized: false }, (answer) => {
      answer.on('data', (part) => {
        hash.update(part);
        n += part.length;
      });
      answer.on('end', () => resolve({ n, etag: answer.headers.etag }));
    }).on('error', reject).end();
  });
  assert.equal(whole.n, SIZE);
  assert.equal(hash.digest('hex'), sha256);
  const middle = await call('GET', '/api/v1/images/debian.img/raw', { headers: { Range: `bytes=${SIZE - 1000}-`, 'If-Range': whole.etag } });
  assert.equal(middle.status, 206);
  assert.equal(middle.headers['content-range'], `bytes ${SIZE - 1000}-${SIZE - 1}/${SIZE}`);
  const file = readFileSync(gateway.path('state/library/debian.img')).subarray(SIZE - 1000);
  assert.ok(middle.body.equals(file));
});

test('what the server refuses is told in words', async () => {
  const refused = await upload(gateway.path('debian.img'), { filename: 'debian.img' }, { retryDelays: null }).self;
  const error = await new Promise((resolve) => {
    refused.options.onError = resolve;
    refused.start();
  });
  assert.match(String(error), /409/);
  assert.match(String(error), /name-taken/);
  assert.equal(readdirSync(gateway.path('state/library/.uploads')).filter((name) => name.endsWith('.part')).length, 0);
});

test('renamed, and gone', async () => {
  assert.equal((await json('PATCH', '/api/v1/images/debian.img', { name: 'other.img' })).sha256, sha256);
  assert.equal((await json('DELETE', '/api/v1/images/other.img')).status, 204);
  assert.deepEqual(await images(), []);
});
