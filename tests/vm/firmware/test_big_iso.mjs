/* A disc that the kernel's own drive would cut: above 6 GB, UDF, booted by El Torito and UEFI only. OVMF boots it from
 * the drive on FunctionFS and reads its last block. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Machine } from '../guest/machine.mjs';
import { Dongle } from './bed.mjs';
import { BY_UEFI } from './disc.mjs';

const folder = process.env.BIG_DISC ?? '';
const fact = (/** @type {string} */ name) => readFileSync(join(folder, name), 'latin1').trim();
/** @type {Dongle} */ let dongle;
/** @type {Machine|undefined} */ let machine;

before(async () => {
  dongle = await Dongle.start({ personality: 'full', 'big-cd': 'yes' });
  // It has few bytes that are not zero, and more than the guest has memory for.
  execFileSync('cp', ['--sparse=always', join(folder, 'big.iso'), dongle.path('big.iso')]);
  await dongle.ok('chmod 644 /share/big.iso; touch /images/big.iso; mount --bind /share/big.iso /images/big.iso');
});
after(() => {
  if (process.env.SHOW_LOG) console.log(dongle?.log);
  machine?.destroy();
  dongle?.destroy();
});

test('OVMF boots a disc of 6 GB and reads its last block', async () => {
  await dongle.insert(0, 'big.iso');
  machine = new Machine('ovmf');
  await machine.start(dongle.usbPort);
  await machine.says(BY_UEFI);
  await machine.says(/DISC .*\n/);
  const blocks = Number(fact('big.blocks'));
  assert.ok(blocks * 2048 > 6e9);
  const said = `DISC ${blocks.toString(16).padStart(8, '0')} LAST ${fact('big.crc')}\n`;
  assert.ok(machine.serial.includes(said), `not ${said}: ${machine.serial}`);
  console.log(`# ${said.trim()}`);
});
