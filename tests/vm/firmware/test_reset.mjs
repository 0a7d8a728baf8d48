/* Empty drives may not make a restart of the target much longer: UEFI asks them again and again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Machine } from '../guest/machine.mjs';
import { Dongle } from './bed.mjs';
import { BY_UEFI, UEFI_DISK } from './disc.mjs';

const ROUNDS = 3;
const WANTED_MS = 2000; // more than with a keyboard alone
const MOST_MS = 10 * WANTED_MS; // on whatever machine
/** @type {Dongle} */ let dongle;
/** @type {Machine|undefined} */ let machine;

before(async () => {
  dongle = await Dongle.start({ personality: 'keyboard' });
});
after(() => {
  machine?.destroy();
  dongle?.destroy();
});

/** The quickest of some resets, until what the machine has on its own disk runs. @param {string} personality */
async function reset(personality) {
  await dongle.become(personality);
  machine = new Machine('ovmf', { disk: UEFI_DISK });
  await machine.start(dongle.usbPort);
  await machine.says(BY_UEFI);
  let best = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    const from = machine.serial.length;
    const start = Date.now();
    await machine.reset();
    await machine.says(BY_UEFI, from);
    best = Math.min(best, Date.now() - start);
  }
  machine.destroy();
  return best;
}

test('a warm reset with empty drives costs little more than with a keyboard alone', async () => {
  const alone = await reset('keyboard');
  const full = await reset('full');
  console.log(`# OVMF warm reset: keyboard alone ${alone} ms, with empty drives ${full} ms (wanted: at most ${WANTED_MS} more)`);
  assert.ok(full - alone <= MOST_MS, `${full - alone} ms more`);
});
