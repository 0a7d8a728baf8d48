/* Settings over REST, without a page: what counts at once in processes that run, two admins and one state, who may see and
 * change which part of it, and a trial that only a new connection ends. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import { after, before, test } from 'node:test';
import { CREDENTIALS, Gateway, Rest } from '../vm/target/client.mjs';
import { until } from './until.mjs';

/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let anna;
/** @type {import('node:http').Server} */ let server;
let port = 0;
const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

before(async () => {
  server = createServer((asked, answer) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(asked.headers.range ?? 'bytes=0-0') ?? [];
    const size = 1 << 20, [first, last] = [Number(from), Math.min(Number(to), size - 1)];
    answer.writeHead(206, { 'Accept-Ranges': 'bytes', ETag: '"one"', 'Content-Length': last - first + 1, 'Content-Range': `bytes ${first}-${last}/${size}` });
    answer.end(asked.method === 'HEAD' ? undefined : Buffer.alloc(last - first + 1));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  port = /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  const machine = { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', drives: 1, lifetime: 'supervisor' };
  gateway = await Gateway.create({ pc: machine, left: { machine: 'testcard' }, right: { machine: 'testcard' } }, { keys: { 'outward-allow': '127.0.0.1' } });
  await gateway.start();
  anna = new Rest(gateway);
  await anna.setUp();
});
after(async () => {
  agent.destroy();
  server?.close();
  await gateway?.destroy();
});

/** @param {object} changes @param {Rest} [rest] @param {string} [etag] of another state than the present one */
async function patch(changes, rest = anna, etag) {
  const base = etag ?? (await rest.ok('GET', '/config')).etag;
  return rest.call('PATCH', '/config', changes, { 'If-Match': `"${base}"` });
}
/** It is taken, and waits for nothing. @param {Record<string, string|null>} keys */
async function now(keys) {
  const answer = await patch({ gateway: keys });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(answer.body.waiting, []);
}
const audit = () => anna.ok('GET', '/audit/state');
const errorOf = (/** @type {{status: number, body: any}} */ answer) => [answer.status, answer.body?.error?.code];

test('where media may come from counts at once, and the gateway goes on', async () => {
  const insert = () => anna.call('POST', '/targets/pc/drives/0/insert', { url: `http://127.0.0.1:${port}/disk.img`, kind: 'disk' });
  const eject = () => anna.call('POST', '/targets/pc/drives/0/eject', {});
  const pids = () => ['gateway', 'keeper'].map((role) => gateway.pid(role));
  const before = pids();
  await until(async () => (await insert()).status === 200, 'the medium is inserted', 60000);
  await until(async () => (await eject()).status < 300, 'it is taken out');
  const outward = gateway.pid('outward');
  await now({ 'outward-deny': '127.0.0.0/8' });
  await until(async () => errorOf(await insert()).join() === '403,address-refused', 'the address is refused');
  assert.notEqual(gateway.pid('outward'), outward);
  await now({ 'outward-deny': null });
  await until(async () => (await insert()).status === 200, 'it is as before');
  const again = gateway.pid('outward');
  await now({ 'cache-memory': null });
  await until(async () => (await eject()).status < 300, 'it is taken out');
  assert.equal(gateway.pid('outward'), again, 'what is none of its affairs leaves it alone');
  assert.deepEqual(pids(), before);
});

test('how much of the audit log is kept, and where it goes, counts at once', async () => {
  await now({ 'audit-keep': '300000', 'audit-full': 'refuse', 'audit-syslog': '127.0.0.1:1' });
  await until(async () => (await audit()).keep === 300000, 'the keeper knows');
  const state = await audit();
  assert.deepEqual([state.full, state.syslog.used, state.file.used], ['refuse', true, false]);
  await now({ 'audit-keep': null, 'audit-full': null, 'audit-syslog': null });
  await until(async () => (await audit()).keep === 100000, 'it is as before');
  assert.equal((await audit()).syslog.used, false);
});

test('SIGHUP opens the audit log anew: another file, and one that was rotated', async () => {
  const lines = (/** @type {string} */ name) => (existsSync(gateway.path(name)) ? readFileSync(gateway.path(name), 'utf8').trim().split('\n') : []);
  const of = (/** @type {string} */ name, /** @type {string} */ detail) => lines(name).filter((line) => line.includes(detail)).length;
  gateway.keys['audit-file'] = gateway.path('audit.jsonl');
  gateway.reload();
  await until(async () => (await audit()).file.used, 'there is a file');
  await until(() => of('audit.jsonl', 'audit-keep: (default) -> 300000') === 1, 'it has all lines, once');
  renameSync(gateway.path('audit.jsonl'), gateway.path('audit.1'));
  gateway.reload();
  await until(() => existsSync(gateway.path('audit.jsonl')), 'there is a new one');
  await anna.ok('POST', '/users', { name: 'ben', password: CREDENTIALS.password, grants: [] });
  await until(() => of('audit.jsonl', 'ben') > 0, 'lines go there');
  assert.equal(of('audit.1', 'ben'), 0);
  gateway.reload();
  await anna.ok('DELETE', '/users/ben');
  await until(() => of('audit.jsonl', 'ben') > 1, 'it is the same file');
  assert.deepEqual(lines('audit.jsonl').filter((line) => !line.startsWith('{')), [], 'every line is whole');
  delete gateway.keys['audit-file'];
  gateway.reload();
  await until(async () => !(await audit()).file.used, 'none any more');
});

test('two admins: the second one gets the state and says again what counts', async () => {
  await anna.ok('POST', '/users', { name: 'berta', password: CREDENTIALS.password, role: 'Administrator' });
  const berta = new Rest(gateway);
  assert.equal((await berta.logIn('berta', CREDENTIALS.password)).status, 200);
  const { etag } = await anna.ok('GET', '/config');
  assert.deepEqual(errorOf(await anna.call('PATCH', '/config', { gateway: { 'cache-disk': '3G' } })), [428, 'no-base']);
  const first = await patch({ gateway: { 'cache-disk': '3G' } }, berta, etag);
  assert.equal(first.status, 200);
  const second = await patch({ gateway: { 'cache-memory': '128M' } }, anna, etag);
  assert.deepEqual(errorOf(second), [412, 'changed']);
  assert.equal(second.body.error.who, 'berta');
  assert.deepEqual([second.body.config.gateway['cache-disk'].value, second.body.config.gateway['cache-memory'].origin], ['3G', 'default'], 'nothing was changed');
  assert.equal(second.headers.etag, `"${first.body.etag}"`);
  assert.equal((await patch({ gateway: { 'cache-memory': '128M' } }, anna, first.body.etag)).status, 200);
});

test('of many at once with the same base, one is taken', async () => {
  const { etag } = await anna.ok('GET', '/config');
  const sizes = Array.from({ length: 12 }, (_, i) => `${4 + i}G`);
  const answers = await Promise.all(sizes.map((size) => patch({ gateway: { 'cache-disk': size } }, anna, etag)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(11).fill(412)]);
  const taken = sizes[answers.findIndex(({ status }) => status === 200)];
  assert.equal((await anna.ok('GET', '/config')).gateway['cache-disk'].value, taken);
});

test('who may configure one target reads and writes that one alone', async () => {
  await anna.ok('POST', '/users', { name: 'carl', password: CREDENTIALS.password, grants: [{ target: 'left', rights: ['view', 'configure'] }, { target: 'right', rights: ['view'] }] });
  const carl = new Rest(gateway);
  assert.equal((await carl.logIn('carl', CREDENTIALS.password)).status, 200);
  const config = await carl.ok('GET', '/config');
  assert.deepEqual([config.gateway, Object.keys(config.targets)], [undefined, ['left']]);
  assert.deepEqual([config.waiting, config.ignored, config.pending ?? null], [[], [], null]);
  assert.ok(!JSON.stringify(config).includes('127.0.0.1'), 'nothing of the gateway');
  assert.ok((await carl.ok('GET', '/config/keys')).keys.length > 0);
  assert.deepEqual(errorOf(await patch({ gateway: { 'cache-disk': '3G' } }, carl)), [403, 'forbidden']);
  assert.deepEqual(errorOf(await patch({ targets: { right: { title: 'x' } } }, carl)), [403, 'forbidden']);
  assert.deepEqual(errorOf(await patch({ targets: { pc: { title: 'x' } } }, carl)), [404, 'no-such-target'], 'what cannot be seen is not there');
  assert.deepEqual(errorOf(await patch({ targets: { left: { title: 'mine' }, right: { title: 'x' } } }, carl)), [403, 'forbidden']);
  assert.deepEqual(errorOf(await carl.call('POST', '/config/test', { gateway: { 'cache-disk': '3G' } })), [403, 'forbidden']);
  for (const [method, path] of [['POST', '/targets'], ['DELETE', '/targets/left'], ['GET', '/devices'], ['POST', '/gateway/restart'], ['POST', '/backup'], ['GET', '/pending-change'], ['POST', '/pending-change/confirm']])
    assert.equal((await carl.call(method, path)).status, 403, `${method} ${path}`);
  assert.equal((await anna.ok('GET', '/targets/left')).title, '', 'nothing of it was done');
  const good = await patch({ targets: { left: { title: 'mine' } } }, carl);
  assert.equal(good.status, 200, JSON.stringify(good.body));
  assert.deepEqual([good.body.gateway, good.body.targets.left.keys.title.changed.who], [undefined, 'carl']);
  const other = await patch({ gateway: { 'cache-disk': '5G' } }, carl, config.etag);
  assert.equal(other.status, 403, 'rights come before what somebody else changed');
  const late = await patch({ targets: { left: { title: 'again' } } }, carl, config.etag);
  assert.deepEqual([late.status, late.body.config.gateway], [412, undefined], 'nor does a refusal tell more');
});

/** Over one connection that stays. @param {string} method @param {string} path @returns {Promise<{status: number, body: any}>} */
function overOne(method, path, body = {}, headers = {}) {
  const text = method === 'GET' ? '' : JSON.stringify(body);
  const all = { Host: `localhost:${gateway.port}`, Origin: gateway.url, Cookie: anna.cookie, 'Content-Type': 'application/json', 'Content-Length': `${text.length}`, ...headers };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: gateway.port, method, path: `/api/v1${path}`, headers: all, agent }, (answer) => {
      let said = '';
      answer.on('data', (data) => (said += data));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: said && JSON.parse(said) }));
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

