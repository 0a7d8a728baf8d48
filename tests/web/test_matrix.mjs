/* Every route x who asks x with which credential, against the real gateway: the answer follows from the route's access and
 * rights alone. The routes come from the server's own tables; what they are known to be stands in tests/walls/routes.txt,
 * which whoever changes who may call what changes knowingly. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CREDENTIALS, Gateway, root } from './gateway.mjs';
import { OTHER, TARGET, call, closeAgent, expected, outcome, raw, routes } from './matrix.mjs';
import { until } from './until.mjs';

const PASSWORD = 'a lamp in the cellar';
const SINGLE = ['view', 'input', 'media', 'power', 'serial', 'configure', 'audit'];
const GATEWAY_SINGLE = ['library', 'configure', 'users', 'audit'];
const all = routes();

/** @type {Gateway} */ let gateway;
/** @type {Record<string, string>} */ let admin;
let peers = 10;

const routeOf = (/** @type {string} */ method, /** @type {string} */ path) => {
  const found = all.find((route) => route.method === method && route.path === `/api/v1${path}`);
  assert.ok(found, `${method} ${path} is no route`);
  return found;
};

async function logIn(/** @type {string} */ user, /** @type {string} */ password) {
  const answer = await call(gateway, routeOf('POST', '/session'), { body: JSON.stringify({ user, password }), from: `127.0.0.${peers++}` });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const cookies = answer.headers['set-cookie']?.map((cookie) => cookie.split(';')[0]) ?? [];
  return { headers: { Cookie: cookies.filter((cookie) => cookie.startsWith('__Host-lightsout=')).join('; ') }, grants: answer.body.grants };
}

async function makeToken(/** @type {string} */ name, /** @type {import('./matrix.mjs').Grants} */ grants, expires = 3600) {
  const answer = await call(gateway, routeOf('POST', '/account/tokens'), { headers: admin, body: JSON.stringify({ name, expires, grants }) });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body.token;
}

/** What would end or use up the credential that the test goes on with. */
const spends = (/** @type {import('./matrix.mjs').Route} */ route) => route.method === 'DELETE' && /\/session(s)?$/.test(route.path);

const restarts = (/** @type {import('./matrix.mjs').Route} */ route) => route.path.endsWith('/gateway/restart');

/** @param {string} who @param {Record<string, string>} headers @param {import('./matrix.mjs').Grants|null} grants */
async function walk(who, headers, grants, { targets = [TARGET], local = false } = {}) {
  /** @type {string[]} */ const wrong = [];
  for (const route of all)
    for (const target of route.path.includes('{target}') ? targets : [TARGET]) {
      if (grants && spends(route)) continue;
      const old = restarts(route) ? gateway.pid('gateway') : 0;
      const answer = await call(gateway, route, { headers, target, local });
      if (old && answer.status === 202)
        // What the old process is asked now it may do, and end before it answers.
        await until(() => ![0, old].includes(gateway.pid('gateway')), "the gateway's process begins anew");
      const want = expected(route, grants, target);
      if (outcome(answer) !== want) wrong.push(`${who}: ${route.line} on ${target}: ${answer.status} ${answer.code}, not ${want}`);
    }
  assert.deepEqual(wrong, []);
}

before(async () => {
  gateway = await Gateway.create({ [TARGET]: { machine: 'testcard' }, [OTHER]: { machine: 'testcard' } });
  await gateway.start();
  const first = await call(gateway, routeOf('POST', '/setup'), { body: JSON.stringify({ secret: gateway.secret, ...CREDENTIALS }) });
  assert.equal(first.status, 201, JSON.stringify(first.body));
  admin = (await logIn(CREDENTIALS.user, CREDENTIALS.password)).headers;
});
after(async () => {
  closeAgent();
  await gateway?.destroy();
});

test('who may call what is what it is known to be', () => {
  const known = readFileSync(join(root, 'tests/walls/routes.txt'), 'utf8').trim().split('\n').filter((line) => !line.startsWith('#'));
  assert.deepEqual(all.map((route) => route.line).sort(), [...known].sort(), 'a route is new, gone, or open to others: look at it, then change tests/walls/routes.txt');
});

