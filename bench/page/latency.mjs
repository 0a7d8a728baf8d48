/* From the machine's write into its video memory to the pixel on the page's canvas, and, of the same writes, to the
 * gateway's D-Bus listener: what QEMU's display tick alone costs. */
import { clockOf } from './clock.mjs';
import { probe, seenBy } from './probe.mjs';
import { quantile, remark, row, spread } from './rows.mjs';

const WRITES = Number(process.env.BENCH_WRITES ?? 150);
const LIMIT_MS = 20;
const MODES = [
  [1024, 768],
  [1920, 1080],
];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Rests between two writes, so that they meet QEMU's tick of 30 ms at any phase: 40 to 240 ms. */
const rest = (n) => 40 + ((n * 137.5) % 200);
const colourOf = (n) => (0x204060 + n * 0x010305) & 0xffffff;

async function write(serial, n) {
  const before = serial.answer('p');
  const after = serial.answer('P');
  serial.write(`p ${colourOf(n).toString(16)}\n`);
  await before;
  return after;
}

/** The difference of two times of which one is known modulo 2^32 microseconds. */
const sinceMs = (written, captured) => ((captured - Math.floor(written * 1000)) | 0) / 1000;

/** @param {{colour: number, at: number}[]} written in order */
function join(written, { pixels, captured }, offset) {
  const ours = [];
  const tick = [];
  let painted = 0;
  for (let n = 0; n < written.length; n++) {
    // A write that was overtaken by the next one before anybody looked counts until that one's picture.
    const newer = new Set(written.slice(n).map(({ colour }) => colour));
    while (painted < pixels.length && !newer.has(pixels[painted].colour)) painted++;
    const pixel = pixels[painted];
    if (!pixel) throw new Error(`Colour ${written[n].colour.toString(16)} never came to the canvas.`);
    ours.push(pixel.at + offset - written[n].at);
    tick.push(sinceMs(written[n].at, captured[pixel.update]));
  }
  return { ours, tick };
}

export async function latency(machine) {
  let first = 0; // each write has a colour of its own
  for (const [width, height] of MODES) {
    await machine.mode(width, height);
    await measure(machine, first, `corner-${width}x${height}`);
    first += WRITES;
  }
  await machine.mode(1024, 768);
}

async function measure({ page, serial }, first, recording) {
  const worker = await probe(page);
  await page.evaluate(() => document.querySelector('console-screen').send({ type: 'watch', on: true })); // tells captures
  await pause(500);
  const written = [];
  for (let n = first; n < first + WRITES; n++) {
    written.push({ colour: colourOf(n), at: await write(serial, n) });
    await pause(rest(n));
  }
  await pause(1000);
  const { offset, doubt } = await clockOf(worker);
  const { ours, tick } = join(written, await seenBy(worker), offset);

  remark(`${recording}: write to canvas ${spread(ours)} ms (least, p50, p90, p99, most)`);
  remark(`write to D-Bus  ${spread(tick)} ms`);
  remark(`D-Bus to canvas ${spread(ours.map((ms, i) => ms - tick[i]))} ms; clocks agree within ${doubt.toFixed(2)} ms`);
  const [p50, tick50] = [quantile(ours, 0.5), quantile(tick, 0.5)];
  row('latency', recording, 'p50_ms', 'ms', p50, 'dbus-tick', tick50);
  row('latency', recording, 'p99_ms', 'ms', quantile(ours, 0.99), 'dbus-tick', quantile(tick, 0.99));
  row('latency', recording, 'ratio_to_limit', '1', (p50 - tick50) / LIMIT_MS, 'limit', 1);
}
