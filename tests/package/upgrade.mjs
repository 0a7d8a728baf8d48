/* From the package of an older build to this one's, inside the view that `upgrade` makes: the machine goes on, the media
 * stay in their drives, who looks at it sees it again without logging in, and what was stored is of the new version. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { until } from '../web/until.mjs';
import { CREDENTIALS, GRUB, Gateway, MACHINE, Rest, fillLibrary, localClient } from '../vm/target/client.mjs';
import { Viewer } from '../vm/target/console.mjs';

const UPDATE = 0x83;
const MINUTES = 60000;

/** @type {Gateway} */ let gateway;
/** @type {ReturnType<typeof localClient>} */ let client;
/** @type {Rest} */ let rest;

/** The machine's pid, as the supervisor noted it. */
const machine = () => Number(readFileSync(gateway.path('state/vm/demo/process'), 'latin1').split(' ')[0]);
const drives = async () => (await client.json('media', 'list', 'demo')).drives.map((/** @type {any} */ d) => [d.phase, d.medium, d.link]);

async function look() {
  const viewer = await until(() => Viewer.open(rest, 'demo').catch(() => null), 'a console opens', MINUTES);
  await until(() => viewer.messages.some((/** @type {any} */ [type]) => type === UPDATE), 'it gets a picture', MINUTES);
  return viewer;
}

/** Types the text and waits until the line shows. @param {string} text */
async function line(text) {
  await client.ok('type', 'demo', text);
  await until(async () => (await client.ok('screen-text', 'demo')).trimEnd().endsWith(`grub> ${text}`), `${text} shows`, MINUTES);
  await client.ok('key', 'demo', 'enter');
}

after(async () => {
  const pid = gateway && existsSync(gateway.path('state/vm/demo/process')) ? machine() : 0;
  await gateway?.stop();
  if (pid) process.kill(pid, 'SIGKILL');
  await gateway?.destroy();
});

test('an older build runs a machine with two media, and somebody looks at it', async () => {
  const target = { ...MACHINE, drives: 2, lifetime: 'vm', disk: 'demo.qcow2,size=16M' };
  gateway = await Gateway.create({ demo: target });
  fillLibrary(gateway);
  writeFileSync(gateway.path('images/stick.img'), Buffer.alloc(4 << 20, 7));
  chmodSync(gateway.path('images/stick.img'), 0o644);
  await gateway.start();
  client = localClient(gateway);
  rest = new Rest(gateway);
  await rest.setUp();
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there', MINUTES);
  await client.ok('media', 'insert', 'demo', GRUB);
  await client.ok('media', 'insert', 'demo', 'stick.img', '--drive', '1', '--kind', 'disk', '--overlay', 'keep');
  await client.ok('boot', 'demo', 'cd');
  await client.ok('power', 'on', 'demo');
  await client.ok('wait-text', 'demo', 'GNU GRUB|Press any key', '--timeout', '240');
  await client.ok('key', 'demo', 'c');
  await client.ok('wait-text', 'demo', 'grub>', '--timeout', '120');
  assert.equal(existsSync(gateway.path('state/keeper/device.key')), false, 'it is an older build');
});

test('this build is installed over it: nothing is lost', async () => {
  const viewer = await look();
  const before = { machine: machine(), drives: await drives() };
  assert.deepEqual(before.drives.map((/** @type {any} */ d) => d[0]), ['inserted', 'inserted']);
  const log = execFileSync('dpkg', ['-i', '--force-depends', process.env.NEW_DEB ?? ''], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  assert.match(log, /Setting up lightsout/);
  const began = Date.now();
  await gateway.stop();
  await viewer.end();
  await gateway.start();
  assert.equal((await rest.call('GET', '/session')).body.user, CREDENTIALS.user, 'the session goes on');
  const again = await look();
  console.log(`# a picture ${Date.now() - began} ms after the old one was told to stop`);
  again.destroy();
  assert.equal(machine(), before.machine);
  assert.ok(existsSync(`/proc/${before.machine}`), 'the machine lives');
  await until(async () => JSON.stringify(await drives()) === JSON.stringify(before.drives), 'the media are in their drives', MINUTES);
  await line('clear');
  await line('ls /');
  await client.ok('wait-text', 'demo', 'boot/', '--timeout', '120');
});

test('what was stored is of the new version, with a copy of the old one', async () => {
  assert.ok(existsSync(gateway.path('state/keeper/keeper.db.v1')));
  assert.ok(existsSync(gateway.path('state/keeper/device.key')));
  assert.match(gateway.log, /the store is of version 1/);
  const [overlay] = readdirSync(gateway.path('state/gateway/overlays'));
  assert.equal(readFileSync(gateway.path(`state/gateway/overlays/${overlay}`)).subarray(16, 24).toString(), 'overlay2', 'what was written over media is sealed');
  assert.equal((await new Rest(gateway).logIn(CREDENTIALS.user, CREDENTIALS.password)).status, 200);
});
