/* The acceptance test: an operating system is installed on an empty disk through the page alone. Text is read from the
 * page's own canvas, answers are key events; in the middle of the install the gateway is killed, and the install goes on.
 * INSTALL_FROM: library; computer: the browser brings the ISO, over a network that is cut for 20 s in the middle; url: a web
 * server does. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertQuiet, button, capture, labelled, launch, newPage, openConsole, setUp, shot } from '../../web/browser.mjs';
import { CREDENTIALS, Gateway } from '../../web/gateway.mjs';
import { Proxy } from '../../web/proxy.mjs';
import { until } from '../../web/until.mjs';
import { screenText, waitForText } from '../../web/vga_text.mjs';
import { Rest } from './client.mjs';
import { WebSource } from './web_source.mjs';

const FROM = process.env.INSTALL_FROM ?? 'library';
const CUT_MS = 20000;
/** @type {Record<string, Record<string, string>>} */
const KEYS = {
  library: {},
  computer: { 'cache-memory': '4M', 'cache-disk': '0' }, // else nothing would be read during the cut
  url: { 'outward-allow': '127.0.0.0/8' },
};
const ISO = 'tiny-os-installer.iso';
const ROOT_PASSWORD = 'open sesame';
const HANG_MS = 300000;
const QEMU = '-sandbox'; // the only child of the supervisor with this argument

/** @type {Gateway} */ let gateway;
/** @type {Proxy|undefined} */ let network;
/** @type {WebSource|undefined} */ let web;
let browser, page, started;

before(async () => {
  gateway = await Gateway.create(
    { demo: { machine: 'qemu', accel: 'tcg', firmware: 'bios', memory: 512, disk: 'demo.qcow2,size=1G', nic: 'user', lifetime: 'supervisor' } },
    { keys: KEYS[FROM] },
  );
  mkdirSync(gateway.path('images'), { mode: 0o755 });
  if (FROM === 'library') {
    copyFileSync(process.env.INSTALLER_ISO, gateway.path(`images/${ISO}`));
    chmodSync(gateway.path(`images/${ISO}`), 0o644);
  } else if (FROM === 'url') web = await WebSource.create(readFileSync(process.env.INSTALLER_ISO), ISO);
  await gateway.start();
  if (FROM === 'computer') network = await Proxy.create('127.0.0.2', gateway.port, gateway.port);
  browser = await launch(network ? ['--host-resolver-rules=MAP localhost 127.0.0.2'] : []);
  page = await newPage(browser);
  await setUp(page, gateway);
  await openConsole(page, gateway, 'demo');
});
after(async () => {
  await browser?.close();
  network?.destroy();
  web?.destroy();
  await gateway?.destroy();
});

/** Types as a person does, slowly enough for a keyboard that keeps 16 codes and a busy machine; the target shows each
 * line before the next one is typed. */
async function type(text) {
  await capture(page);
  await page.keyboard.type(text, { delay: 120 });
  await page.keyboard.press('Enter');
}

const since = () => ((Date.now() - started) / 1000).toFixed(1);
const reached = (what) => console.log(`# ${since()} s: ${what}`);

const choose = {
  library: () => page.getByRole('radio', { name: new RegExp(ISO) }).check(),
  computer: async () => {
    await page.getByRole('tab', { name: 'This computer' }).click();
    await page.locator('input[data-for="media"]').setInputFiles(process.env.INSTALLER_ISO);
    await labelled(page, 'Copy to the library in the background').uncheck(); // it would be over before the cut
  },
  url: async () => {
    await page.getByRole('tab', { name: 'Address' }).click();
    await labelled(page, 'Address of the medium').fill(web?.url ?? '');
  },
};

test('the ISO goes into the drive while the machine is off', async () => {
  await button(page, 'Media').click();
  await choose[FROM]();
  await button(page, 'Insert').click();
  await until(() => page.locator('.drive').first().textContent().then((text) => text?.includes(ISO)), 'the drive holds the ISO');
  await page.keyboard.press('Escape');
});

test('power on: the menu of the ISO shows', async () => {
  started = Date.now();
  await button(page, 'Power on').click();
  await waitForText(page, /Install Tiny OS/i, HANG_MS);
  reached('boot menu');
  await shot(page, 'install-menu');
  await capture(page);
  await page.keyboard.press('Enter');
});

test('the questions are answered by keys', async () => {
  await waitForText(page, /Q1 Host name\?/, HANG_MS);
  reached('first question');
  await shot(page, 'install-question');
  await type('lamp');
  await waitForText(page, /Q2 Root password\?/, HANG_MS);
  await type(ROOT_PASSWORD);
  await waitForText(page, /Q3 Erase/, HANG_MS);
  await type('yes');
  await waitForText(page, /Partitioning/, HANG_MS); // the answer has arrived: what comes next kills the way it takes
});

