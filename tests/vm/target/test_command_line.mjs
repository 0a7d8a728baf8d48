/* The client `lightsout` as a script meets it: locally against a virtual machine that shows GRUB, remotely with a token
 * file and a pinned certificate. Every kind of exit code, every sentence that a script may have to show. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { until } from '../../web/until.mjs';
import { CREDENTIALS, GRUB, Gateway, MACHINE, Rest, SECRET_PASSWORD, assertSane, fillLibrary, lightsout, localClient } from './client.mjs';

/** @type {Gateway} */ let gateway;
/** @type {ReturnType<typeof localClient>} */ let client;
let fingerprint = '';

before(async () => {
  gateway = await Gateway.create({ demo: MACHINE, card: { machine: 'testcard' } });
  fillLibrary(gateway);
  writeFileSync(gateway.path('images/empty.iso'), '');
  mkdirSync(gateway.path('images/drivers'));
  chmodSync(gateway.path('images'), 0o777); // what is written to a stick is noted beside it
  writeFileSync(gateway.path('images/stick.img'), Buffer.alloc(1 << 20));
  chmodSync(gateway.path('images/stick.img'), 0o666);
  await gateway.start();
  fingerprint = /fingerprint +(\S+)/.exec(gateway.log)?.[1] ?? '';
  client = localClient(gateway);
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
});
after(async () => {
  await gateway?.stop();
  if (gateway) assertSane(gateway);
  await gateway?.destroy();
});

test('before the set-up, over the network: nothing but set-up and version', async () => {
  const remote = (/** @type {string[]} */ ...args) => lightsout(['--url', gateway.url, '--fingerprint', fingerprint, ...args]);
  assert.match((await remote('version')).out, /^lightsout \d+\.\d+\.\d+\n$/);
  const { code, err } = await remote('target', 'list');
  assert.equal(code, 5);
  assert.equal(err, 'lightsout: No user exists yet; open the page and set the first one up.\n');
});

test('a new set-up secret voids the old one; after the set-up there is none', async () => {
  const secret = (await client.ok('setup-secret')).trim();
  assert.match(secret, /^[0-9A-Z]{5}(-[0-9A-Z]{5}){4}$/);
  assert.notEqual(secret, gateway.secret);
  const rest = new Rest(gateway);
  const old = await rest.call('POST', '/setup', { secret: gateway.secret, ...CREDENTIALS });
  assert.equal(old.status, 403);
  assert.equal(old.body.error.code, 'bad-secret');
  gateway.secret = secret;
  await rest.setUp();
  await client.refused(['setup-secret'], 1, 'A user exists already; log in instead.');
});

test('the command line itself: help, and exit code 2 for what is wrong', async () => {
  assert.match(await client.ok('--help'), /^Usage: lightsout/);
  await client.refused([], 2, /^Usage: lightsout/);
  await client.refused(['fly'], 2, "unknown command 'fly'; see --help");
  await client.refused(['power', 'fly'], 2, "unknown command 'power'; see --help");
  await client.refused(['--fly', 'target', 'list'], 2, "unknown option '--fly'; see --help");
  await client.refused(['--url'], 2, "option '--url' wants a value");
  await client.refused(['power', 'on'], 2, 'usage: lightsout power on TARGET');
  await client.refused(['media', 'insert', 'demo', GRUB, '--fast'], 2, "unknown or incomplete option '--fast'");
  await client.refused(['wait-text', 'demo', 'x', '--timeout', 'soon'], 2, '--timeout takes seconds from 1 to 86400');
  await client.refused(['wait-text', 'demo', '('], 2, "'(' is no extended regular expression");
  await client.refused(['wait-text', 'demo', 'x', '--region', '1,2,3'], 2, "--region takes X,Y,WIDTH,HEIGHT in pixels, not '1,2,3'");
  await client.refused(['screen-text', 'demo', '--region', '1,2,3,4,5'], 2, "--region takes X,Y,WIDTH,HEIGHT in pixels, not '1,2,3,4,5'");
  await client.refused(['screen-text', 'demo', '--recognise', 'En'], 2, "--recognise takes the name of a language, such as eng, not 'En'");
  await client.refused(['screen-text', 'demo', '--loud'], 2, "unknown or incomplete option '--loud'");
  await client.refused(['screen-text', 'moon', '--region', '0,0,9,16'], 4, /moon/);
  await client.refused(['screenshot', 'demo', '-', '--width', 'wide'], 2, "--width takes a number of pixels, not 'wide'");
  await client.refused(['audit', '--until', 'soon'], 2, /^lightsout: --until wants a time/);
  await client.refused(['record', 'get', 'x', 'y', '--picture', 'first'], 2, /^lightsout: --picture takes milliseconds/);
  await client.refused(['media', 'cancel', 'moon'], 4, /./);
  await client.refused(['media', 'delete', 'moon', 'tide'], 4, /./);
  await client.refused(['--url', 'http://localhost:1', 'version'], 2, /is never asked over plain http/);
});