test('a route with one right taken away would be noticed', () => {
  const weaker = all.filter((route) => route.rights.length > 0);
  assert.ok(weaker.length > 20);
  for (const route of weaker) {
    const nobody = [{ target: TARGET, rights: [route.rights.includes('serial') ? 'view' : 'serial'] }];
    assert.notEqual(expected(route, nobody), expected({ ...route, rights: [], access: 'session' }, nobody), route.line);
  }
});

test('nobody, and who has no good credential', async () => {
  const { headers } = await logIn(CREDENTIALS.user, CREDENTIALS.password);
  const token = headers.Cookie.split('=')[1];
  const flipped = (token[0] === '0' ? '1' : '0') + token.slice(1);
  const gone = (await logIn(CREDENTIALS.user, CREDENTIALS.password)).headers;
  assert.equal((await call(gateway, routeOf('DELETE', '/session'), { headers: gone })).status, 204);
  const old = await makeToken('old', [{ target: '*', rights: ['view'] }], 1);
  await until(async () => (await call(gateway, routeOf('GET', '/session'), { headers: { Authorization: `Bearer ${old}` } })).status === 401, 'a token expires');
  const states = {
    nothing: {}, 'an empty cookie': { Cookie: '__Host-lightsout=' }, garbage: { Cookie: `__Host-lightsout=${'zz'.repeat(32)}` },
    'another digit': { Cookie: `__Host-lightsout=${flipped}` }, 'cut by one': { Cookie: `__Host-lightsout=${token.slice(1)}` },
    'longer by one': { Cookie: `__Host-lightsout=${token}0` }, 'upper case': { Cookie: `__Host-lightsout=${token.replace(/[a-f]/g, (c) => c.toUpperCase())}x` },
    'another name': { Cookie: `lightsout=${token}` }, 'logged out': gone, expired: { Authorization: `Bearer ${old}` },
    'a cookie beside a bad token': { ...headers, Authorization: 'Basic YW5uYTph' },
  };
  for (const [state, sent] of Object.entries(states)) await walk(state, sent, null);
});

test('a credential that is cut, longer, or has a NUL in it, at every length', async () => {
  const { headers } = await logIn(CREDENTIALS.user, CREDENTIALS.password);
  const token = headers.Cookie.split('=')[1];
  const ask = (/** @type {string} */ value) => raw(gateway, `GET /api/v1/session HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nCookie: __Host-lightsout=${value}\r\nConnection: close\r\n\r\n`);
  assert.equal(await ask(token), 200);
  for (let n = 0; n < token.length; n++)
    for (const value of [token.slice(0, n), `${token.slice(0, n)}\0${token.slice(n)}`, `${token.slice(0, n)}\0`, `${token.slice(0, n)}%00${token.slice(n)}`])
      assert.notEqual(await ask(value), 200, `${n}: ${JSON.stringify(value)}`);
  // (a NUL at the very end never reaches us: libwebsockets leaves it out)
  for (const more of ['0', '\x000', '\0garbage', '00000000', token, ' 0', 'g']) assert.notEqual(await ask(token + more), 200, JSON.stringify(more));
});

test('each role, and each right alone', async () => {
  for (const role of ['ReadOnly', 'Operator']) {
    const made = await call(gateway, routeOf('POST', '/users'), { headers: admin, body: JSON.stringify({ name: role, password: PASSWORD, role }) });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const session = await logIn(role, PASSWORD);
    await walk(role, session.headers, session.grants);
  }
  const auditor = [{ target: '', rights: ['audit'] }];
  const made = await call(gateway, routeOf('POST', '/users'), { headers: admin, body: JSON.stringify({ name: 'auditor', password: PASSWORD, grants: auditor }) });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await walk('auditor', (await logIn('auditor', PASSWORD)).headers, auditor);
  for (const [target, rights] of /** @type {[string, string[]][]} */ ([[TARGET, SINGLE], ['', GATEWAY_SINGLE]]))
    for (const right of rights) {
      const grants = [{ target, rights: [right] }];
      const token = await makeToken(`only-${right}-${target || 'gateway'}`, grants);
      await walk(`${right} on '${target}'`, { Authorization: `Bearer ${token}` }, grants, { targets: [TARGET, OTHER, 'none-such'] });
    }
});

