/* SOAK_TABS (30) tabs of one browser, each with the console of another target, all open at once: every one of them shows its
 * picture, and what is typed into the last one arrives in its machine. Bounded in time; says how long it took and what browser and gateway hold. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertQuiet, button, capture, launch, newPage, openConsole, openTab, setUp } from '../web/browser.mjs';
import { Gateway } from '../web/gateway.mjs';
import { keysMachine, shownByte } from '../web/keys_machine.mjs';
import { until } from '../web/until.mjs';
import { resident, size } from './counted.mjs';

const TABS = size('SOAK_TABS', 30);
const LIMIT_MS = 120000; // a hang, or a tab that starves
const Q = 0x10;

let browser, gateway;
before(async () => {
  gateway = await Gateway.create({});
  for (let n = 1; n < TABS; n++) gateway.targets[`card${n}`] = { machine: 'testcard' };
  gateway.targets.keys = keysMachine(gateway);
  await gateway.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** Memory of a process, its part of what it shares, KiB; 0: it has ended. @param {number} pid */
function shareOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Memory of the browser that this program started, all its processes, MiB; what they share counts once. */
function browserMemory() {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      return [{ pid: Number(pid), parent: Number(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) \S /s, '').split(' ')[0]), command: readFileSync(`/proc/${pid}/cmdline`, 'latin1') }];
    } catch {
      return []; // it has ended
    }
  });
  const below = (/** @type {number} */ pid) => processes.filter(({ parent }) => parent === pid).flatMap((one) => [one, ...below(one.pid)]);
  const kib = below(process.pid).filter(({ command }) => command.includes('chromium')).map(({ pid }) => shareOf(pid));
  return Math.round(kib.reduce((sum, one) => sum + one, 0) / 1024);
}

/** Something of the target is on the canvas; only a part is read, which takes no time. @param {any} page */
const sees = (page) =>
  page.evaluate(async () => {
    const screen = document.querySelector('console-screen');
    if (!screen?.hasPicture) return false;
    const { pixels } = await screen.readPixels({ canvas: true, rect: { x: 0, y: 0, width: 64, height: 64 } });
    return pixels.some((value, i) => i % 4 !== 3 && value > 0);
  });

test(`${TABS} tabs`, { timeout: 5 * LIMIT_MS }, async () => {
  const first = await newPage(browser);
  await setUp(first, gateway);
  const names = [...Object.keys(gateway.targets)];
  const one = browserMemory();
  const tabs = [first];
  const began = Date.now();
  const opened = [];
  for (const name of names) {
    const page = name === names[0] ? first : await openTab(first.context());
    if (page !== first) tabs.push(page);
    page.setDefaultTimeout(LIMIT_MS);
    const start = Date.now();
    await openConsole(page, gateway, name);
    if (name !== 'keys') await until(() => sees(page), `${name} shows its picture`, LIMIT_MS);
    opened.push(Date.now() - start);
  }
  const last = tabs[TABS - 1];
  await button(last, 'Power on').click();
  await until(async () => (await shownByte(last, 0)) !== null, 'the machine shows itself', LIMIT_MS);
  await capture(last);
  const pressed = Date.now();
  await last.keyboard.press('q');
  await until(async () => (await shownByte(last, 2)) === Q, 'the machine has read the key', LIMIT_MS);
  const echo = Date.now() - pressed;
  for (const page of tabs) {
    assert.ok(await sees(page), 'each still shows its picture');
    assertQuiet(page);
  }
  const viewers = await last.evaluate(async () => (await (await fetch('/api/v1/targets')).json()).targets.map((target) => target.viewers));
  assert.deepEqual(viewers, Array(TABS).fill(1), 'every console is connected');
  opened.sort((a, b) => a - b);
  console.log(
    `# ${TABS} tabs in ${Math.round((Date.now() - began) / 1000)} s (a picture after ${opened[Math.floor(TABS / 2)]} ms, at most ${opened[TABS - 1]} ms); a key seen after ${echo} ms; ` +
      `browser ${one} MiB with one page, ${browserMemory()} MiB with all; gateway ${Math.round(resident(gateway.pid('gateway')) / 1024)} MiB`,
  );
});
