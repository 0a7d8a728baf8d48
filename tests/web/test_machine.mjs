/* A real virtual machine whose boot sector (keys_boot.S) shows its own keyboard on its own screen: keys arrive, and all
 * are released in each way in which a viewer's control can end. Power and media through the page as well. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { assertQuiet, button, capture, inFirefox, launch, logIn, newPage, openConsole, setUp, shot } from './browser.mjs';
import { Rest } from '../vm/target/client.mjs';
import { CREDENTIALS, Gateway } from './gateway.mjs';
import { keysMachine, shownByte } from './keys_machine.mjs';
import { Proxy } from './proxy.mjs';
import { until } from './until.mjs';

const OTHER_NAME = 'cut.test';
const LEFT_SHIFT = 0x02;

/** @type {Gateway} */ let gateway;
/** @type {Proxy} */ let proxy;
let browser, watcher;

function makeLibrary() {
  mkdirSync(gateway.path('images'), { mode: 0o755 });
  copyFileSync(gateway.path('keys.img'), gateway.path('images/stick.img'));
  writeFileSync(gateway.path('images/empty.iso'), '');
  for (const name of ['', '/stick.img', '/empty.iso']) chmodSync(gateway.path(`images${name}`), name ? 0o644 : 0o755);
}

before(async () => {
  gateway = await Gateway.create({}, { names: `localhost ${OTHER_NAME}` });
  gateway.targets.pc = keysMachine(gateway);
  makeLibrary();
  writeFileSync(gateway.path('broken.qcow2'), 'no disk at all');
  chmodSync(gateway.path('broken.qcow2'), 0o666);
  gateway.targets.broken = { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', lifetime: 'supervisor', disk: gateway.path('broken.qcow2') };
  await gateway.start();
  proxy = await Proxy.create('127.0.0.2', gateway.port, gateway.port);
  browser = await launch([`--host-resolver-rules=MAP ${OTHER_NAME} 127.0.0.2`]);
  watcher = await newPage(browser);
  await setUp(watcher, gateway);
  await openConsole(watcher, gateway, 'pc');
});
after(async () => {
  await browser?.close();
  proxy?.destroy();
  await gateway?.destroy();
});

afterEach(async () => {
  // What one test left open must not stand in the way of the next.
  while (await watcher.locator('dialog').count()) await watcher.evaluate(() => document.querySelector('dialog')?.close());
});

const shown = (/** @type {number} */ line) => shownByte(watcher, line);

/** Whether the machine sees Shift so; null: it shows nothing now. @param {boolean} down */
async function seesShift(down) {
  const modifiers = await shown(0);
  return modifiers === null ? null : Boolean(modifiers & LEFT_SHIFT) === down;
}

/** @param {boolean} down @param {number} [limitMs] */
const shiftIs = (down, limitMs) => until(() => seesShift(down), `the machine sees Shift ${down ? 'pressed' : 'released'}`, limitMs);

/** Where page or gateway stood still for 1.5 s, as on a busy machine, the gateway has let go of it again. */
const pressShift = (page) =>
  until(async () => {
    await page.keyboard.up('Shift');
    await page.keyboard.down('Shift');
    return shiftIs(true, 5000).then(() => true, () => false);
  }, 'Shift is down');

test('a machine that does not start says why, in its own last lines', async () => {
  await openConsole(watcher, gateway, 'broken');
  await watcher.getByRole('heading', { name: 'The machine did not start' }).waitFor();
  await until(() => watcher.locator('.cover .log').textContent().then((text) => /not in qcow2 format/.test(text ?? '')), 'the log is shown');
  await shot(watcher, 'did-not-start');
  await openConsole(watcher, gateway, 'pc');
});

test('the machine is powered on from the cover of its dark screen', async () => {
  await watcher.getByRole('heading', { name: 'Powered off' }).waitFor();
  await shot(watcher, 'powered-off');
  await button(watcher, 'Power on').click();
  await until(async () => (await shown(0)) !== null, 'the boot sector shows itself', 180000);
  await shot(watcher, 'machine');
});

test('keys arrive, by position', async () => {
  await capture(watcher);
  await watcher.keyboard.press('a');
  await until(async () => (await shown(2)) === 0x1e, 'the machine has read the A');
  await watcher.keyboard.press('F12');
  await until(async () => (await shown(2)) === 0x86, 'the machine has read F12');
  await watcher.keyboard.press('Tab');
  await until(async () => (await shown(2)) === 0x0f, 'the machine has read Tab');
});

test('text is typed', async () => {
  await button(watcher, 'Type text').click();
  await watcher.locator('dialog textarea').fill('q');
  await button(watcher, 'Type it').click();
  await watcher.getByText(/^All typed/).waitFor();
  await until(async () => (await shown(2)) === 0x10, 'the machine has read the q');
  await button(watcher, 'Type text').click();
  await watcher.locator('dialog textarea').fill('naïve');
  await until(() => watcher.locator('dialog').textContent().then((text) => text?.includes('ï')), 'the page names what cannot be typed');
  await watcher.keyboard.press('Escape');
});

test('Ctrl+Alt+Del from the toolbar restarts the machine', async () => {
  await until(async () => (await shown(2)) === 0x10, 'the last key is the q still');
  await button(watcher, 'Ctrl+Alt+Del').click();
  await until(async () => (await shown(2)) === 0, 'the boot sector starts anew', 180000);
});

/** A second page that holds the keyboard, with Shift down in the machine. */
async function holder(origin = gateway.url) {
  await watcher.evaluate(() => {
    const release = [...document.querySelectorAll('button')].find((one) => one.textContent === 'Release keyboard' && one.checkVisibility());
    release?.click();
  });
  const page = await newPage(browser);
  await page.goto(`${origin}/#/targets/pc`);
  await logIn(page);
  await page.locator('console-screen canvas').waitFor();
  const take = page.getByRole('button', { name: /^(Take keyboard|Take over)$/ }).first();
  await until(async () => {
    if (await take.isVisible()) await take.click({ timeout: 2000 }).catch(() => {}); // it may go meanwhile
    return button(page, 'Release keyboard').isVisible();
  }, 'the second page has the keyboard');
  await capture(page);
  await pressShift(page);
  return page;
}

async function releasedBy(what, end) {
  const page = await holder();
  const start = Date.now();
  await end(page);
  await shiftIs(false);
  console.log(`# ${what}: released after ${Date.now() - start} ms`);
  if (!page.isClosed()) await page.context().close();
}

test('keys are released when the tab is closed', () => releasedBy('tab closed', (page) => page.context().close()));
test('keys are released when the picture loses the focus', () =>
  releasedBy('focus lost', (page) => page.evaluate(() => document.activeElement.blur())));
test('keys are released when the seat is taken', () => releasedBy('seat taken', () => button(watcher, 'Take over').click()));
test('keys are released when the seat is given back', () =>
  releasedBy('seat released', (page) => page.evaluate(() => document.querySelector('console-screen').send({ type: 'seat', action: 'release' }))));
test('keys are released when the gateway is stopped', () => releasedBy('gateway stopped', () => gateway.kill('gateway', 'SIGTERM')));
test('keys are released when the gateway is killed', () => releasedBy('gateway killed', () => gateway.kill('gateway', 'SIGKILL')));
test('keys are released when the page hangs', () =>
  releasedBy('page hung', (page) => {
    // The page's thread, not its worker: the heartbeat must come from where keys go up.
    page.evaluate(() => {
      const end = Date.now() + 8000;
      while (Date.now() < end);
    }).catch(() => {});
  }));

const noNames = inFirefox && 'Firefox has no option that gives a name another address';
test('keys are released when the network is cut', { skip: noNames }, async () => {
  const page = await holder(`https://${OTHER_NAME}:${gateway.port}`);
  const start = Date.now();
  proxy.cut();
  await shiftIs(false);
  console.log(`# network cut: released after ${Date.now() - start} ms`);
  await page.getByRole('heading', { name: 'Reconnecting' }).waitFor();
  proxy.heal();
  await until(async () => !(await page.locator('.cover').isVisible()), 'the page is back after the network is');
  assertQuiet(page);
  await page.context().close();
});

test('a held key stays held as long as the page lives', async () => {
  const page = await holder();
  const stays = async () => {
    const end = Date.now() + 4000; // more than twice what the gateway waits for a sign of life
    while (Date.now() < end) if ((await seesShift(true)) === false) return false;
    return true;
  };
  // Without signs of life it could never stay so long; where the whole machine stood still they were late.
  await until(async () => (await stays()) || (await pressShift(page), false), 'Shift stays down');
  await page.keyboard.up('Shift');
  await shiftIs(false);
  await page.context().close();
});

const driveText = () => watcher.locator('.drive').first().textContent();

test('an image goes into a drive and out again; one that cannot be used says why', async () => {
  await button(watcher, 'Media').click();
  await watcher.getByText('Not usable').waitFor();
  assert.ok(await watcher.getByRole('radio', { name: /empty\.iso/ }).isDisabled());
  await watcher.getByRole('radio', { name: /stick\.img/ }).check();
  await button(watcher, 'Insert').click();
  await until(() => driveText().then((text) => /stick\.img.*read-only/.test(text ?? '')), 'the drive holds it');
  await shot(watcher, 'media');
  await button(watcher, 'Eject drive 0').click();
  await until(() => driveText().then((text) => /Empty/.test(text ?? '')), 'the drive is empty');
  await watcher.keyboard.press('Escape');
});

test('powering off asks first', async () => {
  await button(watcher, 'Power').click();
  await watcher.getByRole('menuitem', { name: /Power off now/ }).click();
  await button(watcher, 'Cancel').click();
  await until(async () => (await shown(0)) !== null, 'it is on still');
  await button(watcher, 'Power').click();
  await watcher.getByRole('menuitem', { name: /Power off now/ }).click();
  await button(watcher, 'Power off').click();
  await watcher.getByRole('heading', { name: 'Powered off' }).waitFor();
});

test('a target that its file loses for a while has its medium when it comes back', async () => {
  const rest = new Rest(gateway);
  await rest.logIn(CREDENTIALS.user, CREDENTIALS.password);
  await rest.ok('POST', '/targets/pc/drives/0/insert', { image: 'stick.img' });
  const { pc } = gateway.targets;
  const there = async () => (await rest.call('GET', '/targets/pc')).status === 200;
  delete gateway.targets.pc;
  gateway.reload();
  await until(async () => !(await there()), 'the target is gone');
  gateway.targets.pc = pc;
  gateway.reload();
  await until(there, 'it is back');
  await until(async () => (await rest.ok('GET', '/targets/pc/drives')).drives[0].medium === 'stick.img', 'it holds its medium');
});

test('nothing broke the content security policy or threw', () => assertQuiet(watcher));
