/* A virtual machine whose boot sector (keys_boot.S) shows its own keyboard on its own screen. */
import { execFileSync } from 'node:child_process';
import { chmodSync, truncateSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canvasHash, coloursAt } from './browser.mjs';

/** The keys of its section; its disk lies in the gateway's folder, keys.img. @param {import('./gateway.mjs').Gateway} gateway */
export function keysMachine(gateway) {
  const [source, object, disk] = [fileURLToPath(new URL('keys_boot.S', import.meta.url)), gateway.path('keys.o'), gateway.path('keys.img')];
  execFileSync('as', ['--32', '-o', object, source]);
  execFileSync('ld', ['-m', 'elf_i386', '--oformat', 'binary', '-Ttext', '0x7c00', '-o', disk, object]);
  truncateSync(disk, 1 << 20);
  chmodSync(disk, 0o666);
  return { machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', drives: 2, lifetime: 'supervisor', disk: `${disk},format=raw` };
}

/** One byte of what it shows: 0 the modifiers, 2 the newest scan code; null while it is not there. @param {any} page @param {number} line */
export async function shownByte(page, line) {
  const hash = await canvasHash(page);
  if (hash?.width !== 720 || hash.height !== 400) return null;
  const points = Array.from({ length: 8 }, (_, i) => [90 * i + 45, 16 * line + 8]);
  const colours = await coloursAt(page, /** @type {[number, number][]} */ (points));
  // The VGA's palette has six bits a colour; machines differ in how they make eight of them.
  if (!colours.every((colour) => /^(f.f.f.|0000a.)$/.test(colour))) return null;
  return parseInt(colours.map((colour) => (colour[0] === 'f' ? '1' : '0')).join(''), 2);
}
