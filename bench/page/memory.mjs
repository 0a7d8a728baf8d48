/* Resident memory of the gateway's process with one 1080p machine and one viewer; and whether viewers that came and went
 * leave something behind. */
import { until } from '../../tests/web/until.mjs';
import { TARGET } from './machine.mjs';
import { remark, row } from './rows.mjs';

const VIEWERS = Number(process.env.BENCH_VIEWERS ?? 200);
const AT_ONCE = 5;
const LIMIT_MIB = 96;
const RECORDING = 'tpk-1920x1080';

/** Runs in the page: viewers that take one whole picture and leave, some at a time. */
async function visit({ target, count, atOnce }) {
  const { Connection } = await import('/console/session/connection.js');
  const { buildAck } = await import('/console/session/message_builders.js');
  const one = () =>
    new Promise((resolve, reject) => {
      let sequence = 0;
      const hello = { hidden: false, viewOnly: true, capabilities: 1, page: '0'.repeat(32), lastViewer: 0, lastSequence: 0 };
      const connection = new Connection(target, () => hello, {
        changed: (state) => state.state === 'ended' && reject(new Error(state.why)),
        message(message, at) {
          if (message.type !== 'update') return;
          connection.send(buildAck(++sequence, at * 1000, at * 1000));
          if (!message.exact) return;
          connection.stop();
          resolve(null);
        },
      });
      connection.connect();
    });
  let left = count;
  const queue = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: atOnce }, queue));
}

/** Resident memory after many have been here and all but one are gone. */
async function afterVisits(machine) {
  await machine.page.evaluate(visit, { target: TARGET, count: VIEWERS, atOnce: AT_ONCE });
  await until(async () => (await machine.statistics()).transport.viewers === 1, 'the visitors are gone');
  return machine.resident();
}

/** Resident memory while every pixel changes all the time: every buffer is used as much as it ever will be. */
async function mostDuringNoise(machine) {
  let drawing = true;
  const done = machine.serial.answer('N', 120000).finally(() => (drawing = false));
  machine.serial.write('n 200\n');
  let most = 0;
  await until(() => {
    most = Math.max(most, machine.resident());
    return !drawing;
  }, 'the noise is over', 120000);
  await done;
  return most;
}

export async function memory(machine) {
  await machine.mode(1920, 1080);
  const one = await mostDuringNoise(machine);
  await machine.mode(1920, 1080);
  const first = await afterVisits(machine);
  const second = await afterVisits(machine);
  await machine.mode(1024, 768);

  const peak = (await machine.statistics()).process.peak_rss_kib / 1024;
  remark(`${one.toFixed(1)} MiB with one viewer during noise, ${first.toFixed(1)} after ${VIEWERS} more came and went, ${second.toFixed(1)} after ${VIEWERS} again; peak ${peak.toFixed(1)}`);
  row('memory', RECORDING, 'rss_mib', 'MiB', one, 'limit', LIMIT_MIB);
  row('memory', RECORDING, 'rss_after_viewers_mib', 'MiB', second, 'limit', LIMIT_MIB);
}
