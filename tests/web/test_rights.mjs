/* Who may do what where, against the real gateway: targets that somebody may not see do not exist, tokens do what their
 * scope says, and what is taken away ends at once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Rest } from '../vm/target/client.mjs';
import { TYPE, Viewer } from '../vm/target/console.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const PASSWORD = 'a lamp in the hall';
/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let admin;

before(async () => {
  const card = { machine: 'testcard' };
  gateway = await Gateway.create({ lab: card, vault: card });
  await gateway.start();
  admin = new Rest(gateway);
  await admin.setUp();
});
after(() => gateway?.destroy());

/** A new user with these grants, logged in. @param {string} name @param {object[]} grants */
async function user(name, grants) {
  await admin.ok('POST', '/users', { name, password: PASSWORD, grants });
  return logIn(name);
}
/** @param {string} name @param {string} [password] */
async function logIn(name, password = PASSWORD) {
  const rest = new Rest(gateway);
  const answer = await rest.logIn(name, password);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return rest;
}
const names = async (/** @type {Rest} */ rest) => (await rest.ok('GET', '/targets')).targets.map((/** @type {any} */ t) => t.name);

test('a target without a right is absent, and answers as one that is not there', async () => {
  const bob = await user('bob', [{ target: 'lab', rights: ['view', 'power'] }]);
  assert.deepEqual(await names(bob), ['lab']);
  for (const path of ['', '/power', '/drives', '/screenshot', '/keys', '/pointer', '/ticket', '/seat']) {
    const method = ['/keys', '/pointer', '/ticket'].includes(path) ? 'POST' : 'GET';
    const hidden = await bob.call(method, `/targets/vault${path}`), absent = await bob.call(method, `/targets/nought${path}`);
    assert.equal(hidden.status, 404, path);
    assert.deepEqual(hidden.body, JSON.parse(JSON.stringify(absent.body).replaceAll('nought', 'vault')), path);
    assert.deepEqual(Object.keys(hidden.headers).sort(), Object.keys(absent.headers).sort(), path);
  }
  assert.equal((await bob.call('POST', '/targets/lab/keys', { keys: ['a'] })).status, 403);
  assert.equal((await bob.call('POST', '/targets/lab/pointer', { steps: [{ do: 'click' }] })).status, 403);
  assert.equal((await bob.call('GET', '/targets/lab/power')).status, 200);
  assert.equal((await bob.call('GET', '/users')).status, 403);
});

test('an auditor reads the audit without seeing a screen', async () => {
  const eve = await user('eve', [{ target: '', rights: ['audit'] }]);
  assert.deepEqual(await names(eve), []);
  const { events } = await eve.ok('GET', '/events');
  assert.ok(events.some((/** @type {any} */ line) => line.what === 'user-created'));
  assert.equal((await eve.call('GET', '/targets/lab')).status, 404);
  assert.equal((await eve.call('POST', '/targets/lab/ticket')).status, 404);
  assert.equal((await eve.call('GET', '/images')).status, 403);
});

test('a right that is taken away ends the console; one that remains goes on', async () => {
  const carl = await user('carl', [{ target: '*', rights: ['view', 'input'] }]);
  const lab = await Viewer.open(carl, 'lab'), vault = await Viewer.open(carl, 'vault');
  const began = Date.now();
  await admin.ok('PATCH', '/users/carl', { grants: [{ target: 'lab', rights: ['view'] }] });
  await vault.message(TYPE.END);
  await until(() => vault.closed, 'the console of the vault ends');
  console.log(`# right taken away: ended after ${Date.now() - began} ms`);
  assert.equal(lab.closed, false);
  assert.deepEqual(await names(carl), ['lab']);
  assert.equal((await carl.call('POST', '/targets/lab/keys', { keys: ['a'] })).status, 403);
  await admin.ok('PATCH', '/users/carl', { enabled: false });
  await until(() => lab.closed, 'the console of the lab ends');
  assert.equal((await carl.call('GET', '/session')).status, 401);
});

