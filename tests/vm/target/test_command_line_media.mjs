/* Media by the command line against the whole gateway: the library in both directions, cut and resumed; and a file of
 * this computer that a machine boots from, while the gateway is killed under it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { after, before, test } from 'node:test';
import { build } from '../../web/gateway.mjs';
import { until } from '../../web/until.mjs';
import { CREDENTIALS, GRUB, Gateway, MACHINE, Rest, assertSane, fillLibrary, lightsout, localClient } from './client.mjs';

/** @type {Gateway} */ let gateway;
/** @type {ReturnType<typeof localClient>} */ let client;
/** @type {Record<string, string>} */ let env = {};

const sum = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');

/** The client, running until it ends by itself or is told to. @param {string[]} args */
function running(...args) {
  const child = spawn(join(build, 'gateway/lightsout'), args, { env: { ...process.env, ...env } });
  const self = { child, out: '', err: '', /** @type {number|null|undefined} */ code: undefined };
  child.stdout.on('data', (data) => (self.out += data));
  child.stderr.on('data', (data) => (self.err += data));
  child.on('close', (code) => (self.code = code));
  return self;
}

/** Its exit code. @param {ReturnType<typeof running>} command */
const ended = async (command) => {
  await until(() => command.code !== undefined, 'the command ends', 240000);
  return command.code;
};

before(async () => {
  gateway = await Gateway.create({ demo: MACHINE });
  fillLibrary(gateway);
  chmodSync(gateway.path('images'), 0o777); // whoever the gateway runs as
  env = { XDG_STATE_HOME: gateway.path('home') };
  await gateway.start();
  client = localClient(gateway);
  renameSync(gateway.path(`images/${GRUB}`), gateway.path(GRUB)); // not in the library: it is this computer's
});
after(async () => {
  await gateway?.stop();
  if (gateway) assertSane(gateway);
  await gateway?.destroy();
});

test('exit code 2 for what cannot be meant', async () => {
  const wrong = (/** @type {RegExp} */ text, /** @type {string[]} */ ...args) => client.refused(['media', 'insert', 'demo', ...args], 2, text);
  await wrong(/name one medium/, '--drive', '0');
  await wrong(/name one medium/, 'a.iso', '--file', 'b.iso');
  await wrong(/unknown or incomplete option '--fast'/, '--file', 'b.iso', '--fast');
  await wrong(/--rate takes bytes a second/, '--file', 'b.iso', '--rate', '10 MB');
  await wrong(/'tape' is nothing that --kind takes/, '--file', 'b.iso', '--kind', 'tape');
  await wrong(/--writable needs --overlay/, '--file', 'b.iso', '--writable');
  await client.refused(['media', 'insert', 'demo', '--file', gateway.path('nothing.iso')], 1, /cannot be opened: No such file/);
  await client.refused(['media', 'insert', 'demo', '--file', gateway.folder], 1, /neither a file nor a disk/);
  await client.refused(['media', 'insert', 'nowhere', '--file', gateway.path(GRUB)], 1, /nowhere/);
});

test('an upload arrives whole; an image is renamed, counted, told about, deleted', async () => {
  const bytes = randomBytes(3 << 20);
  writeFileSync(gateway.path('random.img'), bytes);
  assert.equal(await client.ok('media', 'upload', gateway.path('random.img'), '--name', 'näme.img'), 'uploaded näme.img\n');
  assert.equal(await client.ok('media', 'sha256', 'näme.img'), `${sum(bytes)}  näme.img\n`);
  assert.match(await client.ok('media', 'rename', 'näme.img', 'disk.img'), /^name +disk.img\nsize +3145728$/m);
  assert.match(await client.ok('media', 'info', 'disk.img'), new RegExp(`^sha256 +${sum(bytes)}$`, 'm'));
  await client.refused(['media', 'upload', gateway.path('random.img'), '--name', 'disk.img'], 1, /disk.img/);
  assert.equal(await client.ok('media', 'download', 'disk.img', gateway.path('back.img')), 'downloaded\n');
  assert.deepEqual(readFileSync(gateway.path('back.img')), bytes);
  assert.equal(await client.ok('media', 'delete', 'disk.img'), 'deleted\n');
  await client.refused(['media', 'info', 'disk.img'], 4, /no image of this name/);
  await client.refused(['media', 'download', 'disk.img', gateway.path('x.img')], 4, /image/);
  assert.ok(!existsSync(gateway.path('x.img')) && !existsSync(gateway.path('x.img.part')));
});

