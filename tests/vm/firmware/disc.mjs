/* The discs that machines boot here, and what they say when they do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.BOOT_DISC ?? '';
export const BOOT_ISO = join(folder, 'boot.iso');
export const BIOS_DISK = join(folder, 'disk.img');
export const UEFI_DISK = join(folder, 'esp.img');
export const BY_BIOS = /BOOTED BY BIOS\n/;
export const BY_UEFI = /BOOTED BY UEFI\n/;
const BLOCK = 2048;

/** @param {Buffer} bytes */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** What the UEFI program says of a disc that it could read to the end. @param {Buffer} [bytes] */
export function uefiDisc(bytes = readFileSync(BOOT_ISO)) {
  const hex = (/** @type {number} */ n) => n.toString(16).padStart(8, '0');
  return `DISC ${hex(bytes.length / BLOCK)} LAST ${hex(crc32(bytes.subarray(-BLOCK)))}\n`;
}
