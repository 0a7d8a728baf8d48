/* SOAK_KILLS (100) times kill -9 of the gateway, of the keeper every fifth time, of both every tenth, while a machine
 * runs: each time the viewer is back in the same machine, without a login, and sees its picture. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../web/until.mjs';
import { Gateway, MACHINE, Rest, assertSane, localClient } from '../vm/target/client.mjs';
import { TYPE, Viewer } from '../vm/target/console.mjs';
import { descriptors, quantile, size } from './counted.mjs';

const KILLS = size('SOAK_KILLS', 100);
const UPDATE = 0x83;

/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;
let machine = 0;

/** Milliseconds until a viewer sees the machine. */
async function look() {
  const began = performance.now();
  const viewer = await until(() => Viewer.open(rest, 'demo').catch(() => null), 'the session opens a console again');
  await until(() => viewer.messages.some(([type]) => type === UPDATE), 'it gets a picture');
  return { viewer, ms: performance.now() - began };
}

before(async () => {
  gateway = await Gateway.create({ demo: MACHINE });
  await gateway.start();
  rest = new Rest(gateway);
  await rest.setUp();
  const client = localClient(gateway);
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
  await client.ok('power', 'on', 'demo');
  machine = Number(readFileSync(gateway.path('state/vm/demo/process'), 'latin1').split(' ')[0]);
});
after(() => gateway?.destroy());

test(`${KILLS} kills`, async () => {
  const waits = [];
  let { viewer } = await look();
  const held = descriptors(gateway.pid('gateway'));
  for (let n = 1; n <= KILLS; n++) {
    const roles = n % 10 === 0 ? ['gateway', 'keeper'] : n % 5 === 0 ? ['keeper'] : ['gateway'];
    await Promise.all(roles.map((role) => gateway.kill(role)));
    if (roles.includes('gateway')) await viewer.end();
    viewer.destroy();
    const { viewer: next, ms } = await look();
    viewer = next;
    waits.push(ms);
    assert.ok(existsSync(`/proc/${machine}`), `the machine is gone after kill ${n}`);
  }
  viewer.send(Buffer.from([8, 0, 0, 0, 7, 0, 0, 0]));
  await viewer.message(TYPE.PONG);
  viewer.destroy();
  if (held !== null) {
    const fine = () => (descriptors(gateway.pid('gateway')) ?? 0) <= held;
    await until(fine, `the last gateway has no more descriptors than the first one with a viewer, ${held}`);
  }
  const [p50, p95, longest] = [0.5, 0.95, 1].map((share) => Math.round(quantile(waits, share)));
  console.log(`# ${KILLS} kills: picture again after ${p50} ms (p50), ${p95} ms (p95), ${longest} ms at most`);
  assert.equal(Number(readFileSync(gateway.path('state/vm/demo/process'), 'latin1').split(' ')[0]), machine);
  assertSane(gateway);
});
