/* Both firmwares boot from the dongle's drive, and its keys arrive in what they booted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Machine } from '../guest/machine.mjs';
import { Dongle } from './bed.mjs';
import { BIOS_DISK, BY_BIOS, BY_UEFI, uefiDisc } from './disc.mjs';

/** @type {Dongle} */ let dongle;
/** @type {Machine|undefined} */ let machine;
let started = 0;
const reached = (what) => console.log(`# ${((Date.now() - started) / 1000).toFixed(1)} s: ${what}`);

before(async () => {
  started = Date.now();
  dongle = await Dongle.start({ personality: 'storage-first' });
  reached('the dongle is ready');
});
after(() => {
  machine?.destroy();
  dongle?.destroy();
});

/** A key, until it has arrived: firmware that has just begun may miss one. @param {string} key */
async function keyArrives(key) {
  for (let tries = 0; !machine.serial.includes(`KEY ${key}\n`); tries++) {
    assert.ok(tries < 20, `the key ${key} does not arrive; the machine said:\n${machine.serial}`);
    await dongle.press(key);
    await machine.says(new RegExp(`KEY ${key}\n`), 0, 2000).catch(() => {});
  }
}

test('SeaBIOS boots from the disc in the drive', async () => {
  await dongle.insert();
  machine = new Machine('seabios');
  await machine.start(dongle.usbPort);
  await machine.says(BY_BIOS);
  reached('SeaBIOS has booted from the disc');
  machine.destroy();
});

test('SeaBIOS hears the keyboard', async () => {
  await dongle.become('keyboard');
  machine = new Machine('seabios', { disk: BIOS_DISK });
  await machine.start(dongle.usbPort);
  await machine.says(BY_BIOS);
  for (const key of ['a', 'z', '7']) await keyArrives(key);
  reached('SeaBIOS hears keys');
  assert.match(machine.notes, /USB keyboard initialized/);
  machine.destroy();
});

test('OVMF boots from the disc, reads it to its last block, and hears the keyboard of the same device', async () => {
  await dongle.become('full');
  machine = new Machine('ovmf');
  await machine.start(dongle.usbPort);
  await machine.says(BY_UEFI);
  await machine.says(/DISC .*\n/);
  reached('OVMF has booted from the disc');
  assert.ok(machine.serial.includes(uefiDisc()), machine.serial);
  for (const key of ['a', 'z', '7']) await keyArrives(key);
  reached('OVMF hears keys');
});

test('a reset of the machine boots again, and keys still arrive', async () => {
  const from = machine.serial.length;
  await machine.reset();
  await machine.says(BY_UEFI, from);
  await dongle.press('b');
  await machine.says(/KEY b\n/, from).catch(() => keyArrives('b'));
  reached('OVMF has booted once more');
});
