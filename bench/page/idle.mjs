/* What a screen at rest costs with one viewer: CPU of the gateway's process, and the payload of all that goes over the
 * console's socket, both ways. */
import { readFileSync, readdirSync } from 'node:fs';
import { now } from './machine.mjs';
import { probe } from './probe.mjs';
import { remark, row } from './rows.mjs';

const SECONDS = Number(process.env.BENCH_IDLE ?? 30);
const CPU_LIMIT = 1;
const BITS_LIMIT = 200;
const RECORDING = 'still-1024x768';

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** CPU time of all threads, ms. @param {number} pid */
function cpuOf(pid) {
  const spent = (thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + spent(thread), 0);
}

async function measure(machine, worker) {
  const { process: own, transport } = await machine.statistics();
  const { inBytes, outBytes } = await worker.evaluate(() => ({ inBytes: self.probe.inBytes, outBytes: self.probe.outBytes }));
  const cpu = cpuOf(machine.gateway.pid('gateway'));
  return { at: now(), cpu, usage: (own.user_us + own.system_us) / 1000, bytes: inBytes + outBytes, rounds: transport.rounds, updates: transport.updates, requests: transport.requests };
}

export async function idle(machine) {
  const worker = await probe(machine.page);
  await pause(10);
  const before = await measure(machine, worker);
  await pause(SECONDS);
  const after = await measure(machine, worker);
  const change = (what) => after[what] - before[what];
  const percent = (change('cpu') / change('at')) * 100;
  const bits = (change('bytes') * 8 * 1000) / change('at');

  remark(`${percent.toFixed(3)} % of a core (${change('cpu').toFixed(1)} ms in ${(change('at') / 1000).toFixed(1)} s; getrusage ${change('usage').toFixed(1)} ms)`);
  remark(`${bits.toFixed(1)} bit/s; ${change('updates')} updates, ${change('requests')} requests, ${change('rounds')} wake-ups`);
  row('idle', RECORDING, 'cpu_percent', '%', percent, 'limit', CPU_LIMIT);
  row('idle', RECORDING, 'payload_bits_s', 'bit/s', bits, 'limit', BITS_LIMIT);
}
