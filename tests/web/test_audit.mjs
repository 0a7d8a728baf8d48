/* The audit log of a real gateway: who reads which lines, lines that are on disk when the answer comes, the check that finds
 * one changed word, what goes outside (a file; a real syslog server over TLS), and a disk that is full. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Rest, localClient } from '../vm/target/client.mjs';
import { Authority } from './authority.mjs';
import { Gateway, freePort } from './gateway.mjs';
import { until } from './until.mjs';

const PASSWORD = 'a lamp in the hall';
const CHANGED = 7; // exit code of `lightsout audit verify`
const rsyslogd = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd'].find(existsSync);
/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let admin;
/** @type {import('node:child_process').ChildProcess|undefined} */ let syslog;
let key = '';

before(async () => {
  const card = { machine: 'testcard' };
  gateway = await Gateway.create({ lab: card, vault: card });
  gateway.keys = { 'audit-file': gateway.path('audit.jsonl'), 'audit-full': 'refuse' };
  if (rsyslogd) await startSyslog(rsyslogd);
  await gateway.start();
  key = /audit key +([0-9a-f]{64})/.exec(gateway.log)?.[1] ?? '';
  admin = new Rest(gateway);
  await admin.setUp();
});
after(async () => {
  await gateway?.destroy();
  if (syslog && syslog.exitCode === null) syslog.kill('SIGKILL');
});

/** What came by syslog, one message a line. */
const received = () => readFileSync(gateway.path('syslog/log'), 'utf8');

/** @param {string} program */
async function startSyslog(program) {
  const folder = gateway.path('syslog');
  const authority = new Authority(folder, 'ca');
  const own = authority.issue('log', { san: 'IP:127.0.0.1' });
  const port = await freePort();
  writeFileSync(join(folder, 'conf'), [
    `global(workDirectory="${folder}" maxMessageSize="16k" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="${authority.certificate}"`,
    `  defaultNetstreamDriverCertFile="${own.certificate}" defaultNetstreamDriverKeyFile="${own.key}")`,
    'template(name="raw" type="string" string="%structured-data% %msg%\\n")',
    'module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")',
    `ruleset(name="r") { action(type="omfile" file="${join(folder, 'log')}" template="raw") }`,
    `input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="r")`, ''].join('\n'));
  writeFileSync(join(folder, 'log'), '');
  syslog = spawn(program, ['-n', '-f', join(folder, 'conf'), '-i', join(folder, 'pid')], { stdio: 'ignore' });
  const listens = () => new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('close', () => {}).on('connect', () => socket.destroy());
  });
  await until(listens, 'rsyslogd listens');
  Object.assign(gateway.keys, { 'audit-syslog': `127.0.0.1:${port}`, 'audit-syslog-ca': authority.certificate });
}

/** @param {string} name @param {object[]} grants */
async function user(name, grants) {
  await admin.ok('POST', '/users', { name, password: PASSWORD, grants });
  const rest = new Rest(gateway);
  assert.equal((await rest.logIn(name, PASSWORD)).status, 200);
  return rest;
}
/** @param {string} [query] @returns {Promise<any[]>} */
const lines = async (query = '', as = admin) => (await as.ok('GET', `/audit?limit=1000${query}`)).lines;
/** Types, as soon as what was typed before has come out. */
const type = (text = 'four', target = 'lab') =>
  until(async () => {
    const answer = await admin.call('POST', `/targets/${target}/type`, { text });
    return answer.status !== 409 && answer;
  }, 'it can be typed');
const verify = (/** @type {string[]} */ ...args) => localClient(gateway).run('audit', 'verify', '--key', key, ...args);

