/* node main.mjs [BENCH...]: measures through the page and prints rows of bench.json; what they mean: docs/bench.md. */
import { decode } from './decode.mjs';
import { Machine } from './machine.mjs';
import { idle } from './idle.mjs';
import { key } from './key.mjs';
import { keyBusy } from './key_busy.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { openTarget } from './open.mjs';
import { reconnect } from './reconnect.mjs';
import { stop } from './stop.mjs';

const benches = { decode, latency, key, 'key-busy': keyBusy, stop, idle, memory, open: openTarget, reconnect };
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches);

const machine = await Machine.create();
try {
  for (const name of wanted) {
    console.error(`-- ${name}`);
    await benches[name](machine);
  }
} finally {
  await machine.destroy();
}
