/* SOAK_CONNECTIONS (3000) console connections that begin and end in every way, eight at a time, so that descriptors are
 * used again and again. Nobody sees a picture of a target that it did not ask for, and in the end the gateway holds the
 * descriptors and the memory that it held before. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../web/until.mjs';
import { Gateway, MACHINE, Rest, assertSane } from '../vm/target/client.mjs';
import { Viewer, hello, ping } from '../vm/target/console.mjs';
import { descriptors, resident, size } from './counted.mjs';

const CONNECTIONS = size('SOAK_CONNECTIONS', 3000);
const AT_ONCE = 8;
const WARM_UP = 1000;
const UPDATE = 0x83;
const GROWTH_KIB = 16384; // the C library's heaps, one for each thread, fill up slowly; a leak of 6 KiB a connection is more

/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;
const counted = { pictures: 0, quiet: 0, cut: 0 };

const sees = (/** @type {Viewer} */ viewer) => viewer.messages.some(([type]) => type === UPDATE);

/** Looks at the test card, then leaves: by a close frame, or without a word. @param {boolean} politely */
async function watch(politely) {
  const viewer = await Viewer.open(rest, 'card');
  await until(() => sees(viewer), 'the test card is seen');
  if (politely) {
    viewer.send(Buffer.from([0x03, 0xe8]), { opcode: 8 });
    await viewer.end();
  }
  viewer.destroy();
  counted.pictures++;
}

/** A machine that is off: whoever looks at it gets no picture, least of all that of who had the descriptor before. */
async function wait() {
  const viewer = await Viewer.open(rest, 'off');
  await viewer.pong(1);
  viewer.destroy();
  assert.ok(!sees(viewer), 'a target that is off showed a picture');
  counted.quiet++;
}

/** Leaves in the middle of something: after the upgrade, of its first message, of a later one. @param {number} n */
async function cut(n) {
  const inside = n % 3 === 2;
  const viewer = await (inside ? Viewer.open(rest, 'card') : Viewer.connect(rest, 'card'));
  if (n % 3 === 1) viewer.send(hello('0'.repeat(32)).subarray(0, 7), { final: false });
  if (inside) viewer.send(ping(2).subarray(0, 3), { final: false });
  viewer.destroy();
  counted.cut++;
}

const ways = [() => watch(true), wait, cut, () => watch(false), wait, cut];

/** @param {number} many */
async function run(many) {
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < many; n = next++) await ways[n % ways.length](n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' }, off: MACHINE });
  await gateway.start();
  rest = new Rest(gateway);
  await rest.setUp();
});
after(() => gateway?.destroy());

test(`${CONNECTIONS} connections`, async () => {
  await run(WARM_UP);
  const pid = gateway.pid('gateway');
  const nobody = async () => (await rest.call('GET', '/targets')).body.targets.every(({ viewers }) => viewers === 0);
  await until(nobody, 'all viewers have left');
  const before = { held: descriptors(pid), kib: resident(pid) };
  await run(CONNECTIONS);
  await until(nobody, 'all viewers have left');
  if (before.held !== null)
    await until(() => (descriptors(pid) ?? Infinity) <= (before.held ?? 0), `it holds ${before.held} descriptors again`);
  const grown = resident(pid) - before.kib;
  console.log(
    `# ${CONNECTIONS} connections (with ${WARM_UP} before: ${counted.pictures} saw a picture, ${counted.quiet} none, ` +
      `${counted.cut} were cut): ${descriptors(pid) ?? 'unknown'} descriptors as before, ${before.kib} KiB grown by ${grown}`,
  );
  assert.equal(gateway.pid('gateway'), pid, 'the gateway is still the same process');
  assert.ok(grown < GROWTH_KIB, `resident memory grew by ${grown} KiB, from ${before.kib}`);
  assertSane(gateway);
});