/** Holds the keeper, if there is one; it takes a moment. @param {number} pid */
async function holdKeeper(pid) {
  if (!pid) return;
  process.kill(pid, 'SIGSTOP');
  const states = () => readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1').replace(/^.*\) (\S) .*/s, '$1'));
  await until(() => states().every((state) => state === 'T'), 'the keeper stands still');
}
/** A copy of the keeper's store, as it is on disk now: of one moment, as a loss of power would leave it. @param {string} name */
async function copyStore(name) {
  const keeper = gateway.pid('keeper');
  mkdirSync(gateway.path(name));
  try {
    await holdKeeper(keeper);
    copyFiles(name);
  } finally {
    if (keeper) process.kill(keeper, 'SIGCONT');
  }
  return gateway.path(`${name}/keeper.db`);
}
/** @param {string} name */
function copyFiles(name) {
  for (const file of ['keeper.db', 'keeper.db-wal', 'audit.key'])
    if (existsSync(gateway.path(`state/keeper/${file}`))) copyFileSync(gateway.path(`state/keeper/${file}`), gateway.path(`${name}/${file}`));
}
/** What these statements give; the rows' first columns. @param {string} store @param {string[]} statements */
function sql(store, ...statements) {
  const script = 'import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\nfor s in sys.argv[2:]:\n  for row in db.execute(s): print(row[0])\ndb.commit()';
  return execFileSync('python3', ['-c', script, store, ...statements], { encoding: 'utf8' }).trim();
}

test('a line is on disk when the answer comes, and typed text is in none', async () => {
  for (let i = 1; i <= 3; i++) {
    await admin.ok('POST', '/targets/lab/keys', { keys: ['a'] });
    assert.equal(sql(await copyStore(`at-once-${i}`), "SELECT count(*) FROM audit WHERE what = 'keys'"), String(i));
  }
  assert.equal((await type('zqzq')).status, 202);
  const all = await lines();
  const { who, what, target, detail } = all[0];
  assert.deepEqual([who, what, target, detail], ['anna', 'type', 'lab', '4 characters, layout us']);
  assert.ok(!JSON.stringify(all).includes('zqzq'));
});

test('pages and filters', async () => {
  await type('abc', 'vault');
  const all = await lines();
  assert.ok(all.length > 5);
  const paged = [];
  for (let next = 0; next !== null; ) {
    const page = await admin.ok('GET', `/audit?limit=2${next ? `&below=${next}` : ''}`);
    assert.ok(page.lines.length <= 2);
    paged.push(...page.lines);
    next = page.next;
  }
  assert.deepEqual(paged, all);
  assert.deepEqual(all.map(({ number }) => number), all.map((_, i) => all[0].number - i), 'newest first, none left out');
  assert.deepEqual((await lines('&target=vault')).map(({ what }) => what), ['type']);
  assert.deepEqual((await lines('&what=t*')).map(({ what }) => what), ['type', 'type']);
  assert.equal((await lines('&what=keys&who=anna')).length, 3);
  assert.deepEqual(await lines('&who=nobody'), []);
  assert.deepEqual(await lines('&until=1'), []);
  assert.deepEqual(await lines(`&since=${all[0].time + 3600}`), []);
  for (const bad of ['limit=0', 'limit=1001', 'limit=x', 'below=-1', 'since=now']) assert.equal((await admin.call('GET', `/audit?${bad}`)).status, 400, bad);
});

test('who reads what', async () => {
  const auditor = await user('eve', [{ target: '', rights: ['audit'] }]);
  assert.deepEqual(await lines('', auditor), await lines());
  assert.equal((await auditor.call('GET', '/audit/export')).status, 200);
  const of_lab = await user('lena', [{ target: 'lab', rights: ['audit'] }]);
  const seen = await lines('', of_lab);
  assert.deepEqual(seen, await lines('&target=lab'), 'the lines of that target, all of them and no others');
  assert.ok(seen.length >= 3);
  assert.deepEqual(await lines('&target=lab', of_lab), seen);
  assert.deepEqual((await of_lab.ok('GET', '/events?limit=1000')).events, seen);
  assert.equal((await of_lab.call('GET', '/audit?target=vault')).status, 404);
  assert.equal((await of_lab.call('GET', '/audit?target=')).status, 404);
  for (const path of ['/audit/export', '/audit/state']) assert.equal((await of_lab.call('GET', path)).status, 403, path);
  assert.equal((await auditor.call('POST', '/audit/mac-key')).status, 403);
  const viewer = await user('vera', [{ target: '*', rights: ['view', 'input', 'media', 'power'] }, { target: '', rights: ['users'] }]);
  for (const path of ['/audit', '/events', '/audit/export', '/audit/state', '/audit?target=lab']) assert.equal((await viewer.call('GET', path)).status, 403, path);
});

