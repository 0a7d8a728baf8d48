/* The first start of a board without screen, keyboard and clock, on the stock kernel as root: the secret on the boot
 * partition, the first Administrator from a file, and a machine that begins in 1971. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { CREDENTIALS, build } from '../../web/gateway.mjs';
import { assertQuiet, launch, logIn, newPage } from '../../web/browser.mjs';
import { until } from '../../web/until.mjs';
import { Board } from '../guest/board.mjs';
import { HANG_MS, program } from '../guest/guest.mjs';
import { Rest } from '../target/client.mjs';

const PASSWORD = CREDENTIALS.password;
const FIRST_USER = '/etc/lightsout/first-start/user';
const FAT = ['vfat', 'fat', 'nls_cp437', 'nls_ascii', 'loop'];

/** @type {Board} */ let board;
/** @type {number} */ let started;
/** @type {string} */ let running = '';
/** @type {string} */ let hash;
let history = '';
const reached = (/** @type {string} */ what) => console.log(`# ${((Date.now() - started) / 1000).toFixed(1)} s: ${what}`);

before(async () => {
  started = Date.now();
  hash = execFileSync(program('mkpasswd'), ['-m', 'yescrypt', PASSWORD]).toString().trim();
  board = new Board(undefined, { name: 'board-first', modules: FAT, files: [join(build, 'tests/vm/guest/keep-clock')] });
  await board.bootBoard({ capture: false, qemu: ['-rtc', 'base=1971-01-01T00:00:00'] });
  execFileSync(program('mformat'), ['-C', '-i', board.path('card'), '-T', '20000', '::']);
  await board.load(...FAT);
  await board.ok('mkdir -p /boot/firmware && cp /share/card /run/card && mount -t vfat -o loop /run/card /boot/firmware');
});
after(() => {
  if (process.env.SHOW_LOG) console.log(history + board?.log);
  board?.destroy();
});

/** Runs lightsoutd with an empty state folder and these lines in [gateway]. @param {string} state @param {string[]} lines */
async function begin(state, ...lines) {
  await stop();
  const text = ['[gateway]', `listen = 0.0.0.0:${board.port}`, 'public-names = localhost kvm.example', ...lines, '[target pc]', 'machine = testcard', ''];
  writeFileSync(board.path('lightsout.conf'), text.join('\n'));
  await board.ok('cp /share/lightsout.conf /etc/lightsout/');
  await board.launch('', `/var/lib/${state}`);
  running = state;
}
async function stop() {
  if (!running) return;
  history += board.log;
  await board.ok(`kill $(cat /run/lightsoutd.pid); while kill -0 $(cat /run/lightsoutd.pid) 2>/dev/null; do usleep 50000; done`);
  running = '';
}
const rest = () => new Rest(/** @type {any} */ (board));

/** The certificate that the gateway shows. @returns {Promise<X509Certificate>} */
const certificate = () =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: board.port, servername: 'localhost', rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.on('error', reject);
  });

const FILES = { 'a FAT partition': '/boot/firmware/lightsout-setup.txt', tmpfs: '/run/lightsout-setup.txt' };
for (const [where, path] of Object.entries(FILES))
  test(`the secret stands in a file on ${where} until set-up is done`, async () => {
    await begin(`secret-${where.length}`, `secret-file = ${path}`);
    const secretOf = async () => /set-up +(\S+)/.exec(await board.ok(`cat ${path}`))?.[1] ?? '';
    const text = await board.ok(`cat ${path}`);
    const first = await secretOf();
    assert.match(text, /^lightsout is waiting for its set-up\.\n/);
    assert.ok(text.includes(`https://localhost:${board.port}/`) && text.includes('https://kvm.example:'), text);
    assert.ok(text.includes((await certificate()).fingerprint256), 'the fingerprint is the certificate\'s');
    assert.match(first, /^(\w{5}-){4}\w{5}$/);
    if (where === 'tmpfs') assert.equal(await board.ok(`stat -c '%a %u' ${path}`), '600 0');
    reached(`file on ${where}`);

    await board.kill('keeper');
    const second = await until(async () => {
      const now = (await board.run(`cat ${path}`)).out;
      const found = /set-up +(\S+)/.exec(now)?.[1];
      return found && found !== first && found;
    }, 'the file has the new keeper\'s secret', HANG_MS);
    const client = rest();
    const setUp = (/** @type {string} */ secret) => client.call('POST', '/setup', { secret, ...CREDENTIALS });
    assert.notEqual((await until(() => setUp(first).catch(() => null), 'the gateway answers')).status, 201, 'the old secret is void');
    const answer = await setUp(second);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    await until(async () => (await board.run(`test -e ${path}`)).code !== 0, 'the file is gone');
    const lines = board.log.split('\n').filter((line) => /^(info|warn|error|debug) /.test(line)).join('\n');
    for (const secret of [first, second]) assert.ok(!lines.includes(secret), 'no log line holds a secret');
    reached(`set up from ${where}`);
  });