test('targets: a list, one in full, as JSON; exit code 4 for one that is not there', async () => {
  const list = await client.ok('target', 'list');
  assert.match(list, /^NAME +MACHINE +POWER +SCREEN +VIEWERS +SEAT +HEALTH +GROUP +TITLE +LAST EVENT *\n/);
  assert.match(list, /^demo +qemu +off +powered-off +0 +off\b/m);
  assert.match(list, /^card +testcard +on +ok +0 +ok\b/m);
  assert.doesNotMatch(await client.ok('target', 'list', '--group', 'nothing'), /demo/);
  assert.deepEqual((await client.json('target', 'events', 'card')).events, []);
  const { targets } = await client.json('target', 'list');
  assert.deepEqual(targets.map((/** @type {any} */ t) => t.name).sort(), ['card', 'demo']);
  assert.match(await client.ok('target', 'show', 'demo'), /^name +demo\nmachine +qemu\npower +off\nscreen +powered-off/);
  assert.equal((await client.json('target', 'show', 'demo')).vm.state, 'running');
  await client.refused(['target', 'show', 'nowhere'], 4, /nowhere/);
  for (const name of ['', '.', '..', '../users', 'demo/power'])
    await client.refused(['power', 'on', name], 4, "there is nothing of that name: names hold no '/', and are not empty");
  await client.refused(['media', 'eject', 'demo', '--drive', '0/../1'], 4, /^lightsout: /);
  await client.refused(['--socket', gateway.path('nothing'), 'target', 'list'], 3, /^lightsout: no gateway answers at '.*nothing'; is lightsoutd running/);
});

test('the library names what cannot be used, and why', async () => {
  const list = await client.ok('media', 'images');
  assert.match(list, new RegExp(`^${GRUB} +4\\.\\d MiB +cdrom *$`, 'm'));
  assert.match(list, /^empty.iso +0 B +cdrom +empty$/m);
  assert.match(list, /^drivers +\S.*B +folder *$/m);
  await client.refused(['media', 'insert', 'demo', 'empty.iso'], 1, 'empty.iso is empty. Copy the image again.');
  await client.refused(['media', 'insert', 'demo', 'gone.iso'], 4, 'gone.iso is not in the image library.');
  await client.refused(['media', 'insert', 'demo', GRUB, '--drive', '7'], 4, /^lightsout: Target 'demo' has 1 drive/);
  await client.refused(['media', 'insert', 'demo', GRUB, '--kind', 'tape'], 1, "'kind' must be cdrom or disk.");
});

test('while it is off there is no picture, and the sentence says so', async () => {
  await client.refused(['screenshot', 'demo', '-'], 1, 'The machine is powered off.');
  await client.refused(['screen-text', 'demo'], 1, 'The machine is powered off.');
  await client.refused(['wait-text', 'demo', 'GRUB', '--timeout', '1'], 6, "'demo' did not show 'GRUB' within 1 s");
  await client.refused(['power', 'reset', 'demo'], 1, /off/);
});

test('insert, boot from CD, power on: the menu shows', async () => {
  assert.equal(await client.ok('media', 'insert', 'demo', GRUB), 'inserted\n');
  assert.match(await client.ok('media', 'list', 'demo'), new RegExp(`^0 +inserted +cdrom +${GRUB}\\n$`));
  await client.refused(['media', 'insert', 'demo', GRUB], 1, 'There is a medium in the drive, or on its way; eject it first.');
  assert.equal(await client.ok('boot', 'demo', 'cd'), 'cd\n');
  await client.refused(['boot', 'demo', 'moon'], 1, "'boot' must be default, cd, disk, pxe, menu or setup.");
  assert.equal(await client.ok('power', 'on', 'demo'), 'on\n');
  assert.equal(await client.ok('power', 'state', 'demo'), 'on\n');
  await client.ok('wait-text', 'demo', 'GNU GRUB|Press any key', '--timeout', '120');
});

