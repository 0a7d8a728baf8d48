/* What breaks on the gateway's own machine: images, virtual machines, ports, certificates, folders, the disk. Each is
 * provoked, and the sentence that a person reads is compared. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, afterEach, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { GRUB, Gateway, MACHINE, Rest, SECRET_PASSWORD, assertSane, fillLibrary, localClient } from './client.mjs';

const root = process.getuid?.() === 0;
/** @type {Gateway[]} */ const gateways = [];

/** @param {Parameters<typeof Gateway.create>} args */
async function make(...args) {
  const gateway = await Gateway.create(...args);
  gateways.push(gateway);
  return gateway;
}

async function clear() {
  for (const gateway of gateways.splice(0)) {
    await gateway.stop();
    assertSane(gateway);
    await gateway.destroy();
  }
}
afterEach(clear);
after(clear);

/** Processes that have this text in their command line. @param {string} text */
const processesWith = (text) =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false; // it ended meanwhile
    }
  });

/** It ends by itself with this code and these last words; nothing is left. @param {Gateway} gateway @param {number} code @param {string|RegExp} words */
async function assertRefuses(gateway, code, words) {
  gateway.launch();
  assert.equal(await gateway.ended(), code, gateway.log);
  const errors = gateway.log.split('\n').filter((line) => line && !/^info |sanitizer build/.test(line));
  assert.equal(errors.length, 1, gateway.log);
  const [, text] = /^error supervisor supervisor: (.*)/.exec(errors[0]) ?? [];
  if (typeof words === 'string') assert.equal(text, words);
  else assert.match(text ?? '', words);
  await until(() => processesWith(gateway.path('state')).length === 0, 'nothing is left running');
  assert.doesNotMatch(gateway.log, /page +https/);
}

test('a port in use', async () => {
  const gateway = await make({});
  const other = createServer();
  await new Promise((resolve) => other.listen(gateway.port, '127.0.0.1', () => resolve(0)));
  await assertRefuses(gateway, 5, `cannot listen on 127.0.0.1:${gateway.port}: another program uses this port; stop it, or change listen in the configuration`);
  await new Promise((resolve) => other.close(resolve));
  await gateway.start(); // and once the port is free, all is well
});

test('a state folder that cannot be written', async () => {
  const gateway = await make({});
  writeFileSync(gateway.path('state'), '');
  await assertRefuses(gateway, 4, `state folder ${gateway.path('state')} cannot be used: Not a directory; make it writable, or give another with --state`);
  rmSync(gateway.path('state'));
  if (!root) return;
  mkdirSync(gateway.path('state'));
  execFileSync('chown', ['65534', gateway.path('state')]);
  await assertRefuses(gateway, 4, /state folder \S+ belongs to user 65534, not to \S+; run chown -R \S+ on it, or give another with --state$/);
});

test('a certificate that is not there, not readable, no certificate, another key', async () => {
  const gateway = await make({});
  const pem = gateway.path('c.pem'), key = gateway.path('k.pem');
  gateway.keys = { certificate: pem, 'certificate-key': key };
  await assertRefuses(gateway, 6, `certificate ${pem} cannot be opened: No such file or directory; make it readable, or change certificate in the configuration`);
  const generate = (/** @type {string} */ to, /** @type {string} */ toKey) =>
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-days', '2', '-out', to, '-keyout', toKey], { stdio: 'ignore' });
  generate(pem, key);
  const whole = readFileSync(pem);
  writeFileSync(pem, whole.subarray(0, whole.length / 2));
  await assertRefuses(gateway, 6, /certificate/);
  writeFileSync(pem, '');
  await assertRefuses(gateway, 6, /certificate/);
  generate(pem, gateway.path('another-key.pem'));
  await assertRefuses(gateway, 6, /key/);
  if (!root) {
    chmodSync(key, 0);
    await assertRefuses(gateway, 6, `certificate-key ${key} cannot be opened: Permission denied; make it readable, or change certificate-key in the configuration`);
    chmodSync(key, 0o600);
  }
  generate(pem, key);
  await gateway.start();
});

