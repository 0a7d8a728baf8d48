/* A crowd that sends slowly, or nothing, and one that logs in wrongly as fast as it can: the others' pictures, logins,
 * handshakes and keys go on, against the same run without the crowd. The counted forms are in tests/soak. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { CREDENTIALS, Gateway, Rest, assertSane } from '../vm/target/client.mjs';
import { until } from './until.mjs';
import { Crowd, Watchers, echoMs, handshakeMs, loginMs, median, resident, sleep } from './abuse.mjs';

/** Most of them only begin a handshake: that is cheap, for both. */
const WAYS = ['handshake', 'handshake', 'handshake', 'handshake', 'handshake', 'silent', 'headers', 'body', 'read', 'handshake'];
/** @type {Gateway} */ let gateway;
/** @type {Rest} */ let rest;

before(async () => {
  gateway = await Gateway.create({ card: { machine: 'testcard' } });
  await gateway.start();
  rest = new Rest(gateway);
  await rest.setUp();
});
after(() => gateway?.destroy());

test('a slow crowd of 800 from nine addresses', async () => {
  const pid = gateway.pid('gateway');
  const watchers = await Watchers.open(rest, 2, 'card');
  await watchers.rates(500);
  const alone = Math.min(...(await watchers.rates(1500))), login = await loginMs(gateway, CREDENTIALS);
  const crowd = await Crowd.gather(gateway.port, 800, 9, WAYS);
  let crowded = 0; // a hang, not a measurement: others may have the machine for a moment
  await until(async () => (crowded = Math.min(...(await watchers.rates(1500)))) > alone / 5, `pictures go on (${alone} a second before)`);
  const login2 = await loginMs(gateway, CREDENTIALS);
  const counters = await until(async () => {
    const { transport } = await rest.ok('GET', '/statistics');
    return transport.evicted > 0 && transport;
  }, 'somebody made room');
  const kib = resident(pid);
  await crowd.end();
  console.log(`# ${crowd.opened} slow connections: pictures ${alone.toFixed(1)}/s -> ${crowded.toFixed(1)}/s, login ` +
    `${login.toFixed(0)} -> ${login2.toFixed(0)} ms, ${kib} KiB, refused ${counters.refused}, evicted ${counters.evicted}`);
  assert.ok(login2 < 60000, `login took ${login2} ms`);
  watchers.destroy();
  assert.equal(gateway.pid('gateway'), pid, 'the gateway is still the same process');
  assertSane(gateway);
});

test('wrong logins in parallel do not delay handshakes and keys', async () => {
  const watchers = await Watchers.open(rest, 1, 'card');
  const [viewer] = watchers.viewers;
  /** @param {number} from */
  const measure = async (from) => {
    const hands = [], echoes = [];
    for (let i = 0; i < 12; i++) {
      hands.push(await handshakeMs(gateway.port));
      echoes.push(await echoMs(viewer, from + i));
    }
    return { hand: median(hands), echo: median(echoes) };
  };
  const alone = await measure(10);
  let over = false, tried = 0;
  const guess = async () => {
    for (; !over; tried++) await new Rest(gateway).logIn(`nobody${tried}`, 'wrong').catch(() => {});
  };
  const guessing = Promise.all(Array.from({ length: 8 }, guess));
  await sleep(100);
  // a hash takes some 100 ms of a core: were it in the way, each of these would wait for several
  const good = (/** @type {{hand: number, echo: number}} */ now) => now.echo < 50 * alone.echo + 500 && now.hand < 50 * alone.hand + 500;
  let crowded = await measure(100);
  for (let from = 112; !good(crowded) && from < 240; from += 12) crowded = await measure(from); // others may have had the machine
  over = true;
  await guessing;
  console.log(`# ${tried} wrong logins meanwhile: handshake ${alone.hand.toFixed(1)} -> ${crowded.hand.toFixed(1)} ms, ` +
    `echo ${alone.echo.toFixed(1)} -> ${crowded.echo.toFixed(1)} ms`);
  assert.ok(tried > 0);
  assert.ok(good(crowded), `a key took ${crowded.echo} ms, alone ${alone.echo}; a handshake ${crowded.hand} ms, alone ${alone.hand}`);
  watchers.destroy();
  assertSane(gateway);
});

test('sslscan finds no old protocol and no weak cipher', async () => {
  const { stdout } = await promisify(execFile)('sslscan', ['--no-colour', `127.0.0.1:${gateway.port}`], { timeout: 400000 });
  for (const old of ['SSLv2', 'SSLv3', 'TLSv1.0', 'TLSv1.1']) assert.match(stdout, new RegExp(`${old.replace('.', '\\.')}\\s+disabled`), stdout);
  assert.match(stdout, /TLSv1\.3\s+enabled/, stdout);
  const ciphers = [...stdout.matchAll(/^(?:Preferred|Accepted)\s+(\S+)\s+(\d+) bits\s+(\S+)/gm)].map(([, version, bits, name]) => ({ version, bits: Number(bits), name }));
  assert.ok(ciphers.length > 0, stdout);
  for (const { version, bits, name } of ciphers) {
    assert.ok(bits >= 128 && /GCM|CHACHA20|CCM/.test(name), `${version} ${name} with ${bits} bits`);
    assert.ok(version === 'TLSv1.3' || /^ECDHE-/.test(name), `${version} ${name} keeps no secret of the past`);
  }
  assert.match(stdout, /not vulnerable to heartbleed/);
  console.log(`# sslscan: ${ciphers.map(({ name }) => name).join(' ')}`);
});
