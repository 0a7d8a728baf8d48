/* From the click on Stop while a text is being typed to the last key that goes down or up in the machine. */
import { button, labelled } from '../../tests/web/browser.mjs';
import { until } from '../../tests/web/until.mjs';
import { clockOf } from './clock.mjs';
import { now, TARGET } from './machine.mjs';
import { quantile, remark, row, spread } from './rows.mjs';

const ROUNDS = Number(process.env.BENCH_STOPS ?? 20);
const LIMIT_MS = 100;
const RECORDING = 'typing';
/** Codes that one round asks the machine to tell; so many of them are waited for before Stop. */
const CODES = 0x400;
const BEFORE = 100;
/** Longer than anything may take on the way: what has not come by then was never sent. */
const QUIET_MS = 500;
const [PREFIX, RELEASED] = [0xe0, 0x80];
const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(40);

/** Scan codes as the machine gets them. A release of what is up changes nothing: keys that were used are released once more later. */
class Codes {
  #digits = '';
  #down = new Set();
  count = 0;
  changedAt = 0;

  constructor(socket) {
    this.socket = socket;
    this.take = (data) => this.#take(data.toString('latin1'), now());
    socket.on('data', this.take);
  }

  get down() {
    return [...this.#down].map((code) => code.toString(16));
  }

  end() {
    this.socket.off('data', this.take);
  }

  #take(text, at) {
    this.#digits += text.replace(/[^0-9a-f]/g, '');
    for (; this.#digits.length >= 2; this.#digits = this.#digits.slice(2)) this.#code(parseInt(this.#digits.slice(0, 2), 16), at);
  }

  #code(code, at) {
    this.count++;
    if (code === PREFIX) return;
    const key = code & ~RELEASED;
    const changes = this.#down.has(key) === Boolean(code & RELEASED);
    if (code & RELEASED) this.#down.delete(key);
    else this.#down.add(key);
    if (changes) this.changedAt = at;
  }
}

/** Runs in the page, by whose clock it answers. */
const pressStop = (words) => {
  const stop = [...document.querySelectorAll('dialog button')].find(({ textContent }) => textContent === words);
  const at = performance.now();
  stop.click();
  return at;
};

/** Runs in the page. */
const request = ({ url, method, body }) => fetch(url, { method, body, headers: { 'Content-Type': 'application/json' } }).then(() => {});

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ask = (page, method, body) => page.evaluate(request, { url: `/api/v1/targets/${TARGET}/type`, method, body: body && JSON.stringify(body) });

/** ms from the click to the last key that went down or up in the machine. */
async function once(machine) {
  const { page, serial } = machine;
  const done = serial.answer('K', 120000);
  const codes = new Codes(serial.socket);
  serial.write(`k ${CODES.toString(16)}\n`);
  await button(page, 'Type text').click();
  await labelled(page, 'Text').fill(TEXT);
  await button(page, 'Type it').click();
  await until(() => codes.count >= BEFORE, 'the machine gets what is typed');
  const clicked = await page.evaluate(pressStop, 'Stop');
  await page.getByText(/Stopped/).waitFor();
  await pause(QUIET_MS);
  const { changedAt, down, count } = codes;
  if (down.length) throw new Error(`Keys stayed down: ${down}`);
  if (count >= CODES) throw new Error('The text was over before Stop.');
  await ask(page, 'POST', { text: 'ab'.repeat(CODES / 4) }); // so that the machine gets as many codes as it waits for
  await done;
  await ask(page, 'DELETE');
  codes.end();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  return changedAt - (await clockOf(page)).offset - clicked;
}

export async function stop(machine) {
  const times = [];
  for (let n = 0; n < ROUNDS; n++) times.push(await once(machine));
  remark(`Stop to the last key of the machine ${spread(times)} ms (least, p50, p90, p99, most)`);
  row('stop', RECORDING, 'p50_ms', 'ms', quantile(times, 0.5), 'limit', LIMIT_MS);
  row('stop', RECORDING, 'worst_ms', 'ms', Math.max(...times), 'limit', LIMIT_MS);
}