/* Eight characters fit into QEMU's keyboard even if the target takes none of them meanwhile: a busy machine loses none. */
test('keys and text arrive whole, also what the BIOS reads slowly', async () => {
  await client.ok('key', 'demo', 'c');
  await client.ok('wait-text', 'demo', 'grub>', '--timeout', '120');
  let typed = 'grub> ';
  for (const piece of ['echo ', '"Hi, ', 'BIG ', 'World" ', '{}~#42']) {
    const { code, err } = await client.fed(piece, 'type', 'demo', '-');
    assert.equal(code, 0, err);
    typed += piece;
    await until(async () => (await client.ok('screen-text', 'demo')).includes(typed.trim()), `the screen shows ${typed}`);
  }
  await client.ok('key', 'demo', 'backspace', 'backspace', 'a', 'ctrl+a', 'end');
  await until(async () => (await client.ok('screen-text', 'demo')).includes('World" {}~#a'), 'keys edit the line');
  await client.ok('key', 'demo', 'ctrl+u');
  await until(async () => !(await client.ok('screen-text', 'demo')).includes('World'), 'the line is gone');
  await until(async () => { // it blinks: null at times
    const { lines, cursor } = await client.json('screen-text', 'demo');
    return cursor && lines[cursor.y] === 'grub>' && cursor.x === 'grub> '.length;
  }, 'the cursor is seen behind the prompt');
  const { lines, cell } = await client.json('screen-text', 'demo');
  const region = [cell.x, cell.y + lines.lastIndexOf('grub>') * cell.height, 5 * cell.width, cell.height].join();
  assert.equal(await client.ok('screen-text', 'demo', '--region', region), 'grub>\n');
  await client.ok('wait-text', 'demo', '^grub>$', '--region', region, '--recognise', 'eng');
  await client.refused(['key', 'demo', 'ctrl+alt+moon'], 1, /moon/);
  await client.refused(['type', 'demo', 'caf\u00e9'], 1, /\u00e9.*U\+00E9/);
  await client.refused(['type', 'demo', '\u001b'], 1, /U\+001B/);
});

test('the disc that is seen in the target is the one in the drive', async () => {
  await client.ok('type', 'demo', 'ls\n');
  await client.ok('wait-text', 'demo', '^\\(.*\\(cd', '--timeout', '120');
  const [drive] = (await client.json('media', 'list', 'demo')).drives;
  assert.equal(drive.medium, GRUB);
  assert.equal(drive.phase, 'inserted');
  assert.ok(drive.bytes_read > 5e5, `${drive.bytes_read} bytes were read`);
});

