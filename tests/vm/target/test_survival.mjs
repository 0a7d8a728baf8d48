/* What goes on when something of ours does not: the gateway, the keeper or the supervisor is killed or stopped while a
 * machine runs. The guest is GRUB's shell, which reads its CD when it is told to. Started as root and as a plain user. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { CREDENTIALS, GRUB, Gateway, MACHINE, Rest, assertSane, fillLibrary, localClient } from './client.mjs';
import { TYPE, Viewer } from './console.mjs';

const NOBODY = 65534;

/** @param {number} pid */
function lives(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** Processes of this test. @param {Gateway} gateway */
const leftBy = (gateway) =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(gateway.path('state'));
    } catch {
      return false; // it ended meanwhile
    }
  });

/** The pid of the target's machine, as the supervisor noted it; 0: not yet. @param {Gateway} gateway @param {string} target */
function machineOf(gateway, target) {
  const note = gateway.path(`state/vm/${target}/process`);
  return existsSync(note) ? Number(readFileSync(note, 'latin1').split(' ')[0]) : 0;
}

/** @param {Record<string, any>} targets @param {number} [user] */
async function make(targets, user) {
  const gateway = await Gateway.create(targets, { user });
  if (user) {
    // the build may lie where this user cannot go
    copyFileSync(gateway.program, gateway.path('lightsoutd'));
    chmodSync(gateway.path('lightsoutd'), 0o755);
    gateway.program = gateway.path('lightsoutd');
  }
  fillLibrary(gateway);
  return gateway;
}

/** @param {Gateway} gateway */
async function finish(gateway) {
  await gateway.stop();
  for (const pid of leftBy(gateway)) process.kill(Number(pid), 'SIGKILL'); // machines that outlive it
  await until(() => leftBy(gateway).length === 0, 'nothing is left');
  assertSane(gateway);
  await gateway.destroy();
}

/** Boots GRUB's shell. @param {ReturnType<typeof localClient>} client */
async function boot(client) {
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
  await client.ok('media', 'insert', 'demo', GRUB);
  await client.ok('boot', 'demo', 'cd');
  await client.ok('power', 'on', 'demo');
  await client.ok('wait-text', 'demo', 'GNU GRUB|Press any key', '--timeout', '120');
  await client.ok('key', 'demo', 'c');
  await client.ok('wait-text', 'demo', 'grub>', '--timeout', '120');
}

/** The gateway has found the machine, and what is in its drive. @param {ReturnType<typeof localClient>} client */
async function isThere(client) {
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'on\n', 'the machine is known');
  await until(async () => (await client.run('media', 'list', 'demo')).out.includes(`inserted           cdrom  ${GRUB}`), 'the medium is known');
}

/** What the screen shows; '' while it shows no text. @param {ReturnType<typeof localClient>} client */
const screen = async (client) => (await client.run('screen-text', 'demo')).out;

/** Types the text and waits until the line shows; at most eight characters, so that a slow machine loses none. */
async function line(client, /** @type {string} */ text) {
  await client.ok('type', 'demo', text);
  await until(async () => (await screen(client)).trimEnd().endsWith(`grub> ${text.trimEnd()}`), `${text} shows`);
  await client.ok('key', 'demo', 'enter');
}

/** The guest reads its CD. @param {ReturnType<typeof localClient>} client */
async function readDisc(client) {
  await isThere(client);
  await line(client, 'clear');
  await until(async () => (await screen(client)).trim() === 'grub>', 'the screen is clear');
  await line(client, 'ls /');
  await client.ok('wait-text', 'demo', 'boot/', '--timeout', '120');
}

