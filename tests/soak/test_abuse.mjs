/* SOAK_SLOW (2000) connections of slowhttptest in each of its ways, from another address than ours, while four consoles
 * are watched and somebody logs in; then what testssl.sh and sslscan say of the same gateway. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { CREDENTIALS, Gateway, Rest, assertSane, lightsout } from '../vm/target/client.mjs';
import { Watchers, loginMs, resident, sleep } from '../web/abuse.mjs';
import { size } from './counted.mjs';

const SLOW = size('SOAK_SLOW', 2000);
const SECONDS = size('SOAK_SLOW_SECONDS', 20);
const CONSOLES = 4;
const GROWTH_KIB = 16384;
const run = promisify(execFile);

/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' } }, { listen: ['127.0.0.1', '[::1]'], names: 'localhost [::1]' });
  await gateway.start();
  rest = new Rest(gateway);
  await rest.setUp();
});
after(() => gateway?.destroy());

/** @param {string} name @param {string[]} args */
async function attack(name, args) {
  const pid = gateway.pid('gateway');
  const watchers = await Watchers.open(rest, CONSOLES, 'card');
  await watchers.rates(2000);
  const alone = await watchers.rates(5000);
  const before = resident(pid);
  const url = `https://[::1]:${gateway.port}/`;
  const child = spawn('slowhttptest', ['-c', `${SLOW}`, '-r', '500', '-l', `${SECONDS}`, '-u', url, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (data) => (said = (said + data).slice(-4000)));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await sleep(5000);
  const crowded = await watchers.rates(5000);
  const logins = [await loginMs(gateway, CREDENTIALS), await loginMs(gateway, CREDENTIALS)];
  const local = await lightsout(['--socket', gateway.path('state/run/control.sock'), 'target', 'list']);
  await ended;
  watchers.destroy();
  await sleep(16000); // the last of them have been given up
  const ratio = Math.min(...crowded.map((rate, i) => rate / alone[i]));
  const { transport } = await rest.ok('GET', '/statistics');
  console.log(`# ${name}, ${SLOW} connections: pictures ${(100 * ratio).toFixed(0)} % of ${Math.min(...alone).toFixed(1)}/s, login ` +
    `${Math.max(...logins).toFixed(0)} ms, memory ${before} -> ${resident(pid)} KiB, refused ${transport?.refused}, evicted ${transport?.evicted}`);
  assert.ok(ratio >= 2 / 3, `pictures fell to ${ratio} of ${alone}`);
  assert.ok(Math.max(...logins) <= 2000, `login took ${logins} ms`);
  assert.equal(local.code, 0, `the local door: ${local.err}`);
  assert.ok(resident(pid) - before < GROWTH_KIB, `memory grew from ${before} to ${resident(pid)} KiB`);
  assert.equal(gateway.pid('gateway'), pid, 'the gateway is still the same process');
  assert.doesNotMatch(said, /Segmentation/);
}

test('slow headers', () => attack('headers', ['-H', '-i', '2']));
test('slow bodies', () => attack('body', ['-B', '-i', '2', '-t', 'POST', '-s', '8192']));
test('slow reading', () => attack('read', ['-X', '-k', '3', '-w', '1', '-y', '2', '-n', '3', '-z', '8']));

test('testssl.sh finds nothing above LOW', async () => {
  const file = gateway.path('testssl.json');
  await run('testssl', ['--quiet', '--color', '0', '--warnings', 'batch', '--openssl', '/usr/bin/openssl', '--jsonfile', file, `localhost:${gateway.port}`], {
    timeout: 900000, maxBuffer: 1 << 24,
  }).catch((error) => {
    if (error.killed) throw error; // its code counts findings of all kinds
  });
  /** @type {{id: string, severity: string, finding: string}[]} */
  const findings = JSON.parse(readFileSync(file, 'utf8'));
  // that nobody vouches for a certificate that the gateway made for itself is as it must be
  const own = /^cert_(chain_of_trust|trust|crlDistributionPoints|revocation|expirationStatus|notAfter|validityPeriod|extlifeSpan)|^(security_headers|DNS_CAArecord|overall_grade|engine_problem|cert_ocspURL)/;
  const bad = findings.filter(({ id, severity }) => /^(MEDIUM|HIGH|CRITICAL|FATAL)$/.test(severity) && !own.test(id));
  console.log(`# testssl.sh: ${findings.length} lines, ${bad.length} above LOW; of the certificate that signs itself: ` +
    findings.filter(({ id, severity }) => /^(MEDIUM|HIGH|CRITICAL)$/.test(severity) && own.test(id)).map(({ id }) => id).join(' '));
  assert.ok(findings.length > 50, 'it has looked at the gateway');
  assert.deepEqual(bad.map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`), []);
});

test('nothing was reported', () => assertSane(gateway));
