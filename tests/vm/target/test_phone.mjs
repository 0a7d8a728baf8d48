/* A phone alone brings a machine up: with fingers only it logs in, powers the machine on, leaves GRUB's menu for its command
 * line, types a command with the phone's keyboard and the row of modifiers, and power-cycles the machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertQuiet, button, labelled, launch, newPage, openConsole, setUp, shot } from '../../web/browser.mjs';
import { Fingers, PHONE } from '../../web/fingers.mjs';
import { CREDENTIALS, Gateway } from '../../web/gateway.mjs';
import { waitForText } from '../../web/vga_text.mjs';

const GRUB = '/usr/lib/grub/i386-pc';
let gateway, browser, page, fingers;

/** A disk with GRUB, whose menu and commands are all in its core. */
function makeDisk() {
  const [config, tar, core, disk] = ['grub.cfg', 'memdisk.tar', 'core.img', 'grub.img'].map((name) => gateway.path(name));
  writeFileSync(config, 'set timeout=-1\nmenuentry "Nothing to start" { true }\nmenuentry "Nothing either" { true }\n');
  execFileSync('tar', ['-C', gateway.folder, '-cf', tar, 'grub.cfg']);
  execFileSync('grub-mkimage', ['-O', 'i386-pc', '-o', core, '-m', tar, '-p', '(memdisk)', 'biosdisk', 'memdisk', 'tar', 'normal', 'echo', 'ls', 'halt', 'reboot', 'test', 'minicmd', 'configfile', 'true']);
  writeFileSync(disk, Buffer.concat([readFileSync(`${GRUB}/boot.img`), readFileSync(core)]));
  truncateSync(disk, 4 << 20);
  chmodSync(disk, 0o666);
  return disk;
}

before(async () => {
  gateway = await Gateway.create({});
  gateway.targets.pc = { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', lifetime: 'supervisor', disk: `${makeDisk()},format=raw` };
  await gateway.start();
  browser = await launch();
  const desk = await newPage(browser);
  await setUp(desk, gateway);
  await desk.context().close();
  page = await newPage(browser, { ...PHONE, colorScheme: 'dark' });
  fingers = await Fingers.of(page);
});
after(async () => {
  await browser?.close();
  await gateway?.destroy();
});

/** By a finger, where it is on the screen. */
async function press(locator) {
  await locator.waitFor();
  await locator.tap();
}

const row = (name) => press(page.locator('.key-row').getByRole('button', { name, exact: true }));
const write = (text) => fingers.client.send('Input.insertText', { text });

async function power(item, action) {
  await press(button(page, 'Power'));
  await press(page.getByRole('menuitem', { name: item, exact: true }));
  if (action) await press(page.locator('dialog').getByRole('button', { name: action, exact: true }));
}

test('log in and power on', async () => {
  await page.goto(gateway.url);
  await press(labelled(page, 'User name'));
  await write(CREDENTIALS.user);
  await press(labelled(page, 'Password'));
  await write(CREDENTIALS.password);
  await press(button(page, 'Log in'));
  await press(page.getByRole('link', { name: 'pc', exact: true }));
  await page.getByRole('heading', { name: 'Powered off' }).waitFor();
  await shot(page, 'phone-powered-off');
  await power('Power on');
  await waitForText(page, /Nothing to start/, 120000);
  await shot(page, 'phone-grub-menu');
});

test('GRUB’s menu by arrows, its command line by a letter, a command by the phone’s keyboard', async () => {
  await press(button(page, 'Keyboard'));
  await row('Down');
  await waitForText(page, /\*Nothing either/);
  await write('c');
  await waitForText(page, /grub> *$/m);
  // As phones do it: a word that grows in a composition, is corrected, then a blank behind it.
  for (const text of ['e', 'ec', 'ecj']) await fingers.client.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  await write('echo ');
  await write('It-is_a (phone); echo $?');
  await waitForText(page, /grub> echo It-is_a \(phone\); echo \$\?/);
  await page.setViewportSize({ width: 360, height: 430 }); // as with the keyboard up
  await shot(page, 'phone-grub-command');
  await page.setViewportSize(PHONE.viewport);
  for (let i = 0; i < 9; i++) await page.keyboard.press('Backspace');
  await write('"home"');
  await waitForText(page, /It-is_a \(phone\)"home"/);
});

test('sticky Control, Tab and Escape from the row', async () => {
  await row('Control');
  await write('u'); // GRUB's own: takes the line back
  await waitForText(page, /grub> *$/m);
  await write('hal');
  await waitForText(page, /grub> hal *$/m);
  await row('Tab');
  await waitForText(page, /grub> halt *$/m);
  await row('Control');
  await write('u');
  await waitForText(page, /grub> *$/m);
  await row('Escape');
  await waitForText(page, /Nothing to start/);
});

test('power-cycled by a thumb: reset, off, and on again', async () => {
  await press(button(page, 'Keyboard'));
  await power('Reset …', 'Reset');
  await page.getByText('Reset.', { exact: true }).waitFor();
  await waitForText(page, /\*Nothing to start/, 120000);
  await power('Power off now …', 'Power off');
  await page.getByRole('heading', { name: 'Powered off' }).waitFor();
  await press(page.locator('.cover').getByRole('button', { name: 'Power on' }));
  await waitForText(page, /\*Nothing to start/, 120000);
  assertQuiet(page);
  assert.equal(await page.evaluate(() => window.visualViewport.scale), 1, 'the page was never zoomed');
});
