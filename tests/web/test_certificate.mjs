/* Certificates in the real gateway: set, refused, confirmed and undone while a console goes on; read anew from the
 * configuration; and clients who log in by theirs. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { Authority } from './authority.mjs';
import { complaints, launch, newPage, openConsole, setUp } from './browser.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

let gateway, browser, page, ca, other, cookie;
const sockets = [];

before(async () => {
  gateway = await Gateway.create({ pc: { machine: 'testcard' } });
  ca = new Authority(gateway.path('ca'), 'ours');
  other = new Authority(gateway.path('other'), 'others');
  await gateway.start();
  browser = await launch();
  page = await newPage(browser);
  page.on('websocket', (socket) => {
    sockets.push(socket);
    socket.on('close', () => (socket.ended = true));
  });
  await setUp(page, gateway);
  await openConsole(page, gateway, 'pc');
  await until(() => sockets.length === 1, 'the console has its websocket');
  cookie = (await logIn()).cookie;
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** @param {{method?: string, path: string, body?: object, agent?: any, options?: object}} what */
const ask = ({ method = 'GET', path, body, agent = false, options = {}, headers = {} }) =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const all = { origin: gateway.url, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...(cookie ? { cookie } : {}), ...headers };
    const r = request(`${gateway.url}/api/v1${path}`, { method, headers: all, agent, rejectUnauthorized: false, ...options }, (answer) => {
      let said = '';
      answer.on('data', (data) => (said += data)).on('end', () => {
        const set = (answer.headers['set-cookie'] ?? []).map((c) => c.split(';')[0]).join('; ');
        resolve({ status: answer.statusCode, body: said ? JSON.parse(said) : null, cookie: set, closes: answer.headers.connection === 'close' });
      });
    });
    r.on('error', reject);
    r.end(text);
  });

const logIn = (body = CREDENTIALS, options = {}) => ask({ method: 'POST', path: '/session', body, options, headers: { cookie: '' } });
const pair = ({ certificate, key }) => ({ certificate: readFileSync(certificate, 'latin1'), key: readFileSync(key, 'latin1') });
const put = (made, agent = false) => ask({ method: 'PUT', path: '/certificate', body: pair(made), agent });

/** Who answers a new handshake. */
const shown = (version) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: 'localhost', port: gateway.port, servername: 'localhost', rejectUnauthorized: false, minVersion: version, maxVersion: version }, () => {
      resolve({ name: socket.getPeerCertificate().subject.CN, reused: socket.isSessionReused() });
      socket.destroy();
    });
    socket.on('error', reject);
  });

const goesOn = () => {
  assert.equal(sockets.length, 1);
  assert.ok(!sockets[0].ended, 'the console’s websocket goes on');
  assert.deepEqual(complaints(page), []);
};

test('a certificate that does not fit is refused with the reason, and the old one stays', async () => {
  const good = ca.issue('good');
  const cases = [
    [{ certificate: good.certificate, key: ca.issue('second').key }, /not issued for this key/],
    [ca.issue('elsewhere', { san: 'DNS:elsewhere.example' }), /none of the gateway's public names/],
    [ca.issue('past', { days: -1 }), /is over since/],
    [ca.issue('client', { use: 'clientAuth' }), /not for servers/],
    [ca.issue('short', { key: ['rsa:1024'] }), /RSA of 2048/],
  ];
  for (const [made, reason] of cases) {
    const answer = await put(made);
    assert.equal(answer.status, 422, JSON.stringify(answer.body));
    assert.match(answer.body.error.message, reason);
  }
  assert.equal((await ask({ path: '/certificate' })).body.source, 'generated');
  assert.equal((await shown()).name, 'localhost');
  goesOn();
});

test('a good one is used by new handshakes, and kept only over a connection that was made afterwards', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await ask({ path: '/certificate', agent }); // a connection from before
  const answer = await put(ca.issue('good'), agent);
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  assert.equal(answer.body.change.kind, 'certificate');
  assert.equal(answer.body.change.who, CREDENTIALS.user);
  assert.ok(answer.body.change.seconds_left > 250 && answer.body.change.seconds_left <= 300);
  assert.deepEqual(await shown('TLSv1.2'), { name: 'good', reused: false }, gateway.log);
  assert.deepEqual(await shown('TLSv1.3'), { name: 'good', reused: false });
  const early = await ask({ method: 'POST', path: '/pending-change/confirm', agent });
  assert.equal(early.status, 409);
  assert.equal(early.body.error.code, 'old-connection');
  assert.ok(early.closes, 'the old connection ends, so that the next try comes over a new one');
  assert.equal((await put(ca.issue('good2'))).status, 409);
  const confirmed = await ask({ method: 'POST', path: '/pending-change/confirm', agent });
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
  assert.equal((await ask({ path: '/pending-change' })).body.change, null);
  const facts = (await ask({ path: '/certificate' })).body;
  assert.deepEqual([facts.subject, facts.source, facts.on_trial, facts.names], ['CN=good', 'set', false, ['localhost']]);
  assert.ok(facts.days_left === 89 || facts.days_left === 90);
  agent.destroy();
  goesOn();
});