test('addresses on trial are confirmed over a connection that was made afterwards', async () => {
  const { etag } = (await overOne('GET', '/config')).body;
  const answer = await overOne('PATCH', '/config', { gateway: { 'trusted-proxies': '192.0.2.10' } }, { 'If-Match': `"${etag}"` });
  assert.deepEqual([answer.status, answer.body.pending?.kind, answer.body.pending?.who], [202, 'listeners', 'anna']);
  assert.deepEqual(errorOf(await overOne('POST', '/pending-change/confirm')), [409, 'old-connection']);
  assert.deepEqual(errorOf(await patch({ gateway: { 'base-path': '/kvm' } })), [409, 'not-now'], 'one at a time');
  assert.equal((await patch({ gateway: { 'cache-disk': '6G' } })).status, 200, 'others go on');
  const said = gateway.log.length;
  gateway.reload();
  await until(() => /the configuration was read anew/.test(gateway.log.slice(said)), 'SIGHUP is served');
  assert.equal((await anna.ok('GET', '/pending-change')).change?.kind, 'listeners', 'a reload neither keeps nor undoes it');
  assert.ok((await anna.call('POST', '/pending-change/confirm')).status < 300);
  assert.deepEqual(errorOf(await anna.call('POST', '/pending-change/confirm')), [409, 'nothing-pending']);
  assert.equal((await anna.ok('GET', '/config')).gateway['trusted-proxies'].value, '192.0.2.10');
});