test('a file that is not ours is left alone', async () => {
  await board.ok('echo mine >/run/notes');
  await begin('notes', 'secret-file = /run/notes');
  assert.equal(await board.ok('cat /run/notes'), 'mine');
  await until(() => board.log.includes('secret-file /run/notes holds something else; remove it'), 'the log says what to do');
});

/** @param {string} state @param {string} path */
async function offer(state, path, prepare = '') {
  writeFileSync(board.path('first-user'), `# the owner\n${CREDENTIALS.user}:${hash}\n`);
  await board.ok(`mkdir -p ${path.replace(/\/[^/]*$/, '')}; rm -f ${path}; cp /share/first-user ${path}; chmod 600 ${path}; ${prepare}`);
  await begin(state, `first-user-file = ${path}`);
}

const REFUSED = {
  'the group may read it': ['chmod 640', /chmod 600 it/],
  'it is not root\'s': ['chown 1000', /chown root it/],
};
for (const [why, [command, words]] of Object.entries(REFUSED))
  test(`a first user is refused when ${why}`, async () => {
    await offer(`refused-${command.length}`, FIRST_USER, `${command} ${FIRST_USER}`);
    await until(() => /** @type {RegExp} */ (words).test(board.log), 'the log says what to do');
    assert.ok(board.secret, 'set-up waits for a person');
    assert.notEqual((await rest().logIn(CREDENTIALS.user, PASSWORD)).status, 200);
    await board.ok(`test -e ${FIRST_USER}`);
  });

test('the owner\'s file makes the first Administrator, and goes', async () => {
  await offer('unattended', FIRST_USER);
  assert.equal(board.secret, '', 'there is no secret');
  assert.notEqual((await board.run(`test -e ${FIRST_USER}`)).code, 0);
  const client = rest();
  const answer = await client.logIn(CREDENTIALS.user, PASSWORD);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal((await client.call('GET', '/users')).status, 200, 'an Administrator sees users');
  assert.equal((await rest().logIn(CREDENTIALS.user, `${PASSWORD}!`)).status, 401);
  reached('first user');
});

/* ---- the clock; goes on with that gateway ---- */

test('in 1971 the page says so, an Administrator sets the clock, and sessions stay', async () => {
  assert.match(await board.ok('date -u +%Y'), /^197/);
  const client = rest();
  assert.equal((await client.logIn(CREDENTIALS.user, PASSWORD)).status, 200);
  const clock = async () => (await client.call('GET', '/system')).body.clock;
  assert.equal((await clock()).synchronised, false);

  const shown = await certificate();
  assert.ok(Date.parse(shown.validFrom) <= Date.now() && Date.parse(shown.validTo) > Date.now(), `${shown.validFrom} to ${shown.validTo}`);
  const strict = connect({ host: '127.0.0.1', port: board.port, servername: 'localhost', ca: shown.toString() });
  await new Promise((resolve, reject) => strict.once('secureConnect', () => resolve(strict.destroy())).once('error', reject));
  reached('a client that checks dates takes the certificate');

  const browser = await launch();
  const page = await newPage(browser);
  await page.goto(board.url);
  await logIn(page);
  const words = page.getByText(/clock shows/);
  await words.waitFor();
  console.log(`# ${(await words.textContent())?.replace(/\s+/g, ' ')}`);
  assertQuiet(page);
  await browser.close();

  const early = await client.call('POST', '/system/clock', { time: 86400000 });
  assert.equal(early.status, 422, JSON.stringify(early.body));
  const answer = await client.call('POST', '/system/clock', { time: Date.now() });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.ok(Math.abs((await clock()).time - Date.now()) < 60000);
  assert.ok(Math.abs(Number(await board.ok('date -u +%s')) * 1000 - Date.now()) < 60000, "the machine's clock is set");
  assert.equal((await client.call('GET', '/users')).status, 200, 'the session stays');
  reached('clock set');

  await board.ok('/guest/keep-clock');
  const late = await client.call('POST', '/system/clock', { time: Date.now() + 3600000 });
  assert.equal(late.status, 409, JSON.stringify(late.body));
  assert.equal(late.body.error.code, 'clock-synchronised');
  assert.equal((await clock()).synchronised, true);
});

test('neither hash nor password was written anywhere', async () => {
  await stop();
  for (const part of [hash, hash.split('$').at(-1) ?? '', PASSWORD]) assert.ok(!history.includes(part));
  assert.doesNotMatch(history, /AddressSanitizer|LeakSanitizer|runtime error:/);
  await board.end();
});
