/* Secrets that are used once in a real session, and then looked for: in the log, in arguments and environments of all
 * processes, in every file that is kept, in the memory of the parts that must not have them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { family, files, found, isRoot, memory } from './canary.mjs';
import { Gateway } from './gateway.mjs';
import { call, closeAgent } from './matrix.mjs';
import { until } from './until.mjs';

const word = (/** @type {string} */ name) => `${name}-canary-${process.pid}-zq7`;
/** @type {Record<string, string>} */ const secrets = {
  password: word('password'), 'new password': word('renewed'), 'wrong password': word('mistyped'), 'typed text': word('typed'), 'password of a URL': word('remote'),
};
/** @type {Gateway} */ let gateway;
/** @type {import('node:http').Server} */ let server;
/** @type {Record<string, string>} */ let cookie;
let fetched = 0;

/** @param {string} method @param {string} path @param {any} body @param {Record<string, string>} [headers] */
async function ask(method, path, body, headers = cookie) {
  return call(gateway, { method, path: `/api/v1${path}`, access: '', rights: [], line: '' }, { headers, body: JSON.stringify(body) });
}
const cookieOf = (/** @type {{headers: import('node:http').IncomingHttpHeaders}} */ answer) =>
  /__Host-lightsout=[0-9a-f]{64}/.exec((answer.headers['set-cookie'] ?? []).join(';'))?.[0] ?? '';

before(async () => {
  server = createServer((request, response) => {
    fetched += request.headers.authorization ? 1 : 0;
    if (!request.headers.authorization) return void response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
    const [, from, last] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const size = 1 << 20, first = Number(from ?? 0), end = last ? Math.min(Number(last), size - 1) : size - 1;
    response.writeHead(from ? 206 : 200, { 'Accept-Ranges': 'bytes', ETag: '"canary"', 'Content-Length': end - first + 1, ...(from ? { 'Content-Range': `bytes ${first}-${end}/${size}` } : {}) });
    response.end(request.method === 'HEAD' ? undefined : Buffer.alloc(end - first + 1));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  gateway = await Gateway.create({ pc: { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', drives: 1, lifetime: 'supervisor' }, card: { machine: 'testcard' } }, { keys: { 'outward-allow': '127.0.0.1' } });
  await gateway.start();
});
after(async () => {
  closeAgent();
  server?.close();
  await gateway?.destroy();
});

test('everything secret is used once', async () => {
  const first = await ask('POST', '/setup', { secret: gateway.secret, user: 'anna', password: secrets.password }, {});
  assert.equal(first.status, 201, JSON.stringify(first.body));
  secrets['set-up secret'] = gateway.secret;
  assert.equal((await ask('POST', '/session', { user: 'anna', password: secrets['wrong password'] }, {})).status, 401);
  const session = await ask('POST', '/session', { user: 'anna', password: secrets.password }, {});
  assert.equal(session.status, 200, JSON.stringify(session.body));
  cookie = { Cookie: cookieOf(session) };
  secrets['session token'] = cookie.Cookie.split('=')[1];
  const token = await ask('POST', '/account/tokens', { name: 'canary', expires: 3600 });
  assert.equal(token.status, 201, JSON.stringify(token.body));
  secrets['API token'] = token.body.token;
  assert.equal((await ask('GET', '/session', undefined, { Authorization: `Bearer ${token.body.token}` })).status, 200);
  const factor = await ask('POST', '/account/totp', {});
  assert.equal(factor.status, 200, JSON.stringify(factor.body));
  secrets['second factor'] = factor.body.secret;
  const typed = await ask('POST', '/targets/card/type', { text: secrets['typed text'], layout: 'us' });
  assert.equal(typed.status, 202, JSON.stringify(typed.body));
  await until(async () => (await ask('GET', '/targets/card/type', undefined)).body.state === 'done', 'all of it is typed, and forgotten');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await until(async () => (await ask('POST', '/targets/pc/drives/0/insert', { url: `http://127.0.0.1:${port}/disk.img`, kind: 'disk', user: 'ben', password: secrets['password of a URL'] })).status === 200, 'a medium is inserted', 60000);
  await until(() => fetched > 0, 'the server was asked with the password');
  assert.equal((await ask('PUT', '/account/password', { password: secrets.password, new: secrets['new password'] })).status, 204);
});

test('nothing of it is in the log', () => {
  const log = gateway.history.split('\n').filter((line) => !line.includes(gateway.secret) || !/set-up/.test(line)).join('\n'); // it is shown once, on purpose
  assert.deepEqual(found(Buffer.from(log), secrets), []);
});

test('nothing of it is in arguments and environments', () => {
  const pids = family(gateway.supervisor);
  assert.ok(pids.length >= 5, `${pids}`);
  for (const pid of pids)
    for (const name of ['cmdline', 'environ']) {
      let bytes = Buffer.alloc(0);
      try {
        bytes = readFileSync(`/proc/${pid}/${name}`);
      } catch {
        continue; // not root: what runs as others is closed to us, as to everybody
      }
      assert.deepEqual(found(bytes, secrets), [], `${name} of process ${pid}`);
    }
});

test('nothing of it is in a file that is kept', () => {
  const kept = files(gateway.path('state'));
  assert.ok(kept.some((path) => path.endsWith('keeper.db')), `${kept}`);
  let read = 0;
  for (const path of kept) {
    if (!existsSync(path)) continue; // it was another's for a moment
    assert.deepEqual(found(readFileSync(path), secrets), [], path);
    read++;
  }
  assert.ok(read > kept.length / 2);
});

test('a dump of a part has nothing that is none of its own', { skip: isRoot() ? false : 'only root may read the memory of processes' }, async () => {
  const needs = { outward: ['password of a URL'], keeper: ['second factor'], gateway: ['password of a URL'] };
  assert.equal((await ask('DELETE', '/session', undefined)).status, 204);
  // what libwebsockets read last stays in its buffers until it reads something else
  const more = { 'X-Fill': 'x'.repeat(3000), Cookie: `lightsout-none=${'0'.repeat(200)}` };
  for (let i = 0; i < 8; i++) await Promise.all([0, 1, 2, 3].map(() => ask('POST', '/session', { user: 'nobody-at-all', password: 'x'.repeat(8000) }, more)));
  /** @type {string[]} */ const seen = [];
  for (const [role, own] of Object.entries(needs)) {
    const others = Object.fromEntries(Object.entries(secrets).filter(([name]) => !own.includes(name)));
    const names = new Set();
    const size = memory(gateway.pid(role), (bytes) => found(bytes, others).forEach((name) => names.add(name)));
    assert.ok(size > 1 << 20, role);
    seen.push(...[...names].map((name) => `${role}: ${name}`));
  }
  assert.deepEqual(seen, []);
});
