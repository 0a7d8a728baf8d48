/* SOAK_FAULTS (40) times a system call of the keeper or the gateway fails for a while, by strace, as a full or broken
 * disk, and a lack of descriptors or memory, make it fail. Nobody gets in who must not, nothing crashes for good, and
 * afterwards everything works. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { until } from '../web/until.mjs';
import { CREDENTIALS, Gateway, Rest, assertSane } from '../vm/target/client.mjs';
import { size } from './counted.mjs';

const ROUNDS = size('SOAK_FAULTS', 40);
const FIRST = Number(process.env.SOAK_FIRST ?? 0);
/** Which call, how it fails. */
const FAULTS = [
  ['keeper', 'pwrite64', 'ENOSPC'], ['keeper', 'fdatasync', 'EIO'], ['keeper', 'fsync', 'EIO'], ['keeper', 'pread64', 'EIO'],
  ['keeper', 'openat', 'EMFILE'], ['keeper', 'mmap', 'ENOMEM'], ['keeper', 'ftruncate', 'EIO'], ['keeper', 'recvmsg', 'ENOMEM'],
  ['keeper', 'sendmsg', 'ENOBUFS'], ['keeper', 'getrandom', 'ENOSYS'], ['keeper', 'newfstatat', 'EIO'], ['keeper', 'unlink', 'EROFS'],
  ['gateway', 'accept4', 'EMFILE'], ['gateway', 'recvmsg', 'EMFILE'], ['gateway', 'sendmsg', 'ENOBUFS'], ['gateway', 'mmap', 'ENOMEM'],
  ['gateway', 'openat', 'EMFILE'], ['gateway', 'pwrite64', 'ENOSPC'], ['gateway', 'eventfd2', 'EMFILE'], ['gateway', 'getrandom', 'ENOSYS'],
];
const WRONG = { user: CREDENTIALS.user, password: 'no lamp in any hall' };

/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;
const usable = spawnSync('strace', ['-e', 'inject=getpid:error=EIO', 'true']).status === 0;

before(async () => {
  gateway = await Gateway.create({});
  await gateway.start();
  rest = new Rest(gateway);
  await rest.setUp();
});
after(async () => {
  if (process.env.SOAK_LOG) console.log(gateway?.history);
  await gateway?.destroy();
});

/** While the call fails. @param {string} role @param {string} call @param {string} error @param {() => Promise<void>} what */
async function failing(role, call, error, what) {
  const pid = await until(() => gateway.pid(role), `there is a ${role}`);
  const tracer = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=1+2`, '-p', String(pid)]);
  await until(() => tracer.exitCode !== null || /TracerPid:\s+[1-9]/.test(status(pid)), 'it is traced');
  try {
    await what();
  } finally {
    tracer.kill('SIGINT');
    await until(() => tracer.exitCode !== null || tracer.signalCode !== null, 'it is let go');
  }
}

/** @param {number} pid */
function status(pid) {
  return spawnSync('cat', [`/proc/${pid}/status`]).stdout.toString();
}

/** What it answers, or nothing. @param {Promise<any>} answer */
const patient = (answer) => Promise.race([answer.catch(() => null), new Promise((resolve) => setTimeout(() => resolve(null), 3000))]);

test(`${ROUNDS} faults`, { skip: !usable && 'strace cannot trace here' }, async () => {
  let refused = 0;
  for (let n = 0; n < ROUNDS; n++) {
    const [role, call, error] = FAULTS[(FIRST + n) % FAULTS.length];
    await failing(role, call, error, async () => {
      const wrong = await patient(new Rest(gateway).logIn(WRONG.user, WRONG.password));
      assert.notEqual(wrong?.status, 200, `${role}: ${call} ${error} lets in`);
      const nobody = await patient(new Rest(gateway).call('GET', '/users'));
      assert.notEqual(nobody?.status, 200, `${role}: ${call} ${error} shows users`);
      const right = await patient(new Rest(gateway).logIn(CREDENTIALS.user, CREDENTIALS.password));
      if (right?.status !== 200) refused++;
      await patient(rest.call('PUT', '/users/bob', { role: 'Operator', password: `a bed in the loft ${n}` }));
    });
    await until(async () => (await patient(new Rest(gateway).call('GET', '/session')))?.status === 401, `the page answers after ${role} ${call} ${error}`, 30000);
    const again = new Rest(gateway);
    await until(async () => [200, 429].includes((await patient(again.logIn(CREDENTIALS.user, CREDENTIALS.password)))?.status), `a login works after ${role} ${call} ${error}`, 60000);
  }
  console.log(`# ${ROUNDS} faults, ${refused} logins refused meanwhile`);
  assert.doesNotMatch(gateway.history, /signal 11|Segmentation|signal 6|changed from outside/);
  assertSane(gateway);
});
