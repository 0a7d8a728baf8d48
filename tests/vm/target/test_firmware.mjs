/* The firmware variants: UEFI boots the installer's disc from the virtual drive; Secure Boot with a TPM starts and
 * shows its screen. UEFI draws its text as graphics, which is read by the firmware's own font. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { Gateway, MACHINE, Rest, assertSane, localClient } from './client.mjs';

const ISO = 'tiny-os-installer.iso';
const HANG_MS = 240000;
/** @type {Gateway[]} */ const gateways = [];
after(async () => {
  for (const gateway of gateways) {
    await gateway.stop();
    assertSane(gateway);
    await gateway.destroy();
  }
});

/** @param {Record<string, string|number>} keys */
async function make(keys) {
  const gateway = await Gateway.create({ demo: { ...MACHINE, memory: 512, ...keys } });
  gateways.push(gateway);
  mkdirSync(gateway.path('images'), { mode: 0o755 });
  copyFileSync(/** @type {string} */ (process.env.INSTALLER_ISO), gateway.path(`images/${ISO}`));
  chmodSync(gateway.path(`images/${ISO}`), 0o644);
  await gateway.start();
  await new Rest(gateway).setUp();
  const client = localClient(gateway);
  await until(async () => (await client.run('power', 'state', 'demo')).out === 'off\n', 'the machine is there');
  return { gateway, client };
}

test('uefi: the installer boots from the virtual CD', async () => {
  const { gateway, client } = await make({ firmware: 'uefi' });
  const began = Date.now();
  await client.ok('media', 'insert', 'demo', ISO);
  await client.ok('boot', 'demo', 'cd');
  await client.ok('power', 'on', 'demo');
  await until(async () => (await client.json('target', 'show', 'demo')).signal.name === 'ok', 'there is a picture', HANG_MS);
  const read = async () => (await client.json('media', 'list', 'demo')).drives[0].bytes_read;
  await until(async () => (await read()) > 0, 'the firmware reads the disc', HANG_MS);
  console.log(`# the disc is read after ${Date.now() - began} ms`);
  await client.ok('wait-text', 'demo', 'Install Tiny OS', '--timeout', '240');
  const menu = await client.json('screen-text', 'demo');
  assert.deepEqual([menu.font, menu.exact], ['UEFI 8x19', true], JSON.stringify(menu));
  const before = await read();
  await client.ok('key', 'demo', 'enter');
  await until(async () => (await read()) > before + 8e6, 'the installer is loaded', HANG_MS); // kernel and initial file system
  console.log(`# the installer is loaded after ${Date.now() - began} ms`);
  await client.ok('screenshot', 'demo', gateway.path('shot.png'));
  assert.ok(existsSync(gateway.path('state/vm/demo/firmware-variables.fd')), 'its variables are its own');
  await client.ok('power', 'hard-off', 'demo');
});

test('uefi-secure with a TPM: the firmware shows its screen', async () => {
  const { gateway, client } = await make({ firmware: 'uefi-secure', tpm: 'yes' });
  const began = Date.now();
  await client.ok('power', 'on', 'demo');
  const shown = await until(async () => {
    const target = await client.json('target', 'show', 'demo');
    assert.equal(target.vm.state, 'running', JSON.stringify(target.vm));
    // until then QEMU shows 640x480 of its own
    return target.signal.name === 'ok' && target.mode?.width > 640 && target.mode;
  }, 'the firmware sets a mode', HANG_MS);
  console.log(`# ${shown.width}x${shown.height} after ${Date.now() - began} ms`);
  assert.ok(gateway.child('--tpm2'), 'the TPM runs');
  assert.ok(readdirSync(gateway.path('state/vm/demo/tpm')).length > 0, 'its state is kept');
  await client.ok('power', 'hard-off', 'demo');
  const tpm = gateway.child('--tpm2');
  await gateway.stop();
  await until(() => !existsSync(`/proc/${tpm}`), 'the TPM ends with its machine');
});

test('bios: the door that an installer has locked opens by force only', async () => {
  const { client } = await make({ disk: 'demo.qcow2,size=64M' });
  await client.ok('media', 'insert', 'demo', ISO);
  await client.ok('boot', 'demo', 'cd');
  await client.ok('power', 'on', 'demo');
  await client.ok('wait-text', 'demo', 'Install Tiny OS', '--timeout', '240');
  await client.ok('key', 'demo', 'enter');
  await client.ok('wait-text', 'demo', 'Q1 Host name', '--timeout', '240');
  await client.refused(['media', 'eject', 'demo'], 1,
    "The machine has locked the drive's door: eject with force, or let its operating system go of the medium.");
  assert.equal((await client.json('media', 'list', 'demo')).drives[0].phase, 'inserted');
  assert.equal(await client.ok('media', 'eject', 'demo', '--force'), 'empty\n');
});
