/* What Linux's own console shows in a real machine is read exactly: all of ASCII, colours, reverse, lines and umlauts, with
 * the guest's own font; of all of the screen, and of a part. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { until } from '../../web/until.mjs';
import { Gateway, MACHINE, assertSane, fillLibrary, localClient } from './client.mjs';
import { GuestShell } from './guest_shell.mjs';

const ISO = 'tiny.iso';
const ASCII = Array.from({ length: 0x7f - 0x21 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
const SHOWN = [ASCII.slice(0, 60), ASCII.slice(60), '┌────────┐ ░▒▓▌ äöü', '│ inside │', '└────────┘', 'reversed and red'];

describe('the text of a Linux console', () => {
  /** @type {Gateway} */ let gateway;
  /** @type {ReturnType<typeof localClient>} */ let client;
  /** @type {GuestShell} */ let shell;

  before(async () => {
    gateway = await Gateway.create({ demo: { ...MACHINE, memory: 256 } });
    fillLibrary(gateway);
    copyFileSync(/** @type {string} */ (process.env.INSTALLER_ISO), gateway.path(`images/${ISO}`));
    await gateway.start();
    client = localClient(gateway);
    await until(async () => (await client.json('target', 'show', 'demo')).vm?.state === 'running', 'the machine is there');
    await until(async () => (await client.run('media', 'insert', 'demo', ISO)).code === 0, 'the medium is in');
    shell = await GuestShell.boot(gateway, client);
  });
  after(async () => {
    await gateway?.stop();
    assertSane(gateway);
    await gateway?.destroy();
  });

  test('is exact', async (t) => {
    const lines = SHOWN.slice(0, 5).join('\r\n');
    const bytes = Buffer.from(`\x1b%G\x1b[2J\x1b[H${lines}\r\n\x1b[7mreversed\x1b[0m and \x1b[31mred\x1b[0m\r\n`).toString('base64');
    await shell.ok(`test -c /dev/tty1 || mknod /dev/tty1 c 4 1; echo ${bytes} | base64 -d >/dev/tty1`);
    const text = await until(async () => {
      const { code, out } = await client.run('--json', 'screen-text', 'demo');
      const now = code ? null : JSON.parse(out);
      return now?.lines[5] === SHOWN[5] ? now : null;
    }, 'the last line is there');
    t.diagnostic(`${text.font}, cells of ${text.cell.width}x${text.cell.height}`);
    assert.equal(text.exact, true, JSON.stringify(text.unknown));
    assert.equal(text.method, 'fonts');
    assert.deepEqual(text.lines.slice(0, 6), SHOWN);
    assert.ok(text.lines.slice(6).every((/** @type {string} */ line) => line === ''), text.lines.join('\n'));
  });
});
