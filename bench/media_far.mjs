/* node media_far.mjs BUILD: media that come from a web server: how much longer an installer takes to start when each request
 * needs 100 ms, and how much memory eight busy drives take. Prints rows of bench.json; docs/bench.md. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { ShapedLink } from '../tests/web/shaped_link.mjs';
import { until } from '../tests/web/until.mjs';
import { CREDENTIALS, Gateway, Rest, localClient } from '../tests/vm/target/client.mjs';
import { WebSource } from '../tests/vm/target/web_source.mjs';
import { MachineReader } from './machine_reader.mjs';
import { quantile, remark, row } from './page/rows.mjs';

const MIB = 1 << 20;
const MACHINE = { machine: 'qemu', accel: 'tcg', memory: 128, nic: 'none', lifetime: 'supervisor' };
const KEYS = { 'outward-allow': '127.0.0.0/8', 'cache-disk': '0' };
const CACHE_MIB = 64;
const DRIVES = 4; // of each of two machines
const TURNS = 3;

/** @param {Gateway} gateway */
async function begin(gateway) {
  await gateway.start();
  const rest = new Rest(gateway);
  await rest.setUp();
  await rest.logIn(CREDENTIALS.user, CREDENTIALS.password);
  for (const name of Object.keys(gateway.targets))
    await until(async () => (await rest.call('GET', `/targets/${name}`)).body.power === 'off', `${name} is there`);
  return rest;
}

/** @param {Rest} rest @param {string} target @param {number} drive @param {object} body */
async function insert(rest, target, drive, body) {
  const answer = await rest.call('POST', `/targets/${target}/drives/${drive}/insert`, { kind: 'cdrom', ...body });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

/** Seconds from power on to the installer's first question. */
async function firstQuestion(gateway, rest, body) {
  const client = localClient(gateway);
  await insert(rest, 'demo', 0, body);
  await client.ok('boot', 'demo', 'cd');
  const start = performance.now();
  await client.ok('power', 'on', 'demo');
  await client.ok('wait-text', 'demo', 'Install Tiny OS', '--timeout', '120');
  await client.ok('key', 'demo', 'enter');
  await client.ok('wait-text', 'demo', 'Q1 Host name', '--timeout', '240');
  const seconds = (performance.now() - start) / 1000;
  await client.ok('power', 'hard-off', 'demo');
  await client.ok('media', 'eject', 'demo', '--force');
  return seconds;
}

async function bootFar() {
  const iso = /** @type {string} */ (process.env.INSTALLER_ISO);
  const web = await WebSource.create(readFileSync(iso));
  const { port, pathname } = new URL(web.url);
  const link = await ShapedLink.create('127.0.0.2', Number(port), Number(port));
  link.shape = { rate: 0, rttMs: 100 };
  const gateway = await Gateway.create({ demo: { ...MACHINE, memory: 512, disk: 'demo.qcow2,size=1G' } }, { keys: KEYS });
  mkdirSync(gateway.path('images'), { mode: 0o755 });
  copyFileSync(iso, gateway.path('images/near.iso'));
  chmodSync(gateway.path('images/near.iso'), 0o644);
  try {
    const rest = await begin(gateway);
    const [near, far] = [[], []];
    for (let i = 0; i < TURNS; i++) {
      near.push(await firstQuestion(gateway, rest, { image: 'near.iso' }));
      far.push(await firstQuestion(gateway, rest, { url: `http://127.0.0.2:${port}${pathname}?turn=${i}` })); // nothing is cached
    }
    row('media', 'boot-100ms', 'first_question_s', 's', quantile(far, 0.5), 'library', quantile(near, 0.5));
  } finally {
    await gateway.destroy();
    link.destroy();
    web.destroy();
  }
}

/** MiB that the gateway held at most, and that it may: docs/media.md says of what. */
async function eightDrives() {
  const web = await WebSource.create(Buffer.alloc(128 * MIB, 7));
  const names = ['one', 'two'];
  const gateway = await Gateway.create(Object.fromEntries(names.map((name) => [name, { ...MACHINE, drives: DRIVES }])), {
    keys: { ...KEYS, 'cache-memory': `${CACHE_MIB}M` },
  });
  for (const name of names) gateway.targets[name]['extra-arguments'] = `-qmp unix:${gateway.path(name)}.monitor,server=on,wait=off`;
  chmodSync(gateway.folder, 0o777); // the machines' own user makes their monitors there
  const readers = [];
  const held = (key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${gateway.pid('gateway')}/status`, 'latin1'))?.[1]) / 1024;
  try {
    const rest = await begin(gateway);
    for (const name of names) {
      for (let drive = 0; drive < DRIVES; drive++) await insert(rest, name, drive, { url: `${web.url}?${name}${drive}` });
      readers.push(await MachineReader.connect(`${gateway.path(name)}.monitor`));
    }
    const idle = held('VmRSS');
    const nodes = await Promise.all(readers.map((reader) => reader.mediumNodes()));
    await Promise.all(readers.flatMap((reader, i) => nodes[i].map((node) => reader.readAll(node, 128 * MIB))));
    remark(`${nodes.flat().length} drives, ${idle.toFixed(0)} MiB before they were read`);
    row('media', 'eight-drives', 'rss_mib', 'MiB', held('VmHWM'), 'stated-bound', 32 + CACHE_MIB + nodes.flat().length * 16);
  } finally {
    for (const reader of readers) reader.destroy();
    await gateway.destroy();
    web.destroy();
  }
}

const parts = { 'boot-100ms': bootFar, 'eight-drives': eightDrives };
const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(parts);
for (const name of wanted) {
  remark(name);
  await parts[name]();
}
