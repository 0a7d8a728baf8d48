/* node latency.mjs BUILD CORPUS: from a frame's being ready to its update in a client's callback. Ours through the real
 * gateway: TLS, websocket, a viewer that acks; against TigerVNC's server and a viewer, with the same frames at the same pace
 * (bench-latency). Prints rows of bench.json; docs/bench.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CREDENTIALS, Gateway } from '../tests/web/gateway.mjs';
import { until } from '../tests/web/until.mjs';
import { Rest } from '../tests/vm/target/client.mjs';
import { Viewer } from '../tests/vm/target/console.mjs';
import { quantile, remark, row, spread } from './page/rows.mjs';

const [build, corpus] = process.argv.slice(2);
const FRAMES = 300;
const UPDATE = 0x83;
const SETTLE_MS = 100; // what comes so late refines what was shown before

/** The desktop recording of the folder, or else its first. */
function recordingOf(folder) {
  const list = join(folder, 'corpus.tsv');
  if (!existsSync(list)) return 'generated';
  const names = readFileSync(list, 'utf8').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(/\s/)[0]);
  return names.find((name) => /^d\d/.test(name)) ?? names[0];
}

const program = (...args) =>
  execFileSync(join(build, 'bench/bench-latency'), args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();

/** Times of arrival of each update, of the clock that the gateway's capture times are of. */
function listen(viewer) {
  const seen = [];
  viewer.messages.push = (message) => {
    const now = Number(process.hrtime.bigint() / 1000n);
    if (message[0] === UPDATE) seen.push({ now, captured: message.readUInt32LE(8) });
    else Array.prototype.push.call(viewer.messages, message);
    return 0;
  };
  return seen;
}

/** Each frame's last update that still shows it, not refines it, in ms after its capture. */
function latencies(seen) {
  const last = new Map();
  for (const { now, captured } of seen) {
    const ms = ((now - captured) | 0) / 1000;
    if (ms < SETTLE_MS || !last.has(captured)) last.set(captured, ms);
  }
  return [...last.values()];
}

async function ours(name) {
  const gateway = await Gateway.create({ recording: { machine: 'replay', recording: '/nowhere' } });
  gateway.targets.recording.recording = gateway.path('recording.raw');
  let viewer = null;
  try {
    program('--replay', gateway.path('recording.raw'), '--corpus', corpus, ...name);
    await gateway.start();
    const rest = new Rest(gateway);
    await rest.setUp();
    await rest.logIn(CREDENTIALS.user, CREDENTIALS.password);
    viewer = await Viewer.open(rest, 'recording');
    const seen = listen(viewer);
    await until(() => new Set(seen.map(({ captured }) => captured)).size > FRAMES, 'enough frames came', 60000);
    return latencies(seen).slice(1); // the first picture is another matter
  } finally {
    viewer?.destroy();
    await gateway.destroy();
  }
}

const recording = recordingOf(corpus);
const name = recording === 'generated' ? [] : [recording];
const mine = await ours(name);
remark(`${recording}: ready to callback ${spread(mine)} ms (least, p50, p90, p99, most), ${mine.length} frames`);
const peers = new Map([['tigervnc-zrle', [NaN, NaN]], ['tigervnc-tight', [NaN, NaN]]]);
try {
  for (const line of program('--corpus', corpus, ...name).trim().split('\n')) {
    const [peer, ...values] = line.split(' ');
    peers.set(peer, values.map(Number));
    remark(`${peer} p50 ${values[0]} p99 ${values[1]} ms`);
  }
} catch {
  remark('Xtigervnc does not run here: packaging/install-packages bench');
}
for (const [peer, [p50, p99]] of peers) {
  row('latency', recording, 'p50_ms', 'ms', quantile(mine, 0.5), peer, p50);
  row('latency', recording, 'p99_ms', 'ms', quantile(mine, 0.99), peer, p99);
}