test('an Administrator, and root on the local socket', async () => {
  const session = await logIn(CREDENTIALS.user, CREDENTIALS.password);
  await walk('Administrator', session.headers, session.grants);
  await walk('local', {}, session.grants, { local: true });
});

test('another Origin and another Host', async () => {
  /** @type {string[]} */ const wrong = [];
  for (const route of all) {
    if (spends(route)) continue;
    if (route.method !== 'GET' && route.method !== 'OPTIONS')
      for (const Origin of ['https://evil.test', 'null', `http://localhost:${gateway.port}`, `https://localhost.evil.test:${gateway.port}`]) {
        const { status, code } = await call(gateway, route, { headers: { ...admin, Origin } });
        if (status !== 403 || code === 'forbidden') wrong.push(`${route.line} from ${Origin}: ${status} ${code}`);
      }
    for (const Host of ['evil.test', `localhost.evil.test:${gateway.port}`, `evil.test:${gateway.port}`]) {
      const { status, code } = await call(gateway, route, { headers: { ...admin, Host } });
      if (status < 400 || outcome({ status, code }) !== 'open') wrong.push(`${route.line} at ${Host}: ${status} ${code}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('headers that say who one is change nothing', async () => {
  const address = ['127.0.0.1', '::1', '10.0.0.1'];
  const spoofed = {
    'X-Forwarded-For': address, 'X-Real-IP': address, 'X-Client-IP': address, 'True-Client-IP': address, 'CF-Connecting-IP': address,
    'X-Originating-IP': address, 'X-Remote-IP': address, 'X-Remote-Addr': address, 'X-Cluster-Client-IP': address,
    Forwarded: ['for=127.0.0.1;by=127.0.0.1;host=localhost;proto=https'], 'X-Forwarded-Proto': ['http'], 'X-Forwarded-Port': ['80'],
    'X-Remote-User': ['anna'], 'Remote-User': ['anna'], 'X-Forwarded-User': ['anna'], 'X-WebAuth-User': ['anna'], 'X-Auth-Request-User': ['anna'],
    'X-SSL-Client-Verify': ['SUCCESS'], 'X-SSL-Client-CN': ['anna'], 'X-Client-Cert': ['MIIB'],
    'X-Original-URL': ['/api/v1/version'], 'X-Rewrite-URL': ['/api/v1/version'], 'X-HTTP-Method-Override': ['GET'], 'X-Method-Override': ['GET'],
    'X-Forwarded-Prefix': ['/kvm'], 'X-Lightsout-Role': ['Administrator'], 'X-Custom-IP-Authorization': ['127.0.0.1'],
  };
  const reader = await logIn('ReadOnly', PASSWORD);
  const together = Object.fromEntries(Object.entries(spoofed).map(([name, values]) => [name, values[0]]));
  /** @type {string[]} */ const wrong = [];
  for (const [who, headers] of /** @type {[string, Record<string, string>][]} */ ([['nobody', {}], ['ReadOnly', reader.headers]]))
    for (const route of all) {
      if (spends(route)) continue;
      const plain = await call(gateway, route, { headers });
      const tries = [together, ...(who === 'nobody' ? Object.entries(spoofed).map(([name, values]) => ({ [name]: values[all.indexOf(route) % values.length] })) : [])];
      for (const more of tries) {
        const answer = await call(gateway, route, { headers: { ...headers, ...more } });
        if (answer.status !== plain.status || answer.code !== plain.code)
          wrong.push(`${who}: ${route.line} with ${Object.keys(more).slice(0, 3)}: ${answer.status} ${answer.code}, not ${plain.status} ${plain.code}`);
      }
    }
  assert.deepEqual(wrong, []);
});