/** How much of an upload stands on the gateway's disk. */
const arrived = () =>
  readdirSync(gateway.path('images'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && (entry.path ?? entry.parentPath) !== gateway.path('images'))
    .reduce((most, entry) => Math.max(most, statSync(join(entry.path ?? entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0), 0);

/** The gateway's local socket behind a gate, which lets as many bytes to it as it is told: nothing is over too soon. */
class Gate {
  left = 0; // bytes that may still pass
  /** @type {(() => void)[]} */ #held = [];

  /** @param {string} path */
  constructor(path) {
    this.path = path;
    this.server = createServer((outside) => {
      const inside = connect(client.socket);
      const gate = new Transform({
        transform: (data, _, done) => {
          this.left -= data.length;
          if (this.left > 0) done(null, data);
          else this.#held.push(() => done(null, data));
        },
      });
      for (const end of [outside, inside]) end.on('error', () => {}).on('close', () => (outside.destroy(), inside.destroy()));
      outside.pipe(gate).pipe(inside).pipe(outside);
    }).listen(path).unref();
  }

  /** @param {number} bytes */
  pass(bytes) {
    this.left = bytes;
    for (const go of this.#held.splice(0)) go();
  }
}

test('a client killed in the middle of an upload, then a gateway, cost nothing but time', async () => {
  const size = 400 << 20;
  const bytes = Buffer.concat([randomBytes(8 << 20), Buffer.alloc(size - (16 << 20)), randomBytes(8 << 20)]);
  writeFileSync(gateway.path('large.img'), bytes);
  const gate = new Gate(gateway.path('gate'));
  const args = ['--socket', gate.path, 'media', 'upload', gateway.path('large.img')];
  gate.pass(32 << 20);
  let upload = running(...args);
  await until(() => arrived() > 16 << 20, 'some of it has arrived');
  upload.child.kill('SIGKILL');
  await ended(upload);
  const before = arrived();
  gate.pass(64 << 20);
  upload = running(...args);
  await until(() => arrived() > before + (16 << 20), 'more has arrived');
  await gateway.kill('gateway');
  gate.pass(Infinity);
  assert.equal(await ended(upload), 0, upload.err);
  gate.server.close();
  assert.match(upload.err, /going on where an earlier upload of this file was cut\n.*the connection is lost; trying again/);
  assert.equal(upload.out, 'uploaded large.img\n');
  assert.equal(sum(readFileSync(gateway.path('images/large.img'))), sum(bytes));
});

test('a download goes on where it was cut, and begins again when the image is another one', async () => {
  const file = gateway.path('large.back'), image = readFileSync(gateway.path('images/large.img'));
  await client.ok('media', 'download', 'large.img', file);
  const tag = JSON.stringify('');
  renameSync(file, `${file}.part`);
  truncateSync(`${file}.part`, 1000000);
  writeFileSync(`${file}.part-tag`, `${tag}\n`); // of another image
  await client.ok('media', 'download', 'large.img', file);
  assert.equal(sum(readFileSync(file)), sum(image));
  assert.ok(!existsSync(`${file}.part`) && !existsSync(`${file}.part-tag`));
  await client.ok('media', 'delete', 'large.img');
});

test('a file of this computer boots the machine; the gateway dies and comes back under it', async () => {
  const stream = running('--socket', client.socket, 'media', 'insert', 'demo', '--file', gateway.path(GRUB));
  await until(() => stream.out === 'inserted\n' || stream.code !== undefined, 'it is inserted', 120000);
  assert.equal(stream.code, undefined, stream.err);
  assert.match(await client.ok('media', 'list', 'demo'), new RegExp(`^0 +\\S+ +cdrom +${GRUB}`));
  await client.ok('boot', 'demo', 'cd');
  await client.ok('power', 'on', 'demo');
  await client.ok('wait-text', 'demo', 'GNU GRUB|Press any key', '--timeout', '120');
  await gateway.kill('gateway');
  await until(() => /connected again/.test(stream.err), 'it finds back');
  assert.match(stream.err, /the connection is lost; trying again/);
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'on\n', 'the machine is known again');
  await client.ok('power', 'reset', 'demo');
  await until(async () => (await client.run('wait-text', 'demo', 'GNU GRUB|Press any key', '--timeout', '120')).code === 0, 'it boots again', 130000);
  assert.equal(await client.ok('media', 'eject', 'demo', '--force'), 'empty\n');
  assert.equal(await ended(stream), 0, stream.err);
  assert.match(stream.err, /ejected/);
  await client.ok('power', 'hard-off', 'demo');
});

test('Ctrl-C leaves the medium waiting, or takes it out', async () => {
  const file = gateway.path('changing.img');
  writeFileSync(file, randomBytes(1 << 20));
  const args = ['--socket', client.socket, 'media', 'insert', 'demo', '--file', file];
  let stream = running(...args);
  await until(() => stream.out === 'inserted\n', 'it is inserted', 120000);
  stream.child.kill('SIGINT');
  assert.equal(await ended(stream), 0);
  const drive = await until(async () => {
    const [now] = (await client.json('media', 'list', 'demo')).drives;
    return now.link !== 'good' && now;
  }, 'the gateway sees that nobody brings it');
  assert.equal(drive.medium, 'changing.img');
  await client.ok('media', 'eject', 'demo', '--force');
  stream = running(...args, '--eject-at-end');
  await until(() => stream.out === 'inserted\n', 'it is inserted', 120000);
  stream.child.kill('SIGINT');
  assert.equal(await ended(stream), 0, stream.err);
  await until(async () => (await client.json('media', 'list', 'demo')).drives[0].medium === null, 'it is out');
  unlinkSync(file);
});

test('a file that changes is not served on', async () => {
  const stream = running('--socket', client.socket, 'media', 'insert', 'demo', '--file', gateway.path(GRUB), '--rate', '100k');
  await until(() => stream.out === 'inserted\n', 'it is inserted', 120000);
  utimesSync(gateway.path(GRUB), 1, 1);
  await client.ok('power', 'on', 'demo');
  await until(() => /has changed; the target gets errors instead/.test(stream.err), 'it says so');
  await client.ok('power', 'hard-off', 'demo');
  await client.ok('media', 'eject', 'demo', '--force');
  assert.equal(await ended(stream), 0, stream.err);
});

test('over the network, with a pinned certificate and a token', async () => {
  await new Rest(gateway).setUp();
  mkdirSync(gateway.path('home'), { recursive: true });
  const token = gateway.path('token');
  const fingerprint = /fingerprint +(\S+)/.exec(gateway.history)?.[1] ?? '';
  const remote = ['--url', gateway.url, '--fingerprint', fingerprint, '--token-file', token];
  const login = await lightsout([...remote, 'login', CREDENTIALS.user], { input: `${CREDENTIALS.password}\n` });
  assert.equal(login.code, 0, login.err);
  const bytes = randomBytes(5 << 20);
  writeFileSync(gateway.path('remote.img'), bytes);
  const upload = await lightsout([...remote, 'media', 'upload', gateway.path('remote.img')], { env });
  assert.equal(upload.out, 'uploaded remote.img\n', upload.err);
  const download = await lightsout([...remote, 'media', 'download', 'remote.img', gateway.path('remote.back')], { env });
  assert.equal(download.code, 0, download.err);
  assert.deepEqual(readFileSync(gateway.path('remote.back')), bytes);
  const stream = running(...remote, 'media', 'insert', 'demo', '--file', gateway.path(GRUB), '--overlay', 'discard', '--eject-at-end');
  await until(() => stream.out === 'inserted\n' || stream.code !== undefined, 'it is inserted', 120000);
  assert.equal(stream.code, undefined, stream.err);
  await gateway.kill('gateway');
  await until(() => /connected again/.test(stream.err), 'it finds back');
  stream.child.kill('SIGINT');
  assert.equal(await ended(stream), 0, stream.err);
  const pin = await lightsout(['--url', gateway.url, '--fingerprint', '00'.repeat(32), '--token-file', token, 'media', 'insert', 'demo', '--file', gateway.path(GRUB)]);
  assert.equal(pin.code, 3, pin.err);
});