/** @param {Buffer} png @returns {{width: number, height: number, colours: number}} */
function readPng(png) {
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = [];
  let at = 8;
  for (; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  assert.equal(at, png.length, 'ends with a whole chunk');
  const width = png.readUInt32BE(16), height = png.readUInt32BE(20);
  const pixels = inflateSync(Buffer.concat(data));
  assert.equal(pixels.length % height, 0);
  return { width, height, colours: new Set(pixels).size };
}

test('screenshots: PNG into a file and on standard output, JPEG', async () => {
  await client.ok('screenshot', 'demo', gateway.path('shot.png'));
  const { width, height, colours } = readPng(readFileSync(gateway.path('shot.png')));
  assert.deepEqual([width, height], [720, 400]);
  assert.ok(colours > 1);
  readPng((await client.run('screenshot', 'card', '-')).bytes);
  await client.ok('screenshot', 'demo', gateway.path('shot.jpg'));
  const jpeg = readFileSync(gateway.path('shot.jpg'));
  assert.deepEqual([jpeg.readUInt16BE(0), jpeg.readUInt16BE(jpeg.length - 2)], [0xffd8, 0xffd9]);
  await client.refused(['screenshot', 'demo', gateway.path('no/shot.png')], 1, /^lightsout: cannot write '.*shot.png': No such file or directory/);
  assert.equal((await client.run('screenshot', 'demo', '/dev/full')).code, 1);
});

test('power and media in words that a script can compare', async () => {
  assert.equal(await client.ok('power', 'nmi', 'demo'), 'on\n');
  assert.equal(await client.ok('power', 'reset', 'demo'), 'on\n');
  assert.match(await client.ok('media', 'eject', 'demo'), /^(empty|ejecting)\n$/);
  await until(async () => (await client.json('media', 'list', 'demo')).drives[0].phase === 'empty', 'the drive is empty');
  await client.refused(['media', 'eject', 'demo', '--hard'], 2, "unknown or incomplete option '--hard'");
  assert.match(await client.ok('media', 'insert', 'demo', 'stick.img', '--kind', 'disk', '--writable'), /^insert/);
  await until(async () => (await client.json('media', 'list', 'demo')).drives[0].phase === 'inserted', 'the stick is in');
  const [stick] = (await client.json('media', 'list', 'demo')).drives;
  assert.deepEqual([stick.kind, stick.read_only, stick.size], ['disk', false, 1 << 20]);
  await client.ok('media', 'eject', 'demo', '--force');
  assert.match(await client.ok('power', 'off', 'demo'), /^(going-off|on)\n$/);
  assert.equal(await client.ok('power', 'hard-off', 'demo'), 'off\n');
  assert.equal(await client.ok('power', 'state', 'demo'), 'off\n');
  assert.equal((await client.json('power', 'state', 'demo')).state, 'off');
});

test('control characters in names and logs never reach the terminal', async () => {
  const bad = `bad\u001b[31m\u009b2J.iso`;
  writeFileSync(gateway.path(`images/${bad}`), 'x');
  for (const out of [await client.ok('media', 'images'), await client.ok('--json', 'media', 'images')])
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  const { code, err } = await client.run('media', 'insert', 'demo', bad);
  assert.equal(code, 1);
  assert.doesNotMatch(err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  const other = await client.run('target', 'show', `a\u001b[2J\nb`);
  assert.equal(other.code, 4);
  assert.match(other.err, /^[^\u0000-\u001f]+\n$/);
  writeFileSync(gateway.path('state/vm/demo/qemu.log'), 'QEMU \u001b]0;title\u0007 says \u009b31m\n', { flag: 'a' });
  const shown = await until(async () => /^.*says.*$/m.exec(await client.ok('target', 'show', 'demo'))?.[0], 'the log shows');
  assert.match(shown, /QEMU .*title.* says/);
  assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f]/);
});

test('users: add, role, password, delete; the last Administrator stays', async () => {
  const added = await client.fed(`${SECRET_PASSWORD}\n`, 'user', 'add', 'bert', 'Operator');
  assert.equal(added.code, 0, added.err);
  assert.match(await client.ok('user', 'list'), /^Administrator +anna\nOperator +bert\n$|^Operator +bert\nAdministrator +anna\n$/);
  await client.ok('user', 'role', 'bert', 'ReadOnly');
  assert.match(await client.ok('user', 'list'), /^ReadOnly +bert$/m);
  assert.deepEqual((await client.json('user', 'list')).users.find((/** @type {any} */ u) => u.name === 'bert'), {
    name: 'bert', role: 'ReadOnly', enabled: true, origin: 'local', second_factor: false, certificate: null,
    grants: [{ target: '*', rights: ['view'] }] });
  await client.ok('user', 'role', 'bert', 'Custom', 'demo:view,power', 'gateway:audit');
  assert.match(await client.ok('user', 'list'), /^Custom +bert gateway:audit demo:view,power$/m);
  await client.refused(['user', 'role', 'bert', 'Custom', 'demo:fly'], 2, /'fly' is no right/);
  await client.refused(['user', 'role', 'bert', 'Custom', 'demo'], 2, /write TARGET:right/);
  await client.refused(['user', 'role', 'bert', 'King'], 1, "'role' must be Administrator, Operator, ReadOnly or Custom.");
  await client.refused(['user', 'role', 'carl', 'ReadOnly'], 4, "There is no user 'carl'.");
  await client.refused(['user', 'role', 'anna', 'Operator'], 1, /last.*Administrator/i);
  await client.refused(['user', 'delete', 'anna'], 1, /last.*Administrator/i);
  const weak = await client.fed('short\n', 'user', 'password', 'bert');
  assert.equal(weak.code, 1);
  assert.match(weak.err, /^lightsout: .*12/);
  const twice = await client.fed(`${SECRET_PASSWORD}\n`, 'user', 'add', 'Bert', 'ReadOnly');
  assert.equal(twice.code, 1);
  assert.match(twice.err, /^lightsout: .* already\.\n$/);
  assert.equal((await client.fed('another six good words\n', 'user', 'password', 'bert')).code, 0);
  assert.equal((await new Rest(gateway).logIn('bert', SECRET_PASSWORD)).status, 401);
  assert.equal((await new Rest(gateway).logIn('bert', 'another six good words')).status, 200);
  await client.ok('user', 'delete', 'bert');
  await client.refused(['user', 'delete', 'bert'], 4, "There is no user 'bert'.");
  assert.equal((await new Rest(gateway).logIn('bert', 'another six good words')).status, 401);
  assert.equal((await client.fed('', 'user', 'password', 'anna')).err, 'lightsout: nothing was given for: New password\n');
});

