/* From kill -9 of the gateway's process to the first picture that the viewer's canvas shows of the next one. */
import { until } from '../../tests/web/until.mjs';
import { clockOf } from './clock.mjs';
import { now } from './machine.mjs';
import { probe } from './probe.mjs';
import { quantile, remark, row, spread } from './rows.mjs';

const KILLS = Number(process.env.BENCH_KILLS ?? 7);
const LIMIT_MS = 3000;
const REST_MS = 5500; // what ran that long is started again, and connected to again, as if for the first time

const begin = () => {
  self.probe.paintedAt = 0;
};
const painted = () => self.probe.paintedAt;

export async function reconnect({ page, gateway, serial }) {
  const worker = await probe(page);
  const { offset } = await clockOf(worker);
  const took = [];
  for (let n = 0; n < KILLS; n++) {
    await worker.evaluate(begin);
    const at = now();
    await gateway.kill('gateway');
    const back = await until(() => worker.evaluate(painted), 'the viewer paints again', 30000);
    took.push(back + offset - at);
    await settled(serial, n, worker);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
  remark(took.map((ms) => ms.toFixed(0)).join(' '));
  remark(`painting again after ${spread(took)} ms (least, p50, p90, p99, most)`);
  row('reconnect', 'kill-9', 'p50_ms', 'ms', quantile(took, 0.5), 'limit', LIMIT_MS);
  row('reconnect', 'kill-9', 'worst_ms', 'ms', Math.max(...took), 'limit', LIMIT_MS);
}

/** The picture is live again: what the machine draws arrives. */
async function settled(serial, n, worker) {
  const colour = 0x404040 + n * 0x11;
  serial.write(`p ${colour.toString(16)}\n`);
  await until(() => worker.evaluate((wanted) => self.probe.pixels.at(-1)?.colour === wanted, colour), 'a change arrives');
}
