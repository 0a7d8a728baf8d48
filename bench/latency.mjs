/* node latency.mjs BUILD CORPUS: from a frame's being ready to its update in a client's callback. Ours through the real
 * gateway: TLS, websocket, a viewer that acks; against TigerVNC's server and a viewer, with the same frames at the same pace
 * (bench-latency). Prints rows of bench.json; docs/bench.md. */
import { until } from '../tests/web/until.mjs';
import { quantile, remark, row, spread } from './page/rows.mjs';
import { Replayed, benchLatency, recordingOf } from './replayed.mjs';

const [build, corpus] = process.argv.slice(2);
const FRAMES = 300;
const SETTLE_MS = 100; // what comes so late refines what was shown before

/** Each frame's last update that still shows it, not refines it, in ms after its capture. */
function latencies(seen) {
  const last = new Map();
  for (const { now, captured } of seen) {
    const ms = ((now - captured) | 0) / 1000;
    if (ms < SETTLE_MS || !last.has(captured)) last.set(captured, ms);
  }
  return [...last.values()];
}

async function ours() {
  const replayed = await Replayed.create(build, corpus);
  try {
    const seen = await replayed.view(true);
    await until(() => new Set(seen.map(({ captured }) => captured)).size > FRAMES, 'enough frames came', 60000);
    return latencies(seen).slice(1); // the first picture is another matter
  } finally {
    await replayed.destroy();
  }
}

const recording = recordingOf(corpus);
const mine = await ours();
remark(`${recording}: ready to callback ${spread(mine)} ms (least, p50, p90, p99, most), ${mine.length} frames`);
const peers = new Map([['tigervnc-zrle', [NaN, NaN]], ['tigervnc-tight', [NaN, NaN]]]);
try {
  for (const line of benchLatency(build, corpus).trim().split('\n')) {
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