test('a second lightsoutd on the same state', async () => {
  const gateway = await make({});
  await gateway.start();
  const conf = gateway.path('second.conf');
  writeFileSync(conf, '[gateway]\nlisten = 127.0.0.1:1\n');
  const second = spawn(gateway.program, ['--config', conf, '--state', gateway.path('state')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  second.stderr.on('data', (data) => (text += data));
  let closed = false; // which is when all that it said was read
  second.on('close', () => (closed = true));
  await until(() => closed, 'the second one ends');
  assert.equal(second.exitCode, 7);
  assert.ok(text.includes(`state folder ${gateway.path('state')} is in use by another lightsoutd (process ${gateway.supervisor}); stop that one, or give another with --state`), text);
  assert.equal((await new Rest(gateway).call('GET', '/version')).status, 200, 'the first one goes on');
});

test('a store that was damaged is named and left alone', async () => {
  const gateway = await make({});
  await gateway.start();
  await new Rest(gateway).setUp();
  await gateway.stop();
  const store = gateway.path('state/keeper/keeper.db');
  const whole = readFileSync(store);
  const broken = Buffer.from(whole);
  broken.fill(0xa5, 100, 4000);
  writeFileSync(store, broken);
  await assertRefuses(gateway, 6, /keeper\.db/);
  assert.deepEqual(readFileSync(store), broken);
  writeFileSync(store, whole);
  await gateway.start();
  assert.match(await localClient(gateway).ok('user', 'list'), /^Administrator +anna$/m);
});

test('a full disk never corrupts the store', { skip: !root && 'needs root, for a small file system' }, async (t) => {
  const gateway = await make({});
  mkdirSync(gateway.path('state'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0755', 'tmpfs', gateway.path('state')], { stdio: 'pipe' });
  } catch {
    return t.skip('mounts are not allowed here');
  }
  const filler = gateway.path('state/filler');
  const fill = () => {
    for (let size = 1 << 20; size >= 512; size >>= 1)
      try {
        for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
      } catch (error) {
        assert.equal(/** @type {NodeJS.ErrnoException} */ (error).code, 'ENOSPC');
      }
  };
  try {
    fill();
    gateway.launch();
    assert.notEqual(await gateway.ended(), 0);
    await until(() => /^error supervisor supervisor: .*(No space left|[mM]ake room)/m.test(gateway.log), 'the log tells why');
    await until(() => processesWith(gateway.path('state')).length === 0, 'nothing is left running');
    rmSync(filler);

    await gateway.start();
    const rest = new Rest(gateway), client = localClient(gateway);
    await rest.setUp();
    fill();
    // small changes may still fit into pages that are there; not for ever
    const full = await until(async () => {
      const { code, err } = await client.fed(`${SECRET_PASSWORD}\n`, 'user', 'add', `user${Date.now()}`, 'ReadOnly');
      fill();
      return code !== 0 && err;
    }, 'a user cannot be written');
    assert.equal(full, "lightsout: The gateway's disk is full; nothing was changed.\n");
    assert.equal((await new Rest(gateway).logIn('anna', 'a lamp in the hall')).status, 200, 'who makes room can log in');
    const before = await client.ok('user', 'list');
    await gateway.kill('keeper');
    await until(async () => (await client.run('user', 'list')).out === before, 'the keeper is back with the same users');
    await gateway.stop('SIGKILL');
    await until(() => processesWith(gateway.path('state')).length === 0, 'all ended');
    rmSync(filler);
    await gateway.start();
    assert.equal(await client.ok('user', 'list'), before);
    assert.equal((await client.fed(`${SECRET_PASSWORD}\n`, 'user', 'add', 'last', 'ReadOnly')).code, 0);
    assert.doesNotMatch(gateway.log, /audit log was changed/);
    await gateway.stop();
  } finally {
    await gateway.stop('SIGKILL');
    await until(() => {
      try {
        execFileSync('umount', [gateway.path('state')], { stdio: 'pipe' });
        return true;
      } catch {
        return false; // somebody still ends
      }
    }, 'the small file system is gone');
  }
});

test('an image that is missing, empty, a directory, unreadable, a link or changed is reported by name', async () => {
  const gateway = await make({ demo: MACHINE });
  fillLibrary(gateway);
  const image = (/** @type {string} */ name) => gateway.path(`images/${name}`);
  writeFileSync(image('empty.iso'), '');
  mkdirSync(image('folder.iso'));
  copyFileSync(image(GRUB), image('secret.iso'));
  chmodSync(image('secret.iso'), 0);
  execFileSync('ln', ['-s', '/etc/passwd', image('link.iso')]);
  execFileSync('mkfifo', [image('pipe.iso')]);
  copyFileSync(image(GRUB), image('fleeting.iso'));
  chmodSync(image('fleeting.iso'), 0o644);
  await gateway.start();
  const rest = new Rest(gateway);
  await rest.setUp();
  const insert = (/** @type {string} */ name) => rest.call('POST', '/targets/demo/drives/0/insert', { image: name });
  await until(async () => (await rest.call('GET', '/targets/demo')).body.power === 'off', 'the machine is there');
  for (const [name, status, message] of [
    ['missing.iso', 404, 'missing.iso is not in the image library.'],
    ['empty.iso', 422, 'empty.iso is empty. Copy the image again.'],
    ['secret.iso', 422, 'secret.iso cannot be read by the gateway. Change its permissions.'],
    ['link.iso', 422, 'link.iso is a link. Put the image itself into the library.'],
    ['pipe.iso', 422, 'pipe.iso is not a plain file.'],
    ['../state/lock', 422, 'This is not the name of an image: one file name without / and control characters.'],
  ]) {
    const answer = await insert(/** @type {string} */ (name));
    assert.equal(answer.body.error?.message, message);
    assert.equal(answer.status, status, `${name}`);
  }
  const listed = Object.fromEntries((await rest.call('GET', '/images')).body.images.map((/** @type {any} */ i) => [i.name, i.why]));
  assert.deepEqual(listed, { 'empty.iso': 'empty', 'fleeting.iso': '', 'folder.iso': '', [GRUB]: '', 'link.iso': 'a link', 'pipe.iso': 'not a plain file', 'secret.iso': 'not readable' });

  assert.equal((await insert('fleeting.iso')).status, 200);
  truncateSync(image('fleeting.iso'), 700000);
  await rest.call('PUT', '/targets/demo/boot', { boot: 'cd' });
  await rest.call('POST', '/targets/demo/power', { action: 'on' });
  const changed = 'The image fleeting.iso was changed while it was inserted. Eject it and insert it again.';
  await until(async () => (await rest.call('GET', '/targets/demo/drives')).body.drives[0].reason === changed, 'the drive tells why');
  await until(() => gateway.log.includes(`target demo, drive 0: ${changed}`), 'the log tells why, too');
  assert.equal((await rest.call('POST', '/targets/demo/drives/0/eject', { force: true })).status, 200);
  await until(async () => (await insert(GRUB)).status === 200, 'another image goes in');
  await until(async () => (await rest.call('GET', '/targets/demo/drives')).body.drives[0].reason === '', 'the fault is forgotten');

  await gateway.kill('gateway');
  rmSync(image(GRUB));
  await gateway.stop();
  await gateway.start(); // lifetime = supervisor: a new machine, and its medium has gone meanwhile
  await until(() => gateway.log.includes(`target demo, drive 0: ${GRUB} cannot be inserted again: ${GRUB} is not in the image library.`), 'the log names it');
});

/** @param {Rest} rest @param {string} target @param {(vm: any, target: any) => boolean} holds @param {string} what */
async function seeVm(rest, target, holds, what) {
  let seen;
  try {
    return await until(async () => {
      ({ body: seen } = await rest.call('GET', `/targets/${target}`));
      return holds(seen.vm, seen) && seen;
    }, what, 120000);
  } catch (error) {
    throw new Error(`${error} It is ${JSON.stringify(seen)}`);
  }
}

test('a QEMU that does not start is shown with its last words and tried again, ever more slowly', async () => {
  const gateway = await make({ broken: { ...MACHINE, disk: 'disk.qcow2' }, diskless: { ...MACHINE, disk: 'nowhere.qcow2' } });
  await gateway.start();
  const rest = new Rest(gateway);
  await rest.setUp();
  const missing = await seeVm(rest, 'diskless', (vm) => vm.state === 'failed', 'the missing disk is told');
  assert.equal(missing.vm.why, `disk ${gateway.path('state/vm/diskless/nowhere.qcow2')} does not exist; create it, or add size= to disk in the configuration`);
  writeFileSync(gateway.path('state/vm/broken/disk.qcow2'), 'this is no disk', { mode: 0o666 });
  chmodSync(gateway.path('state/vm/broken/disk.qcow2'), 0o666);
  const failed = await seeVm(rest, 'broken', (vm) => vm.state === 'failed' && /qcow2 format/.test(vm.why), 'the broken disk is told');
  assert.match(failed.vm.why, /^QEMU ended with code 1: .*Image is not in qcow2 format$/);
  assert.match(failed.vm.log.at(-1), /qemu-system-x86_64: .*Image is not in qcow2 format$/);
  assert.equal(failed.power, 'unknown');
  await until(() => gateway.log.split('\n').filter((line) => /target broken: .*next try in/.test(line)).length >= 3, 'it is tried again', 120000);
  const pauses = [...gateway.log.matchAll(/target broken: .*next try in ([\d.]+) s/g)].map((match) => Number(match[1]));
  assert.ok(pauses[1] > pauses[0] && pauses[2] > pauses[1], pauses.join(' '));
  assert.equal((await rest.call('POST', '/targets/broken/power', { action: 'on' })).status >= 400, true);
  rmSync(gateway.path('state/vm/broken/disk.qcow2'));
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', gateway.path('state/vm/broken/disk.qcow2'), '1M']);
  chmodSync(gateway.path('state/vm/broken/disk.qcow2'), 0o666);
  await seeVm(rest, 'broken', (vm, target) => vm.state === 'running' && target.power === 'off', 'repaired, it starts by itself');
});

test('a QEMU that dies is told and started again', async () => {
  const gateway = await make({ demo: MACHINE });
  await gateway.start();
  const rest = new Rest(gateway);
  await rest.setUp();
  await seeVm(rest, 'demo', (vm, target) => target.power === 'off', 'it runs');
  await rest.call('POST', '/targets/demo/power', { action: 'on' });
  let pid = 0;
  // a busy machine may look only when the next one runs, which has a longer pause then
  const dead = await seeVm(rest, 'demo', (vm) => {
    if (vm.state === 'failed') return true;
    const now = gateway.child('-sandbox');
    if (now && now !== pid) process.kill((pid = now), 'SIGKILL');
    return false;
  }, 'its end is told');
  assert.equal(dead.vm.why, 'QEMU was ended by signal 9 (Killed)');
  assert.notEqual(dead.signal.name, 'ok');
  assert.match(dead.signal.why, /QEMU|process/);
  await seeVm(rest, 'demo', (vm, target) => vm.state === 'running' && target.power === 'off', 'it runs again, powered off');
  assert.notEqual(gateway.child('-sandbox'), pid);
});

/* Stands in for QEMU: what it says on its monitor depends on the target's name. */
const FAKE = `#!/usr/bin/env node
const [, path, name] = process.argv.join(' ').match(/path=([^,]*\\/run\\/(\\w+)\\/qmp\\.sock)/);
console.error('first line of ' + name + '\\x1b[31m');
console.error('last line of ' + name);
if (name === 'quits') process.exit(3);
const GREETING = '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}}, "capabilities": []}}\\r\\n';
require('net').createServer((peer) => {
  peer.on('error', () => {});
  peer.resume();
  if (name === 'junk') peer.write('SSH-2.0-OpenSSH\\r\\n');
  if (name === 'long') peer.write('x'.repeat(3 << 20));
  if (name === 'other') peer.write('{"jsonrpc": "2.0"}\\r\\n');
  if (name === 'unasked') peer.write(GREETING + '{"return": {}, "id": 4711}\\r\\n');
  if (name === 'twice') peer.write(GREETING + GREETING);
  if (name === 'refuses') { peer.write(GREETING); peer.on('data', () => peer.write('{"error": {"class": "GenericError", "desc": "no"}, "id": 1}\\r\\n')); }
  if (name === 'hangsup') peer.end();
}).listen(path);
`;

test('a QEMU that answers nonsense is told in words, and harms no other target', { skip: !root && 'needs root, for extra-arguments' }, async () => {
  const fake = { ...MACHINE, 'extra-arguments': '-nodefaults' }; // whose process may use programs outside /usr
  const names = ['junk', 'long', 'other', 'unasked', 'twice', 'refuses', 'hangsup', 'quits', 'silent'];
  const gateway = await make({ card: { machine: 'testcard' }, ...Object.fromEntries(names.map((name) => [name, fake])) });
  mkdirSync(gateway.path('bin'));
  writeFileSync(gateway.path('bin/qemu-system-x86_64'), FAKE);
  chmodSync(gateway.path('bin/qemu-system-x86_64'), 0o755);
  gateway.env = { PATH: `${gateway.path('bin')}:${process.env.PATH}` };
  await gateway.start();
  const rest = new Rest(gateway);
  await rest.setUp();
  for (const [name, words] of [
    ['junk', /^QEMU's monitor sent a line that is not JSON\.?$/],
    ['long', /^QEMU's monitor sent a line of more than 1 MiB\.?$/],
    ['other', /^QEMU's monitor sent JSON that is no message of QEMU's monitor\.?$/],
    ['unasked', /^QEMU's monitor (answered what nobody asked|sent )/],
    ['twice', /^QEMU's monitor (greeted twice|sent )/],
    ['refuses', /^QEMU's monitor (refused|answered)/],
    ['hangsup', /^QEMU closed its monitor/],
  ]) {
    const target = await seeVm(rest, /** @type {string} */ (name), (vm, whole) => /** @type {RegExp} */ (words).test(whole.signal.why), `${name} is told`);
    assert.equal(target.signal.name, 'device-gone', `${name}`);
    assert.deepEqual(target.vm.log, [`first line of ${name}?[31m`, `last line of ${name}`]);
  }
  const quits = await seeVm(rest, 'quits', (vm) => vm.state === 'failed', 'its end is told');
  assert.equal(quits.vm.why, 'QEMU ended with code 3: last line of quits');
  assert.equal((await rest.call('GET', '/targets/card')).body.signal.name, 'ok');
  assert.equal((await rest.call('GET', '/targets/card/screenshot')).status, 200);
  assert.equal((gateway.log.match(/gateway is ready/g) ?? []).length, 1);
  const lines = gateway.log.split('\n').filter((line) => /qemu: .*junk/.test(line)).length;
  assert.ok(lines < 10, `the log is not flooded (${lines} lines)`);
  await gateway.stop();
  assert.deepEqual(processesWith(gateway.path('state')), []);
});
