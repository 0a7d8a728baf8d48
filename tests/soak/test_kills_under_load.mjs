/* SOAK_LOAD_KILLS (200) times kill -9 of a process chosen by dice, at a moment chosen by dice, while accounts are made,
 * changed and removed and a console presses keys. What was acknowledged is there afterwards, and so is its line in the
 * audit log; what was not is there or not; everything answers again within 2 s. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway, Rest, assertSane } from '../vm/target/client.mjs';
import { Viewer } from '../vm/target/console.mjs';
import { random } from '../vm/target/web_source.mjs';
import { until } from '../web/until.mjs';
import { quantile, size } from './counted.mjs';

const KILLS = size('SOAK_LOAD_KILLS', 200);
const SEED = size('SOAK_SEED', 1);
const BACK_MS = 2000;
const PASSWORD = 'a lamp in the hall';
const ROLES = ['gateway', 'keeper', 'outward'];
const KEYS = [0x04, 0x05, 0xe1]; // a, b, left shift

const dice = random(SEED);
/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;
let over = false;
const counted = { changes: 0, unknown: 0, keys: 0 };
/** Who is known to be there, and as what; undefined: nobody knows. @type {Map<string, string|null|undefined>} */ const accounts = new Map();
/** Acknowledged, so a line must stand for it. @type {{what: string, target: string}[]} */ const promised = [];

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  rest = new Rest(gateway);
  await rest.setUp();
});
after(() => gateway?.destroy());

/** One change; what came of it is remembered. @param {string} name @param {string|null} role null: removed */
async function change(name, role) {
  const present = accounts.get(name);
  const [method, path, body, what] =
    role === null ? ['DELETE', `/users/${name}`, undefined, 'user-deleted']
    : present ? ['PATCH', `/users/${name}`, { role }, 'user-changed']
    : ['POST', '/users', { name, role, password: PASSWORD }, 'user-created'];
  accounts.set(name, undefined);
  const answer = await rest.call(String(method), String(path), /** @type {any} */ (body)).catch(() => null);
  if (answer && answer.status < 300) {
    accounts.set(name, role);
    promised.push({ what: String(what), target: name });
    counted.changes++;
  } else {
    counted.unknown++;
    if (answer && ![404, 409, 429, 500, 503].includes(answer.status)) assert.fail(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

async function changeForEver() {
  for (let n = 0; !over; n++) {
    const name = `u${n % 40}`;
    await change(name, accounts.get(name) && dice() < 0.3 ? null : dice() < 0.5 ? 'Operator' : 'ReadOnly');
    if (accounts.get(name) === undefined) await settle(name);
  }
}

/** What became of a change that nobody answered for. @param {string} name */
async function settle(name) {
  const users = await until(async () => {
    const answer = await rest.call('GET', '/users').catch(() => null);
    return over || (answer?.status === 200 && answer.body.users);
  }, 'the accounts are listed', 20000);
  if (users !== true) accounts.set(name, users.find((/** @type {any} */ u) => u.name === name)?.role ?? null);
}

async function pressForEver() {
  while (!over) {
    const viewer = await Viewer.open(rest, 'card').catch(() => null);
    for (let n = 0; viewer && !viewer.closed && !over; n++) {
      viewer.send(Buffer.from([3, n & 1 ? 0 : 1, KEYS[(n >> 1) % KEYS.length], 0]));
      counted.keys++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    viewer?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test(`${KILLS} kills under load, seed ${SEED}`, async () => {
  const load = [changeForEver(), pressForEver()];
  const waits = [];
  for (let n = 0; n < KILLS; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20 + dice() * 300));
    const role = ROLES[Math.floor(dice() * ROLES.length)];
    const dead = await gateway.kill(role);
    const began = performance.now();
    await until(() => gateway.pid(role) && gateway.pid(role) !== dead, `${role} is started again`, 30 * BACK_MS);
    await until(async () => (await rest.call('GET', '/session').catch(() => null))?.status === 200, 'the session is good', 30 * BACK_MS);
    waits.push(performance.now() - began);
  }
  over = true;
  await Promise.all(load);
  const users = new Map((await rest.ok('GET', '/users')).users.map((/** @type {any} */ u) => [u.name, u.role]));
  for (const [name, role] of accounts)
    if (role !== undefined) assert.equal(users.get(name) ?? null, role, `${name}: what was acknowledged is there`);
  const { events } = await rest.ok('GET', '/events?limit=1000');
  for (const { what, target } of promised.slice(-300))
    assert.ok(events.some((/** @type {any} */ e) => e.what === what && e.target === target), `the audit log has ${what} of ${target}`);
  assert.ok(!/audit-chain-broken|audit log was changed/.test(gateway.history), 'the chain of the audit log is whole');
  const [p50, p95, longest] = [0.5, 0.95, 1].map((share) => Math.round(quantile(waits, share)));
  console.log(
    `# ${KILLS} kills, seed ${SEED}: good again after ${p50} ms (p50), ${p95} ms (p95), ${longest} ms at most; ` +
      `${counted.changes} changes acknowledged, ${counted.unknown} not, ${counted.keys} keys`,
  );
  assertSane(gateway);
});