test('from another machine: login with a pinned certificate, a token file of mode 0600, logout', async () => {
  const file = gateway.path('token');
  const remote = ['--url', `https://localhost:${gateway.port}`, '--fingerprint', fingerprint, '--token-file', file];
  const wrong = await lightsout([...remote, 'login', 'anna'], { input: 'not her password\n' });
  assert.deepEqual([wrong.code, wrong.err], [5, 'lightsout: User name or password is wrong.\n']);
  assert.ok(!existsSync(file), 'no token file is left by a refused login');
  const { code, err } = await lightsout([...remote, 'login', 'anna'], { input: `${CREDENTIALS.password}\n` });
  assert.equal(code, 0, err);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const token = readFileSync(file, 'latin1');
  assert.match(token, /^[0-9a-f]{64}\n$/);
  assert.match((await lightsout([...remote, 'target', 'list'])).out, /^demo +qemu +off/m);

  const other = await lightsout(['--url', gateway.url, '--fingerprint', fingerprint.replace(/^../, 'FF').replace(/..$/, '00'), '--token-file', file, 'target', 'list']);
  assert.equal(other.code, 3);
  assert.equal(other.err, `lightsout: the certificate at ${gateway.url} is not the pinned one; compare with the fingerprint that lightsoutd prints\n`);
  const unpinned = await lightsout(['--url', gateway.url, '--token-file', file, 'target', 'list']);
  assert.equal(unpinned.code, 3);
  assert.match(unpinned.err, /is not trusted; give --fingerprint/);
  const nobody = await lightsout(['--url', gateway.url, '--fingerprint', fingerprint, 'target', 'list']);
  assert.equal(nobody.code, 5);

  const made = await lightsout([...remote, 'token', 'make', 'ci', '--days', '2', 'demo:view']);
  assert.match(made.out, /^lo_[0-9a-f]{64}\n$/, made.err);
  const scripts = gateway.path('script-token');
  writeFileSync(scripts, made.out, { mode: 0o600 });
  const script = [...remote.slice(0, -1), scripts];
  assert.match((await lightsout([...script, 'target', 'list'])).out, /^demo +qemu +off/m);
  assert.equal((await lightsout([...script, 'power', 'on', 'demo'])).code, 5);
  assert.equal((await lightsout([...script, 'user', 'list'])).code, 5);
  const [id] = /^[0-9a-f]{16}(?= expires .* ci demo:view$)/m.exec((await lightsout([...remote, 'token', 'list'])).out) ?? [];
  assert.equal((await lightsout([...remote, 'token', 'revoke', String(id)])).code, 0);
  assert.equal((await lightsout([...script, 'target', 'list'])).code, 5);

  assert.equal((await lightsout([...remote, 'logout'])).code, 0);
  assert.ok(!existsSync(file), 'logout removes the token file');
  writeFileSync(file, token, { mode: 0o600 });
  assert.equal((await lightsout([...remote, 'target', 'list'])).code, 5, 'the session has ended, whoever kept the token');
  writeFileSync(file, 'not a token\n');
  const broken = await lightsout([...remote, 'target', 'list']);
  assert.deepEqual([broken.code, /holds no session token/.test(broken.err)], [2, true]);
  assert.equal((await lightsout(['--url', 'https://localhost:1', '--fingerprint', fingerprint, 'version'])).code, 3);
});

test('events tell who did what, without secrets', async () => {
  const log = await client.ok('events');
  for (const line of [/local uid \d+ media-insert demo grub/, /local uid \d+ power demo on$/, /anna setup/, /login-failed/, /user-created .*bert/, /user-deleted .*bert/])
    assert.match(log, new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ .*${line.source}`, 'm'));
  assert.ok(!log.includes(SECRET_PASSWORD) && !log.includes(CREDENTIALS.password) && !log.includes('BIG'));
  assert.ok((await client.json('events')).events.length > 10);
});

test('other users of this machine are not served by the local socket', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
  const { code, err } = await lightsout(['--socket', client.socket, 'target', 'list'], { user: 65534 });
  assert.equal(code, 3);
  assert.match(err, /may this user use it\?/);
});
