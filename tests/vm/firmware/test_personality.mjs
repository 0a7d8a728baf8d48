/* The automatic personality with a firmware that sets up one interface of a device only: the first boot finds out what
 * it needs, the second needs nobody. Once for the keyboard, once for the drive. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { HANG_MS } from '../guest/guest.mjs';
import { Machine } from '../guest/machine.mjs';
import { Dongle } from './bed.mjs';
import { BIOS_DISK, BY_BIOS } from './disc.mjs';

/** @type {Dongle} */ let dongle;
/** @type {Machine|undefined} */ let machine;

before(async () => {
  dongle = await Dongle.start({ personality: 'auto' });
});
after(() => {
  if (process.env.SHOW_LOG) console.log(dongle?.log);
  machine?.destroy();
  dongle?.destroy();
});

const tell = async (what) => {
  const { personality, found, why, events } = await dongle.usb();
  console.log(`# ${what}: ${personality}, found ${found}; ${why}; ${JSON.stringify(events.map(({ text }) => text))}`);
};

test('a disc in the drive: the first boot finds out, the second boots it', async () => {
  await dongle.insert();
  machine = new Machine('seabios');
  await machine.start(dongle.usbPort);
  await tell('first boot began');
  await until(async () => (await dongle.usb()).personality !== 'full', 'the dongle has tried another personality', HANG_MS);
  await tell('after the first boot');
  const from = machine.serial.length;
  await machine.reset();
  await machine.says(BY_BIOS, from);
  await until(async () => (await dongle.usb()).found, 'what was found out is remembered', HANG_MS);
  await tell('second boot');
  const { personality } = await dongle.usb();
  const again = machine.serial.length;
  await machine.reset();
  await machine.says(BY_BIOS, again);
  assert.equal((await dongle.usb()).personality, personality);
  machine.destroy();
});

test('no disc and a keyboard needed: the first boot finds out, the second hears keys', async () => {
  await dongle.eject();
  machine = new Machine('seabios', { disk: BIOS_DISK });
  await machine.start(dongle.usbPort);
  await machine.says(BY_BIOS);
  await until(async () => /keyboard|full/.test((await dongle.usb()).personality), 'the dongle has tried one with the keyboard first', HANG_MS);
  await tell('after the first boot');
  const from = machine.serial.length;
  await machine.reset();
  await machine.says(BY_BIOS, from);
  for (let tries = 0; !machine.serial.slice(from).includes('KEY k\n'); tries++) {
    assert.ok(tries < 20, `no key arrives: ${machine.serial}`);
    await dongle.press('k');
    await machine.says(/KEY k\n/, from, 2000).catch(() => {});
  }
  await tell('second boot');
});