for (const user of process.getuid?.() === 0 ? [0, NOBODY] : [0]) {
  describe(user ? 'as a plain user' : `as ${process.getuid?.() === 0 ? 'root' : 'this user'}`, () => {
    /** @type {Gateway} */ let gateway;
    /** @type {ReturnType<typeof localClient>} */ let client;
    /** @type {Rest} */ let rest;
    let machine = 0;
    after(() => gateway && finish(gateway));

    test('a machine boots from the CD', async () => {
      gateway = await make({ demo: { ...MACHINE, lifetime: 'vm', disk: 'demo.qcow2,size=16M' }, brief: MACHINE }, user);
      await gateway.start();
      client = localClient(gateway);
      rest = new Rest(gateway);
      await rest.setUp();
      await boot(client);
      machine = machineOf(gateway, 'demo');
      assert.ok(lives(machine));
      if (process.getuid?.() === 0) {
        const owner = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${machine}/status`, 'latin1'))?.[1];
        assert.equal(Number(owner) === 0, false, 'no machine runs as root');
        if (user) assert.equal(owner, String(user));
      }
    });

    for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGKILL', 'SIGTERM']))
      test(`${signal} to the gateway: the machine, its disc and the sessions go on`, async () => {
        const viewer = await Viewer.open(rest, 'demo');
        const killed = await gateway.kill('gateway', signal);
        await viewer.end();
        const began = Date.now();
        await until(() => gateway.pid('gateway') && gateway.pid('gateway') !== killed, 'there is another gateway');
        const again = await until(() => Viewer.open(rest, 'demo').catch(() => null), 'the session opens a console again');
        await until(() => again.messages.some((one) => one[0] === 0x83), 'it gets a picture');
        console.log(`# a picture ${Date.now() - began} ms after the end of the gateway`);
        again.destroy();
        assert.equal((await rest.call('GET', '/session')).body.user, CREDENTIALS.user);
        await readDisc(client);
        assert.equal(machineOf(gateway, 'demo'), machine);
        assert.ok(lives(machine));
      });

    test('keeper killed: sessions go on, logins work again', async () => {
      const viewer = await Viewer.open(rest, 'demo', 1);
      const killed = await gateway.kill('keeper');
      await viewer.pong(1); // who is connected notices nothing; new connections need its signature
      await until(() => gateway.pid('keeper') && gateway.pid('keeper') !== killed, 'there is another keeper');
      const again = new Rest(gateway);
      await until(async () => (await again.logIn(CREDENTIALS.user, CREDENTIALS.password).catch(() => null))?.status === 200, 'a login works');
      assert.equal((await rest.call('GET', '/targets')).status, 200);
      await viewer.pong(2);
      viewer.destroy();
      assert.equal(machineOf(gateway, 'demo'), machine);
    });

    test('both killed, again and again', async () => {
      for (let n = 0; n < 3; n++) {
        await Promise.all([gateway.kill('gateway'), gateway.kill('keeper')]);
        await until(async () => (await rest.call('GET', '/session').catch(() => null))?.status === 200, 'the session is good again');
      }
      assert.ok(lives(machine));
    });

    test('supervisor killed: lifetime = supervisor ends with it, lifetime = vm is found again', async () => {
      await until(() => lives(machineOf(gateway, 'brief')), 'the other machine runs');
      const brief = machineOf(gateway, 'brief'), parts = [gateway.pid('gateway'), gateway.pid('keeper')];
      await gateway.stop('SIGKILL');
      await until(() => !lives(brief) && parts.every((pid) => !lives(pid)), 'the others ended with it');
      assert.ok(lives(machine));
      await gateway.start();
      await until(() => gateway.log.includes(`target demo: QEMU still runs as process ${machine}`), 'the log names the process');
      assert.equal(gateway.secret, '', 'no set-up is asked for again');
      assert.equal(machineOf(gateway, 'demo'), machine);
      assert.equal((await rest.call('GET', '/session')).status, 200, 'the session survived as well');
      await readDisc(client);
    });

    test('stopped and started: the same machine, users and disk', async () => {
      const disk = readFileSync(gateway.path('state/vm/demo/demo.qcow2'));
      for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGTERM', 'SIGINT'])) {
        await gateway.stop(signal);
        assert.deepEqual(leftBy(gateway), [String(machine)], 'only the machine that may outlive it');
        await gateway.start();
        assert.equal(machineOf(gateway, 'demo'), machine);
      }
      assert.match(await client.ok('user', 'list'), new RegExp(`^Administrator +${CREDENTIALS.user}$`, 'm'));
      assert.equal((await rest.call('GET', '/targets')).status, 200);
      await readDisc(client);
      assert.ok(disk.equals(readFileSync(gateway.path('state/vm/demo/demo.qcow2'))));
    });

    test('Ctrl-C leaves nothing of lifetime = supervisor behind', async () => {
      process.kill(machine, 'SIGKILL');
      await gateway.stop();
      gateway.targets = { brief: MACHINE, card: { machine: 'testcard' } };
      await gateway.start();
      await until(() => lives(machineOf(gateway, 'brief')), 'its machine runs');
      const viewer = await Viewer.open(rest, 'card');
      await gateway.stop('SIGINT');
      const { reason, why } = await viewer.end();
      assert.equal(reason, 5, why);
      assert.deepEqual(leftBy(gateway), []);
      assert.ok(viewer.messages.some((one) => one[0] === TYPE.END));
    });
  });
}
