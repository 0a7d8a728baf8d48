/* Behind a real nginx below /kvm/: page, console websocket and upload in the browser, and whose address the audit log takes
 * for the peer: the client's only when the proxy is trusted, and never what the client wrote itself. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { complaints, launch, newPage, openConsole, setUp } from './browser.mjs';
import { CREDENTIALS, Gateway, freePort } from './gateway.mjs';
import { Nginx } from './nginx.mjs';
import { until } from './until.mjs';

const BASE = '/kvm';
const SIZE = 5 << 20;
let gateway, nginx, browser, page, direct;

before(async () => {
  const port = await freePort();
  gateway = await Gateway.create({ pc: { machine: 'testcard' } }, {
    names: `localhost:${port} localhost`,
    keys: { 'base-path': BASE, 'trusted-proxies': '127.0.0.1' },
  });
  mkdirSync(gateway.path('images'));
  chmodSync(gateway.path('images'), 0o777); // started as root it drops to a user who must write there
  await gateway.start();
  nginx = await Nginx.start({ folder: gateway.path('nginx'), port, base: BASE, upstream: gateway.port });
  direct = gateway.url;
  gateway.url = `https://localhost:${port}${BASE}`;
  browser = await launch();
  page = await newPage(browser);
  page.on('dialog', (dialog) => dialog.accept());
});
after(async () => {
  await browser?.close();
  await nginx?.stop();
  await gateway?.destroy();
});

/** One request; redirects are not followed. */
const ask = (method, url, headers = {}, body = '', localAddress = '127.0.0.1') =>
  new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers };
    const r = request(url, { method, headers: all, localAddress, family: 4, rejectUnauthorized: false, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (data) => (text += data)).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    r.on('error', reject);
    r.end(body);
  });

const logInAs = (url, headers = {}) =>
  ask('POST', `${url}/api/v1/session`, { origin: new URL(url).origin, ...headers }, JSON.stringify(CREDENTIALS));

test('the page works below the path: set-up, console, upload', async () => {
  await setUp(page, gateway);
  await openConsole(page, gateway, 'pc');
  const cookies = (await page.context().cookies(`${gateway.url}/`)).filter((cookie) => cookie.name === '__Secure-lightsout');
  assert.equal(cookies.length, 1);
  assert.deepEqual([cookies[0].path, cookies[0].secure, cookies[0].httpOnly, cookies[0].sameSite], [`${BASE}/`, true, true, 'Strict']);
  assert.equal((await page.context().cookies(new URL('/', gateway.url).href)).filter((c) => /lightsout/.test(c.name)).length, 0);

  await page.goto(`${gateway.url}/#/`);
  const told = await page.evaluate(async () => {
    const size = 3;
    const create = await fetch('api/v1/uploads', { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(size), 'Upload-Metadata': `filename ${btoa('a.img')}` } });
    return { status: create.status, location: create.headers.get('Location') };
  });
  assert.equal(told.status, 201);
  assert.match(told.location, /^\/kvm\/api\/v1\/uploads\/[0-9a-f]+$/);
  const sent = await page.evaluate(async (size) => {
    const body = new Uint8Array(size).fill(7);
    const create = await fetch('api/v1/uploads', { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(size), 'Upload-Metadata': `filename ${btoa('big.img')}` } });
    const put = await fetch(create.headers.get('Location'), {
      method: 'PATCH', body, headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' },
    });
    return [put.status, put.headers.get('Upload-Offset')];
  }, SIZE);
  assert.deepEqual(sent, [204, String(SIZE)]);
  await until(() => {
    try {
      return readFileSync(join(gateway.path('images'), 'big.img')).length === SIZE;
    } catch {
      return false;
    }
  }, 'the image is in the library');
  assert.deepEqual(complaints(page), []);
});

test('nothing is beside the path, and the bare name leads to it', async () => {
  const bare = await ask('GET', `${direct}/`);
  assert.equal(bare.status, 308);
  assert.equal(bare.headers.location, `${BASE}/`);
  assert.equal((await ask('GET', `${direct}/api/v1/version`)).status, 404);
  assert.equal((await ask('GET', `${direct}${BASE}/api/v1/version`)).status, 200);
});

test('the peer is the client’s address only when the proxy is trusted, and never what the client says', async () => {
  const seen = async () => {
    const { text } = await ask('GET', `${gateway.url}/api/v1/events?limit=20`, { cookie: session });
    return JSON.stringify(JSON.parse(text).events);
  };
  const first = await logInAs(gateway.url);
  assert.equal(first.status, 200, first.text);
  const session = first.headers['set-cookie'].map((c) => c.split(';')[0]).join('; ');

  // through nginx, which appends the address it sees, no proxy's; what the client wrote stands in front of it
  await ask('POST', `${gateway.url}/api/v1/session`, { origin: new URL(gateway.url).origin, 'x-forwarded-for': '198.51.100.1' },
    JSON.stringify({ user: 'nobody-here', password: 'not the password' }), '127.0.0.9');
  await until(async () => /from 127\.0\.0\.9/.test(await seen()), 'the audit log has nginx’s word');
  assert.doesNotMatch(await seen(), /198\.51\.100\.1/);

  // straight to the gateway from a trusted address: its word counts
  await ask('POST', `${direct}${BASE}/api/v1/session`, { origin: direct, 'x-forwarded-for': '203.0.113.77' },
    JSON.stringify({ user: 'nobody-here', password: 'not the password' }));
  await until(async () => /203\.0\.113\.77/.test(await seen()), 'the audit log has the trusted word');

  // read anew without trust: the same word changes nothing
  gateway.keys['trusted-proxies'] = '192.0.2.1';
  gateway.reload();
  await until(() => /read anew/.test(gateway.log), 'the configuration is read anew');
  await ask('POST', `${direct}${BASE}/api/v1/session`, { origin: direct, 'x-forwarded-for': '203.0.113.88' },
    JSON.stringify({ user: 'nobody-here', password: 'not the password' }), '127.0.0.8');
  await until(async () => /from 127\.0\.0\.8/.test(await seen()), 'the audit log has the connection’s own address');
  assert.doesNotMatch(await seen(), /203\.0\.113\.88/);
});

test('no header makes anybody local, and no connection falls when the configuration is read anew', async () => {
  for (const headers of [{ 'x-forwarded-for': 'local uid 0' }, { forwarded: 'for=127.0.0.1' }, { 'x-real-ip': '127.0.0.1' }])
    assert.equal((await ask('GET', `${direct}${BASE}/api/v1/targets`, headers)).status, 401);
  await openConsole(page, gateway, 'pc');
  const before = gateway.log.length;
  gateway.reload();
  await until(() => /read anew/.test(gateway.log.slice(before)), 'the configuration is read anew');
  assert.equal(await page.evaluate(async () => (await fetch('api/v1/session')).status), 200);
  assert.deepEqual(complaints(page), []);
});
