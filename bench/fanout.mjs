/* node fanout.mjs BUILD CORPUS: what 16 viewers in step cost a real gateway, against one, and how many of the bytes sent to a
 * viewer were copied for it; by its own counters. Prints rows of bench.json; docs/bench.md. */
import { remark, row } from './page/rows.mjs';
import { Replayed, recordingOf } from './replayed.mjs';

const [build, corpus] = process.argv.slice(2);
const VIEWERS = 16;
const SECONDS = Number(process.env.BENCH_FANOUT ?? 10);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Counters over some seconds in which the viewers were at rest with each other. */
async function counted(replayed) {
  await pause(3000);
  const before = await replayed.statistics();
  await pause(1000 * SECONDS);
  const after = await replayed.statistics();
  const grown = (group, name) => after[group][name] - before[group][name];
  const pictures = after.targets[0].pictures - before.targets[0].pictures;
  return {
    encodeMs: grown('encode', 'encode_us') / 1000 / pictures,
    processMs: (grown('process', 'user_us') + grown('process', 'system_us')) / 1000 / pictures,
    encodes: grown('encode', 'encodes') / pictures,
    sent: grown('transport', 'update_bytes') / pictures,
    copied: grown('transport', 'header_bytes') / pictures,
    pictures,
  };
}

const replayed = await Replayed.create(build, corpus);
try {
  const recording = recordingOf(corpus);
  await replayed.view();
  const one = await counted(replayed);
  for (let i = 1; i < VIEWERS; i++) await replayed.view();
  const all = await counted(replayed);
  for (const [n, c] of [[1, one], [VIEWERS, all]])
    remark(
      `${recording}, ${n} viewers: ${c.pictures} pictures; of each ${c.encodes.toFixed(2)} encodes, ${c.encodeMs.toFixed(2)} ms encoding, ` +
        `${c.processMs.toFixed(2)} ms of the process, ${c.sent.toFixed(0)} bytes sent, ${c.copied.toFixed(0)} copied`,
    );
  row('fanout', recording, 'process_cpu_ms_per_changed_frame', 'ms', all.processMs, 'one-viewer', one.processMs);
  row('fanout', recording, 'bytes_copied_per_viewer', 'B', all.copied / VIEWERS, 'bytes-sent', all.sent / VIEWERS);
} finally {
  await replayed.destroy();
}