test('a disk that takes only a part takes nothing, and what is on trial waits for it', async () => {
  const full = (/** @type {string} */ name) => {
    const place = gateway.path(`state/conf.d/${name}.conf.new`);
    mkdirSync(place);
    writeFileSync(`${place}/in-the-way`, '');
    return () => rmSync(place, { recursive: true });
  };
  const ownFile = () => readFileSync(gateway.path('state/conf.d/gateway.conf'), 'utf8');
  const before = ownFile();
  const free = full('target-right');
  const answer = await patch({ gateway: { 'cache-disk': '9G' }, targets: { left: { title: 'new' }, right: { title: 'new' } } });
  assert.deepEqual(errorOf(answer), [503, 'failed']);
  assert.match(answer.body.error.message, /conf\.d/);
  assert.equal(ownFile(), before, 'the part that was written is as before');
  gateway.reload();
  const { gateway: keys, targets } = await anna.ok('GET', '/config');
  assert.deepEqual([keys['cache-disk'].value === '9G', targets.left.keys.title.value === 'new'], [false, false]);
  free();
  assert.equal((await patch({ gateway: { 'trusted-proxies': '192.0.2.77' } })).status, 202);
  const again = full('gateway');
  assert.equal((await anna.call('POST', '/pending-change/revert')).status, 503);
  assert.equal((await anna.ok('GET', '/pending-change')).change?.kind, 'listeners', 'it goes on');
  again();
  assert.ok((await anna.call('POST', '/pending-change/revert')).status < 300);
  assert.equal((await anna.ok('GET', '/config')).gateway['trusted-proxies'].value, '192.0.2.10');
});

