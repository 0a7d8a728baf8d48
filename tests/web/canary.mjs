/* Looking for planted secrets where nobody should find them: in what processes are started with, in files, in memory. */
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = 4 << 20;

/** The forms in which a secret may lie about. @param {string} secret @returns {Buffer[]} */
export function forms(secret) {
  const plain = Buffer.from(secret);
  const more = [plain.toString('base64').replace(/=+$/, ''), plain.toString('hex'), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  return [plain, Buffer.from(secret, 'utf16le'), ...more.map((text) => Buffer.from(text))].filter((form) => form.length >= 8);
}

/** Names of the secrets that are among these bytes. @param {Buffer} bytes @param {Record<string, string>} secrets */
export function found(bytes, secrets) {
  return Object.entries(secrets).filter(([, secret]) => forms(secret).some((form) => bytes.includes(form))).map(([name]) => name);
}

/** The supervisor and all that came of it. @param {number} pid @returns {number[]} */
export function family(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(family)];
}

/** @param {string} folder @returns {string[]} */
export function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : entry.isFile() ? [path] : [];
  });
}

/** A process's writable memory, piece by piece, as a debugger of root's would dump it. @param {number} pid @param {(bytes: Buffer) => void} look */
export function memory(pid, look) {
  const fd = openSync(`/proc/${pid}/mem`, 'r');
  let size = 0;
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
      const [, from, until] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (!from) continue;
      for (let at = Number(`0x${from}`); at < Number(`0x${until}`); at += CHUNK) {
        const room = Buffer.alloc(Math.min(CHUNK + 256, Number(`0x${until}`) - at));
        try {
          const n = readSync(fd, room, 0, room.length, at);
          look(room.subarray(0, n));
          size += n;
        } catch {
          // a mapping that is only reserved, or gone
        }
      }
    }
  } finally {
    closeSync(fd);
  }
  return size;
}

/** Whether this process may read another's memory. */
export const isRoot = () => process.geteuid?.() === 0 && statSync('/proc/1').uid === 0;
