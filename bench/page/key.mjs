/* From keydown in the page to QEMU's D-Bus reply to Press, against the bare way to the gateway and back: PING and PONG on
 * the same socket, begun at the same place in the page. The two take turns. */
import { capture } from '../../tests/web/browser.mjs';
import { until } from '../../tests/web/until.mjs';
import { clockOf } from './clock.mjs';
import { probe, seenBy } from './probe.mjs';
import { quantile, remark, row, spread } from './rows.mjs';

const KEYS = Number(process.env.BENCH_KEYS ?? 150);
const LIMIT_MS = 5;
const RECORDING = 'key-a';

/** Runs in the page, in front of its own listeners. */
function watchKeys() {
  if (!window.keydowns) window.addEventListener('keydown', () => window.keydowns.push(performance.now()), { capture: true });
  window.keydowns = [];
}

/** Runs in the page; when it asked. */
const beat = () => {
  const at = performance.now();
  document.querySelector('console-screen').send({ type: 'beat' });
  return at;
};

/** The answer to the next key, once `act` has sent it: when it came and how long QEMU took. */
async function answered(machine, act) {
  const before = await machine.keys();
  await act();
  return until(async () => {
    const keys = await machine.keys();
    return keys.answers > before.answers && { at: keys.last_at_us / 1000, took: keys.last_us / 1000 };
  }, 'QEMU answers a key');
}

/** Times of keys and of the bare way, by turns. */
export async function times(machine) {
  const { page } = machine;
  const worker = await probe(page);
  await capture(page);
  await page.evaluate(watchKeys);
  const pongs = () => worker.evaluate(() => Object.keys(self.probe.pongs).length);
  const before = await pongs();
  const [answers, beats] = [[], []];
  for (let n = 0; n < KEYS; n++) {
    beats.push(await page.evaluate(beat));
    await until(async () => (await pongs()) - before >= beats.length, 'a PING is answered');
    answers.push(await answered(machine, () => page.keyboard.down('a')));
    await answered(machine, () => page.keyboard.up('a'));
  }
  const [here, there] = [await clockOf(page), await clockOf(worker)];
  const keydowns = await page.evaluate(() => window.keydowns);
  const ours = answers.map(({ at }, n) => at - here.offset - keydowns[n]);
  const echo = echoes(beats, await seenBy(worker), here.offset - there.offset);
  remark(`key to QEMU's reply   ${spread(ours)} ms (least, p50, p90, p99, most); the reply itself ${spread(answers.map(({ took }) => took))} ms`);
  remark(`echo of the websocket ${spread(echo)} ms; clocks agree within ${(here.doubt + there.doubt).toFixed(2)} ms`);
  return { ours, echo };
}

export async function key(machine) {
  const { ours, echo } = await times(machine);
  const [p50, echo50] = [quantile(ours, 0.5), quantile(echo, 0.5)];
  row('key', RECORDING, 'p50_ms', 'ms', p50, 'websocket-echo', echo50);
  row('key', RECORDING, 'p99_ms', 'ms', quantile(ours, 0.99), 'websocket-echo', quantile(echo, 0.99));
  row('key', RECORDING, 'ratio_to_limit', '1', (p50 - echo50) / LIMIT_MS, 'limit', 1);
}

/** @param {number[]} beats by the page's clock @param {number} ahead of the worker's clock, ms */
function echoes(beats, { pings, pongs }, ahead) {
  return beats.map((asked) => {
    // Heartbeats of the page itself are among the pings: ours is the first one sent after we asked.
    const ping = pings.find(({ at }) => at >= asked + ahead - 0.5);
    return pongs[ping.value] - (asked + ahead);
  });
}