test('a backup while targets come and go; one at a time', async () => {
  const passphrase = 'four words for a test';
  const backup = () => anna.call('POST', '/backup', { passphrase });
  const coming = (async () => {
    for (let i = 0; i < 4; i++) {
      assert.equal((await anna.call('POST', '/targets', { name: `t${i}`, settings: { machine: 'testcard' } })).status, 201);
      assert.equal((await anna.call('DELETE', `/targets/t${i}?force=1`)).status, 204);
    }
  })();
  // one may be through before the other's request has come: again then
  const file = await until(async () => {
    const [good, other] = (await Promise.all([backup(), backup()])).sort((a, b) => a.status - b.status);
    assert.equal(good.status, 200);
    assert.ok([200, 409].includes(other.status), `${other.status}`);
    return other.status === 409 && good;
  }, 'two of them meet');
  await coming;
  assert.ok(file.bytes.length > 10000);
  assert.deepEqual(readdirSync(gateway.path('state')).filter((name) => /backup/.test(name)), [], 'it has no name there');
  assert.deepEqual(errorOf(await anna.call('POST', '/backup', { passphrase: 'short' })), [422, 'weak-passphrase']);
});

test('a backup where the supervisor is neither root nor the owner of the state folder, as in the package', async (t) => {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/setpriv')) return t.skip('only root can start it so');
  const own = await Gateway.create({ card: { machine: 'testcard' } });
  const rights = '+setuid,+setgid,+kill,+chown,+fowner,+dac_override';
  const start = ['#!/bin/sh', `exec setpriv --reuid 61990 --regid 61990 --clear-groups --no-new-privs --inh-caps=${rights} --ambient-caps=${rights} ${own.program} "$@"`, ''];
  writeFileSync(own.path('as-a-unit'), start.join('\n'), { mode: 0o755 });
  own.program = own.path('as-a-unit');
  try {
    await own.start();
    assert.notEqual(statSync(own.path('state')).uid, 61990);
    const rest = new Rest(own);
    await rest.setUp();
    const answer = await rest.call('POST', '/backup', { passphrase: 'four words for a test' });
    assert.equal(answer.status, 200, JSON.stringify(answer.body) + own.log.slice(-800));
    assert.ok(answer.bytes.length > 10000);
  } finally {
    await own.destroy();
  }
});