test('what is not confirmed is undone, after kills of gateway and keeper too', async () => {
  assert.equal((await put(ca.issue('third', { key: ['rsa:2048'] }))).status, 202);
  assert.equal((await shown('TLSv1.2')).name, 'third');
  assert.equal((await shown('TLSv1.3')).name, 'third');
  goesOn();
  await gateway.kill('keeper');
  await until(() => shown().then((s) => s.name === 'third', () => false), 'the trial outlives the keeper');
  await gateway.kill('gateway');
  await until(() => shown().then((s) => s.name === 'third', () => false), 'the trial outlives the gateway');
  const left = await until(async () => (await ask({ path: '/pending-change' }).catch(() => null))?.body?.change, 'it waits still');
  assert.ok(left.seconds_left > 0 && left.seconds_left <= 300);
  assert.equal((await ask({ method: 'POST', path: '/pending-change/revert' })).status, 200);
  assert.equal((await shown()).name, 'good');
  const events = JSON.stringify((await ask({ path: '/events?limit=30' })).body.events);
  assert.equal(events.split('certificate-set').length, 3, 'both, though the keeper was killed behind the second');
  for (const what of ['certificate-confirmed', 'certificate-reverted']) assert.match(events, new RegExp(what));
});

test('the configuration’s files are read anew without a drop, and bad ones leave all as it is', async () => {
  const [certificate, key] = [gateway.path('server.crt'), gateway.path('server.key')];
  const use = (made) => (copyFileSync(made.certificate, certificate), copyFileSync(made.key, key));
  await openConsole(page, gateway, 'pc');
  await until(() => sockets.some((s) => !s.ended), 'the console is back');
  const live = sockets.filter((s) => !s.ended);
  use(ca.issue('from-file'));
  Object.assign(gateway.keys, { certificate, 'certificate-key': key });
  gateway.reload();
  await until(async () => (await shown()).name === 'from-file', 'the file’s certificate is shown');
  assert.equal((await put(ca.issue('refused'))).status, 409);
  use(ca.issue('over', { days: -1 }));
  gateway.reload();
  await until(() => /the former certificate stays: .*is over since/.test(gateway.log), 'it says why');
  assert.equal((await shown()).name, 'from-file');
  assert.ok(live.every((s) => !s.ended), 'websockets went on');
});

test('clients log in by certificates that the authority signed, and by nothing else', async () => {
  const good = ca.issue('ann', { use: 'clientAuth', san: 'email:ann@example.org' });
  const revoked = ca.issue('gone', { use: 'clientAuth', san: 'email:gone@example.org' });
  const expired = ca.issue('old', { use: 'clientAuth', san: 'email:old@example.org', days: -1 });
  const stranger = other.issue('ann', { use: 'clientAuth', san: 'email:ann@example.org' });
  const server = ca.issue('server', { use: 'serverAuth' });
  Object.assign(gateway.keys, { 'client-ca': ca.certificate, 'client-crl': ca.revoke([revoked]) });
  gateway.reload();
  // the keeper is told first; who tried meanwhile would be refused, and too often is locked out
  await until(async () => (await ask({ path: '/version' })).body.certificate, 'certificates are asked for');
  cookie = (await logIn()).cookie;
  const body = { name: 'ann', password: 'a second lamp', role: 'Operator' };
  assert.ok([200, 201, 204].includes((await ask({ method: 'POST', path: '/users', body })).status));
  const mapped = await ask({ method: 'PATCH', path: '/users/ann', body: { certificate: 'cn:ann' } });
  assert.ok([200, 204].includes(mapped.status), JSON.stringify(mapped.body));
  const by = (made) => (made ? { cert: readFileSync(made.certificate), key: readFileSync(made.key) } : {});
  const tryIt = (made) => logIn({ certificate: true }, by(made));
  await until(async () => (await tryIt(good)).status === 200, 'ann gets in by her certificate');
  for (const made of [null, revoked, expired, stranger, server]) {
    const answer = await tryIt(made);
    assert.equal(answer.status, 401, JSON.stringify(answer.body));
    assert.equal(answer.cookie, '');
    assert.equal((await logIn(CREDENTIALS, by(made))).status, 200); // the password still does
  }
  // showing one makes no session
  assert.equal((await ask({ path: '/targets', options: by(good), headers: { cookie: '' } })).status, 401);
});