test('a token does what its scope says, alone, until it is revoked', async () => {
  const { id, token } = await admin.ok('POST', '/account/tokens', { name: 'ci', expires: 3600, grants: [{ target: 'lab', rights: ['view'] }] });
  assert.match(token, /^lo_[0-9a-f]{64}$/);
  const script = new Rest(gateway);
  const as = (/** @type {string} */ bearer) => ({ Authorization: `Bearer ${bearer}`, Origin: undefined });
  const get = (/** @type {string} */ path, /** @type {string} */ bearer = token) => script.call('GET', path, undefined, as(bearer));
  assert.deepEqual((await get('/targets')).body.targets.map((/** @type {any} */ t) => t.name), ['lab']);
  assert.equal((await get('/users')).status, 403);
  assert.equal((await get('/session')).body.kind, 'token');
  assert.equal((await script.call('POST', '/account/tokens', { name: 'more' }, as(token))).status, 403);
  assert.equal((await script.call('PUT', '/account/password', { password: PASSWORD, new: 'another lamp here' }, as(token))).status, 403);
  script.cookie = admin.cookie; // a cookie does not save a bad token, nor widen a good one
  assert.equal((await get('/targets', token.slice(0, -1))).status, 401);
  assert.equal((await get('/targets', `${token}0`)).status, 401);
  assert.equal((await script.call('GET', '/targets', undefined, { Authorization: 'Basic YTpi' })).status, 401);
  assert.equal((await get('/users')).status, 403);
  const listed = (await admin.ok('GET', '/account/tokens')).tokens;
  assert.equal(listed.find((/** @type {any} */ t) => t.id === id)?.name, 'ci');
  assert.equal(JSON.stringify(listed).includes(token), false);
  await admin.ok('DELETE', `/account/tokens/${id}`);
  assert.equal((await get('/targets')).status, 401);
});

test('sessions are listed, and ending one closes its sockets', async () => {
  const here = await logIn(CREDENTIALS.user, CREDENTIALS.password), there = await logIn(CREDENTIALS.user, CREDENTIALS.password);
  const viewer = await Viewer.open(there, 'lab');
  const { sessions } = await here.ok('GET', '/sessions');
  assert.equal(sessions.filter((/** @type {any} */ s) => s.current).length, 1);
  assert.ok(sessions.every((/** @type {any} */ s) => s.user === CREDENTIALS.user && s.peer === '127.0.0.1'));
  await here.ok('DELETE', '/sessions');
  await until(() => viewer.closed, 'the other session\'s console ends');
  assert.equal((await there.call('GET', '/session')).status, 401);
  assert.equal((await here.ok('GET', '/sessions')).sessions.length, 1);
  admin = here;
});

test('others\' sessions are nobody\'s business without the right', async () => {
  const dora = await user('dora', [{ target: 'lab', rights: ['view'] }]);
  assert.equal((await dora.call('GET', '/sessions?all=1')).status, 403);
  const { sessions } = await admin.ok('GET', '/sessions?all=1');
  const mine = sessions.find((/** @type {any} */ s) => s.current);
  assert.equal((await dora.call('DELETE', `/sessions/${mine.id}`)).status, 404);
  const hers = sessions.find((/** @type {any} */ s) => s.user === 'dora');
  await admin.ok('DELETE', `/sessions/${hers.id}`);
  assert.equal((await dora.call('GET', '/session')).status, 401);
});

test('the last administrator stays', async () => {
  for (const change of [{ enabled: false }, { role: 'Operator' }, { grants: [{ target: '*', rights: ['view'] }] }])
    assert.equal((await admin.call('PATCH', `/users/${CREDENTIALS.user}`, change)).body.error?.code, 'last-administrator');
  assert.equal((await admin.call('DELETE', `/users/${CREDENTIALS.user}`)).body.error?.code, 'last-administrator');
});

test('grants that make no sense are named', async () => {
  const bad = [
    'all', [{ target: 'lab' }], [{ target: 'lab', rights: [] }], [{ target: 'lab', rights: ['root'] }], [{ target: 'lab', rights: ['users'] }],
    [{ target: '', rights: ['view'] }], [{ target: 'x'.repeat(64), rights: ['view'] }], [{ rights: ['view'] }],
  ];
  for (const grants of bad) {
    const answer = await admin.call('POST', '/users', { name: 'x', password: PASSWORD, grants });
    assert.equal(answer.status, 400, JSON.stringify(grants));
    assert.match(answer.body.error.message, /'grants'/);
  }
});
