/* A full session in a network namespace that has IPv6 alone: set-up, login, console, upload, the shell's address. All its
 * packets are kept, and no planted secret is in them in the clear. Only root may make such a namespace. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, chmodSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { complaints, launch, logIn, newPage, openConsole, setUp } from './browser.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { until } from './until.mjs';

const inside = process.env.LIGHTSOUT_NAMESPACE === '1';
const canary = `planted-${process.pid}-${Date.now()}`;

/** The words that must not be seen; the file's bytes are one too. */
const content = Buffer.from(`${canary}-in-a-file `.repeat(4000));

async function session(gateway, seen) {
  const browser = await launch();
  try {
    const page = await newPage(browser);
    const sockets = [];
    page.on('websocket', (socket) => {
      sockets.push(socket);
      socket.on('framereceived', () => (socket.told = true));
    });
    await setUp(page, gateway);
    await openConsole(page, gateway, 'pc');
    await until(() => sockets.some((s) => s.told), 'the console’s websocket brings something');
    for (const cookie of await page.context().cookies()) seen.push(cookie.value);
    const sent = await page.evaluate(async (text) => {
      const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(text.length), 'Upload-Metadata': `filename ${btoa('x.img')}` };
      const made = await fetch('api/v1/uploads', { method: 'POST', headers });
      const more = { 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' };
      return (await fetch(made.headers.get('Location'), { method: 'PATCH', headers: more, body: text })).status;
    }, content.toString('latin1'));
    assert.equal(sent, 204);
    const token = await page.evaluate(async () => {
      const made = await fetch('api/v1/account/tokens', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'x', expires: 3600 }) });
      return (await made.json()).token ?? '';
    });
    if (token) seen.push(token);
    await page.context().clearCookies();
    await page.goto(`${gateway.url}/#/`);
    await page.reload();
    await logIn(page);
    await page.getByRole('heading', { name: 'Targets' }).waitFor();
    assert.deepEqual(complaints(page), []);
  } finally {
    await browser.close();
  }
}

/** What a plain request sends can be seen: the capture would show a secret too. */
const sayPlain = (port) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '::1', () => socket.write(`GET /${canary}-in-the-clear HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`));
    socket.on('data', () => socket.destroy()).on('close', () => resolve(undefined)).on('error', reject);
  });

/** @param {'add'|'del'} what @param {string} text of the one interface that every kernel has */
const address = (what, text) => execFileSync('ip', ['-6', 'addr', what, `${text}/128`, 'dev', 'lo']);

async function runInside() {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  execFileSync('ip', ['-4', 'addr', 'flush', 'dev', 'lo']);
  address('add', 'fd00:6::1');
  const folder = mkdtempSync(join(tmpdir(), 'lightsout-capture-'));
  const file = join(folder, 'all.pcap');
  const capture = spawn('tcpdump', ['-i', 'lo', '-Z', 'root', '-U', '-s', '0', '-B', '16384', '-w', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  capture.stderr.on('data', (data) => (said += data));
  const gateway = await Gateway.create({ pc: { machine: 'testcard' } }, { listen: ['[::1]'], names: 'localhost [::1] [fd00:6::1]' });
  try {
    await until(() => /listening on/.test(said), 'tcpdump listens');
    mkdirSync(gateway.path('images'));
    chmodSync(gateway.path('images'), 0o777); // started as root it drops to a user who must write there
    await gateway.start();
    const secrets = [CREDENTIALS.password, gateway.secret, `${canary}-in-a-file`];
    await session(gateway, secrets);

    // another address, then an interface by its name, and an address that it gets later
    const answers = (host) =>
      spawnSync('curl', ['-gsk', '--max-time', '5', `https://[${host}]:${gateway.port}/api/v1/version`], { encoding: 'latin1' }).stdout.includes('lightsout');
    gateway.listen = ['[fd00:6::1]'];
    gateway.reload();
    await until(() => answers('fd00:6::1') && !answers('::1'), 'what is listed is listened on, and nothing else');
    gateway.listen = ['lo'];
    gateway.reload();
    await until(() => answers('::1') && answers('fd00:6::1'), 'all addresses of the interface are listened on');
    address('add', 'fd00:6::2');
    await until(() => /listening on \[fd00:6::2\]/.test(gateway.log), 'an address that came later is taken up');
    address('del', 'fd00:6::2');
    await until(() => /no longer listening on \[fd00:6::2\]/.test(gateway.log), 'one that went is let go');

    await until(async () => {
      await sayPlain(gateway.port); // more than once: a busy machine's capture may miss a packet
      return readFileSync(file).includes(`${canary}-in-the-clear`);
    }, 'the capture shows what was sent in the clear');
    capture.kill('SIGTERM');
    await until(() => capture.exitCode !== null || capture.signalCode !== null, 'tcpdump ends');
    const bytes = readFileSync(file);
    assert.ok(statSync(file).size > content.length, 'the whole session was captured');
    for (const secret of secrets.filter((s) => s.length > 5)) {
      for (const form of [secret, Buffer.from(secret).toString('base64').replace(/.{2}=*$/, ''), encodeURIComponent(secret)])
        assert.ok(!bytes.includes(form), `a secret of ${secret.length} characters is in the clear`);
    }
    assert.ok(secrets.length >= 5, 'cookies were among them');
  } finally {
    capture.kill('SIGKILL');
    await gateway.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}

const may = () => process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

test('a session over IPv6 alone works, and nothing of it is in the clear', async (t) => {
  if (inside) return runInside();
  if (!may()) return t.skip('only root may make a network namespace');
  const { NODE_TEST_CONTEXT: _, ...outer } = process.env; // or it would report to our runner
  const child = spawn('unshare', ['--net', process.execPath, '--test', fileURLToPath(import.meta.url)], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...outer, LIGHTSOUT_NAMESPACE: '1' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, said);
  assert.match(said, /# pass 1\b/);
});
