/* What a Windows install needs, shown with Linux: two CDs and a disk with a label, made of a folder of the library, are in
 * at once, and the machine starts from one of the CDs with Secure Boot on: the firmware checks Debian's signatures of
 * loader and kernel. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { GRUB, Gateway, MACHINE, assertSane, fillLibrary, localClient } from './client.mjs';
import { GuestShell } from './guest_shell.mjs';

const ANSWERS = '<?xml version="1.0"?>\n<unattend>läuft</unattend>\n';
/** @type {Gateway} */ let gateway;
/** @type {GuestShell} */ let guest;

after(async () => {
  guest?.close();
  await gateway?.stop();
  if (gateway) assertSane(gateway);
  await gateway?.destroy();
});

test('Secure Boot: installer, drivers and answers in three drives at once', async () => {
  gateway = await Gateway.create({ demo: { ...MACHINE, firmware: 'uefi-secure', memory: 512, drives: 3 } });
  fillLibrary(gateway); // GRUB's disc stands for the drivers
  const iso = gateway.path('images/secure.iso');
  copyFileSync(/** @type {string} */ (process.env.SECURE_ISO), iso);
  chmodSync(iso, 0o644);
  mkdirSync(gateway.path('images/oemdrv'), { mode: 0o755 });
  mkdirSync(gateway.path('images/oemdrv/$OEM$'), { mode: 0o755 });
  writeFileSync(gateway.path('images/oemdrv/autounattend.xml'), ANSWERS, { mode: 0o644 });
  writeFileSync(gateway.path('images/oemdrv/$OEM$/A driver with a long name.inf'), 'x'.repeat(100000), { mode: 0o644 });
  await gateway.start();
  const client = localClient(gateway);
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
  await client.ok('media', 'insert', 'demo', 'secure.iso', '--drive', '0');
  await client.ok('media', 'insert', 'demo', GRUB, '--drive', '1');
  await client.ok('media', 'insert', 'demo', 'oemdrv', '--drive', '2');
  assert.deepEqual((await client.json('media', 'list', 'demo')).drives.map((/** @type {any} */ drive) => drive.kind), ['cdrom', 'cdrom', 'disk']);
  const began = Date.now();
  await client.ok('power', 'on', 'demo');
  guest = await GuestShell.open(gateway);
  console.log(`# a shell after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  assert.match(await guest.ok('dmesg | grep -i secure'), /secureboot: Secure boot enabled/);

  const device = (await guest.ok('findfs LABEL=OEMDRV')).trim();
  await guest.ok(`mkdir -p /answers && mount -t vfat -o ro,iocharset=utf8 ${device} /answers || mount -t vfat -o ro ${device} /answers`);
  const sum = (/** @type {string|Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');
  const read = async (/** @type {string} */ path) => (await guest.ok(`sha256sum <'${path}'`)).split(' ')[0];
  assert.equal(await read('/answers/autounattend.xml'), sum(ANSWERS));
  assert.equal(await read('/answers/$OEM$/A driver with a long name.inf'), sum('x'.repeat(100000)));
  for (const name of ['secure.iso', GRUB]) {
    const bytes = readFileSync(gateway.path(`images/${name}`));
    assert.equal(await read(await guest.device(bytes.length)), sum(bytes), name);
  }
  assert.equal(await guest.complaints(), '');
  await client.ok('power', 'hard-off', 'demo');
});
