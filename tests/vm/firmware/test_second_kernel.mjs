/* The dongle's drive on another machine's kernel, by USB/IP: the disc is the image, also after the cable was pulled. No
 * keyboard: usbip-vudc of Linux 6.1 brings its own kernel down when a Linux host sets a HID function up
 * (docs/test-machines.md); keys are proved with firmware as the host (test_boot.mjs). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { freePort } from '../../web/gateway.mjs';
import { until } from '../../web/until.mjs';
import { Guest, HANG_MS, program } from '../guest/guest.mjs';
import { Dongle } from './bed.mjs';
import { BOOT_ISO } from './disc.mjs';

const MODULES = ['vhci_hcd', 'usb_storage', 'sd_mod', 'sr_mod', 'isofs'];
/** @type {Dongle} */ let dongle;
/** @type {Guest} */ let target;

before(async () => {
  dongle = await Dongle.start({ personality: 'drive', 'big-cd': 'no' });
  target = new Guest('target', { modules: MODULES, files: [program('usbip')] });
  await target.boot({ forward: { [await freePort()]: 1 } });
  await target.load(...MODULES);
});
after(() => {
  if (process.env.SHOW_LOG) console.log(dongle?.log);
  target?.destroy();
  dongle?.destroy();
});

const attach = () => target.ok(`usbip --tcp-port ${dongle.usbPort} attach -r 10.0.2.2 -b usbip-vudc.0`);
const configured = () => until(async () => (await dongle.usb()).state === 'configured', 'the target has configured the dongle', HANG_MS);

const readable = () => until(async () => (await target.run('dd if=/dev/sr0 of=/dev/null bs=2048 count=1')).code === 0, 'the target finds the disc', HANG_MS);

async function discIsTheImage() {
  await readable();
  const wanted = createHash('sha256').update(readFileSync(BOOT_ISO)).digest('hex');
  assert.equal((await target.ok('sha256sum /dev/sr0')).slice(0, 64), wanted);
}

test('the disc that another kernel reads is the image', async () => {
  await dongle.insert();
  await attach();
  await configured();
  await discIsTheImage();
});

test('the cable is pulled out and put in again', async () => {
  await target.ok('usbip detach -p 0');
  await until(async () => (await dongle.usb()).state !== 'configured', 'the dongle sees that it is alone', HANG_MS);
  await attach();
  await configured();
  await discIsTheImage();
});

test('neither kernel complained', async () => {
  await target.end();
  await dongle.end();
});