test('the network is cut for 20 s during the install, which waits', { skip: FROM !== 'computer' }, async () => {
  const rest = new Rest(gateway); // not over that network
  await rest.logIn(CREDENTIALS.user, CREDENTIALS.password);
  const drive = async () => (await rest.call('GET', '/targets/demo/drives')).body.drives[0];
  network?.cut();
  const cut = Date.now();
  await until(async () => (await drive()).paused, 'the machine stands still', HANG_MS); // after media-wait
  reached('the machine stands still');
  await until(() => Date.now() >= cut + CUT_MS, '20 s are over', CUT_MS + 5000);
  const { paused, words } = await drive();
  assert.ok(paused);
  assert.match(words, /^The machine stands still until it is back\. /);
  network?.heal();
  await until(async () => {
    const now = await drive();
    return now.link === 'good' && !now.paused;
  }, 'the file is there again and the machine goes on', HANG_MS);
  reached('the file is there again');
  await until(async () => !(await page.locator('.cover').isVisible()), 'the page shows the machine again', HANG_MS);
  assert.doesNotMatch(await screenText(page), /INSTALLATION FAILED|I\/O error/);
});

test('the gateway is killed during the install, which goes on', async () => {
  const vm = gateway.child(QEMU);
  // the cover itself may be too short to be seen
  const again = page.waitForEvent('websocket', { predicate: (socket) => socket.url().endsWith('/console'), timeout: HANG_MS });
  await gateway.kill('gateway', 'SIGKILL');
  const killed = Date.now();
  await again;
  await until(async () => !(await page.locator('.cover').isVisible()), 'the page shows the machine again', HANG_MS);
  console.log(`# the picture is back ${Date.now() - killed} ms after the kill`);
  await waitForText(page, /INSTALLATION COMPLETE/, HANG_MS);
  reached('installed');
  assert.doesNotMatch(await screenText(page), /INSTALLATION FAILED|I\/O error/);
  assert.ok(vm);
  assert.equal(gateway.child(QEMU), vm, 'the same machine');
  await shot(page, 'install-complete');
});

test('eject, restart: the installed system asks for a login', async () => {
  await button(page, 'Media').click();
  const drive = page.locator('.drive').first();
  if (!/Empty|ejected/i.test((await drive.textContent()) ?? '')) await button(page, 'Eject drive 0').click();
  await until(() => drive.textContent().then((text) => /Empty|ejected/i.test(text ?? '')), 'the drive is empty');
  await page.keyboard.press('Escape');
  await type('');
  await waitForText(page, /lamp login:/, HANG_MS);
  reached('login of the installed system');
  await shot(page, 'installed-login');
});

test('a login works, and a command', async () => {
  await type('root');
  await waitForText(page, /Password:/i, HANG_MS);
  await type(ROOT_PASSWORD);
  await waitForText(page, /[#$] *$/m, HANG_MS);
  await type('seq 41 43'); // no Shift: the page's keys are positions
  await waitForText(page, /^41\n42\n43$/m, HANG_MS);
  reached('a command ran');
  await shot(page, 'installed-shell');
});

test('the mouse reaches the system, by absolute positions', async () => {
  const command = 'hexdump -n 24 /dev/input/$(grep -A5 Tablet /proc/bus/input/devices | grep -o "event[0-9]*")\n';
  await button(page, 'Type text').click();
  await page.locator('dialog textarea').fill(command);
  await button(page, 'Type it').click();
  await page.getByText(/^All typed/).waitFor({ timeout: HANG_MS });
  await page.keyboard.press('Escape');
  const box = await page.locator('console-screen canvas').boundingBox();
  let step = 0;
  // input_event: 16 bytes of time, then type 3 (EV_ABS), code 0 or 1 (x or y), and the position
  await until(async () => {
    await page.mouse.move(box.x + box.width * (0.25 + 0.05 * (step++ % 10)), box.y + box.height / 2);
    return /^0000010 0003 000[01] /m.test(await screenText(page));
  }, 'the system reads an absolute position', HANG_MS);
  reached('an absolute position arrived');
});

test('power off by ACPI', async () => {
  await button(page, 'Power').click();
  await page.getByRole('menuitem', { name: /Shut down/ }).click();
  await page.getByRole('heading', { name: 'Powered off' }).waitFor({ timeout: HANG_MS });
  reached('powered off');
});

test('the browser had nothing to complain about', () => assertQuiet(page));
