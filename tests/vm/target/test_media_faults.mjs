/* A seeded fault plan through the real stack: a web server that refuses, hangs up, is slow, breaks off, sends too little or
 * something else, under a machine whose guest reads. What the guest gets is the source's bytes, or an error. SEED=N
 * repeats a run. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { Gateway, MACHINE, assertSane, localClient } from './client.mjs';
import { CHUNK, GuestShell } from './guest_shell.mjs';
import { WebSource, random } from './web_source.mjs';

const ISO = 'tiny-os-installer.iso';
const CHUNKS = 160;
const seed = Number(process.env.SEED ?? 5);

/** @type {Gateway} */ let gateway;
/** @type {ReturnType<typeof localClient>} */ let client;
/** @type {WebSource} */ let web;
/** @type {GuestShell} */ let guest;
let device = '';

/** @param {number} of seed of its bytes */
function bytesOf(of) {
  const next = random(of);
  const words = new Uint32Array((CHUNKS * CHUNK) / 4);
  for (let i = 0; i < words.length; i++) words[i] = next() * 2 ** 32;
  return Buffer.from(words.buffer);
}

const md5 = (/** @type {Buffer} */ bytes) => createHash('md5').update(bytes).digest('hex');
const sums = (/** @type {Buffer} */ bytes) => Array.from({ length: CHUNKS }, (_, i) => md5(bytes.subarray(i * CHUNK, (i + 1) * CHUNK)));
const drive = async () => (await client.json('media', 'list', 'demo')).drives[1];

before(async () => {
  console.log(`# seed ${seed}`);
  web = await WebSource.create(bytesOf(seed));
  gateway = await Gateway.create(
    { demo: { ...MACHINE, memory: 256, drives: 2 } },
    { keys: { 'cache-memory': '4M', 'cache-disk': '0', 'outward-allow': '127.0.0.0/8' } },
  );
  mkdirSync(gateway.path('images'), { mode: 0o755 });
  copyFileSync(/** @type {string} */ (process.env.INSTALLER_ISO), gateway.path(`images/${ISO}`));
  chmodSync(gateway.path(`images/${ISO}`), 0o644);
  await gateway.start();
  client = localClient(gateway);
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
  await client.ok('media', 'insert', 'demo', ISO);
  guest = await GuestShell.boot(gateway, client);
  await client.ok('media', 'insert', 'demo', '--url', web.url, '--kind', 'disk', '--drive', '1');
  device = await guest.device(CHUNKS * CHUNK);
});

after(async () => {
  guest?.close();
  web?.destroy();
  await gateway?.stop();
  if (gateway) assertSane(gateway);
  await gateway?.destroy();
});

test('half of the answers are broken: each chunk is the source\'s, or an error', async () => {
  const right = sums(/** @type {Buffer} */ (web.bytes));
  web.dice = random(seed + 1);
  const got = await guest.chunks(device, 0, CHUNKS);
  web.dice = null;
  const errors = got.filter((sum) => !sum).length;
  console.log(`# ${errors} of ${CHUNKS} chunks were errors; ${web.requests} requests, ${JSON.stringify(web.faults)}`);
  got.forEach((sum, i) => assert.ok(!sum || sum === right[i], `chunk ${i}`));
  assert.ok(Object.keys(web.faults).length >= 4, 'faults were met');
  assert.ok(errors < CHUNKS / 2, 'most could be read all the same');
});

test('the server is good again: all can be read', async () => {
  assert.deepEqual(await guest.chunks(device, 0, CHUNKS), sums(/** @type {Buffer} */ (web.bytes)));
  assert.equal((await drive()).link, 'good');
});

test('the file is another one now: nothing of it is served', async () => {
  const right = sums(/** @type {Buffer} */ (web.bytes));
  web.bytes = bytesOf(seed + 2);
  web.etag = '"second"';
  const got = await guest.chunks(device, 0, CHUNKS);
  got.forEach((sum, i) => assert.ok(!sum || sum === right[i], `chunk ${i}`));
  assert.ok(got.filter((sum) => !sum).length > CHUNKS / 4, 'what was not in memory is an error');
  const { link, paused, words, reason } = await drive();
  assert.deepEqual([link, paused], ['lost', false], words);
  assert.match(`${words} ${reason}`, /changed|another/i);
  await client.ok('media', 'eject', 'demo', '--drive', '1', '--force');
  await client.ok('media', 'insert', 'demo', '--url', web.url, '--kind', 'disk', '--drive', '1');
  device = await guest.device(CHUNKS * CHUNK);
  assert.deepEqual(await guest.chunks(device, 0, CHUNKS), sums(/** @type {Buffer} */ (web.bytes)));
});