test('what a line holds reaches no terminal as a control sequence, and turns no direction', async () => {
  const odd = '\u001b[2J\u202eevil\u2066\u200f\u061c\u009b';
  assert.equal((await new Rest(gateway).logIn(`mallory${odd}`, 'guess')).status, 401);
  assert.equal((await lines('&what=login-failed'))[0].who, `mallory${odd}`, 'as it came');
  const client = localClient(gateway);
  for (const [command, escapes] of /** @type {[string, RegExp][]} */ ([['events', /mallory\\x1B\[2J\\xE2\\x80\\xAEevil\\xE2\\x81\\xA6/], ['audit', /mallory\\x1b\[2J\\xe2\\x80\\xaeevil\\xe2\\x81\\xa6/]])) {
    const out = await client.ok(command);
    assert.match(out, escapes);
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
  }
});

test('verify: good as it is, and one changed word is found, by its line', async () => {
  const { code, out, err } = await verify();
  assert.equal(code, 0, out + err);
  assert.match(out, /are as they were written/);
  const [{ number }] = await lines('&what=type&target=vault');
  const store = await copyStore('changed');
  assert.equal((await verify(store)).code, 0);
  sql(store, 'DROP TRIGGER audit_keeps', `UPDATE audit SET who = 'eve' WHERE number = ${number}`);
  const found = await verify('--against', gateway.path('audit.jsonl'), store);
  assert.equal(found.code, CHANGED, found.out + found.err);
  assert.match(found.out, new RegExp(`NOT as it was written: .*\\b${number}\\b`));
});

test('a full disk and audit-full = refuse', async (t) => {
  const pid = String(gateway.pid('keeper'));
  const [uid, gid] = ['Uid', 'Gid'].map((id) => Number(new RegExp(`^${id}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
  const limit = (/** @type {string} */ size) => spawnSync('prlimit', ['--pid', pid, `--fsize=${size}:`], { uid, gid }).status === 0;
  const most = /^Max file size +\S+ +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1] ?? '';
  if (!limit('512')) return t.skip('prlimit may not limit the keeper here');
  try {
    assert.equal((await type('later')).status, 202, 'the first finds out');
    const refused = await until(async () => {
      const answer = await type();
      return answer.status !== 202 && answer;
    }, 'changes are refused');
    assert.deepEqual([refused.status, refused.body.error.code], [507, 'audit-full']);
    assert.equal((await new Rest(gateway).logIn('anna', PASSWORD)).status, 200, 'somebody has to make room');
    assert.equal((await new Rest(gateway).logIn('vera', PASSWORD)).status, 507);
    assert.equal((await admin.call('GET', '/audit')).status, 200);
  } finally {
    assert.ok(limit(most));
  }
  await until(async () => (await lines()) && (await type('so')).status === 202, 'there is room again'); // who looks has it tried at once
  assert.equal((await lines('&what=type')).filter(({ detail }) => detail === '5 characters, layout us').length, 1, 'what waited is there, once');
  assert.equal((await verify()).code, 0);
});

test('lines and heads go to the file, and by TLS to a syslog server', async (t) => {
  const [newest] = await lines();
  const file = () => readFileSync(gateway.path('audit.jsonl'), 'utf8');
  await until(() => file().includes(`"line":{"number":${newest.number},`), 'the newest line is in the file');
  if (rsyslogd) await until(() => received().includes(`[line@32473 number="${newest.number}"`), 'and with the syslog server');
  else t.diagnostic('rsyslogd is not there: nothing was sent');
  await gateway.stop(); // signs what is not signed yet
  const objects = file().trim().split('\n').map((line) => JSON.parse(line));
  const numbers = new Set(objects.flatMap(({ line }) => (line ? [line.number] : [])));
  for (let n = 1; n <= newest.number; n++) assert.ok(numbers.has(n), `line ${n}`);
  assert.ok(objects.some(({ head }) => head?.number >= newest.number), 'the end is signed');
  const store = await copyStore('stopped');
  for (const outside of ['audit.jsonl', ...(rsyslogd ? ['syslog/log'] : [])]) {
    const { code, out, err } = await verify('--against', gateway.path(outside), store);
    assert.equal(code, 0, `${outside}: ${out}${err}`);
  }
  sql(store, 'DROP TRIGGER audit_stays', `DELETE FROM audit WHERE number >= ${newest.number}`);
  assert.equal((await verify('--against', gateway.path('audit.jsonl'), store)).code, CHANGED, 'its end cut off');
});
