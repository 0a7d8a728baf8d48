/* A shell in the machine, over its first serial port: what the guest itself reads and writes. The installer ISO has it as
 * its third menu entry. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { until } from '../../web/until.mjs';

const HANG_MS = 300000;
export const CHUNK = 65536;

export class GuestShell {
  #text = '';
  #runs = 0;
  /** @type {Promise<unknown>} */ #last = Promise.resolve();

  /** The shell that is about to start, or runs. @param {import('./client.mjs').Gateway} gateway @param {string} target */
  static async open(gateway, target = 'demo') {
    const self = new GuestShell();
    const socket = (self.socket = connect(gateway.path(`state/run/${target}/serial0.sock`)));
    socket.on('error', () => {});
    socket.on('data', (data) => (self.#text += data.toString('latin1')));
    await new Promise((resolve, reject) => socket.once('connect', () => resolve(0)).once('error', reject));
    await until(() => {
      socket.write('\n');
      return new Promise((resolve) => setTimeout(() => resolve(/\/ # (\x1b\[6n)?$/.test(self.#text)), 500));
    }, 'the shell has its prompt', HANG_MS);
    socket.write('dmesg -n 1; stty -echo; sh 2>&1 | cat\n'); // a shell that neither prompts nor echoes
    await self.ok('true');
    return self;
  }

  /** The machine, which is off, boots the ISO. @param {import('./client.mjs').Gateway} gateway @param {any} client */
  static async boot(gateway, client, target = 'demo') {
    await client.ok('power', 'on', target);
    await client.ok('wait-text', target, 'Install Tiny OS', '--timeout', '240');
    for (const key of ['down', 'down', 'enter']) await client.ok('key', target, key);
    return GuestShell.open(gateway, target);
  }

  /** One command after the other. @param {string} command @returns {Promise<{code: number, out: string}>} */
  run(command) {
    const mark = `@${++this.#runs}@`;
    const asked = this.#last.then(async () => {
      this.#text = '';
      this.socket?.write(`{ ${command}\n}; echo "${mark.slice(0, -1)}""@ $?"\n`);
      const end = await until(() => this.#answer(mark), `the guest ends: ${command}`, HANG_MS);
      return { code: Number(end[1]), out: this.#text.slice(0, end.index).replaceAll('\r', '').trimEnd() };
    });
    this.#last = asked.catch(() => {});
    return asked;
  }

  /** @param {string} mark */
  #answer(mark) {
    if (this.socket?.destroyed) throw new Error('the shell is closed');
    return new RegExp(`${mark} (\\d+)\\r?\\n`).exec(this.#text);
  }

  /** It must work; what it printed. @param {string} command */
  async ok(command) {
    const { code, out } = await this.run(command);
    assert.equal(code, 0, `${command}: ${out}`);
    return out;
  }

  /** The block device of this size, as soon as the guest has it. @param {number} size @returns {Promise<string>} */
  async device(size) {
    const look = `for d in /sys/block/s*; do [ "$(cat $d/size)" != ${size / 512} ] || echo /dev/\${d##*/}; done`;
    let found = '';
    await until(async () => /^\/dev\/\w+$/.test((found = await this.ok(look))), `the guest has a device of ${size} bytes`, HANG_MS);
    return found;
  }

  /** SHA-256 of all of it, read anew. @param {string} device @returns {Promise<string>} */
  async sum(device) {
    await this.forget();
    return (await this.ok(`sha256sum <${device}`)).split(' ')[0];
  }

  /** What it has in memory of any medium. */
  forget() {
    return this.ok('sync; echo 3 >/proc/sys/vm/drop_caches');
  }

  /**
   * Reads chunk by chunk, anew; each one's MD5, or '' where the read was an error.
   * @param {string} device @param {number} first @param {number} n @returns {Promise<string[]>}
   */
  async chunks(device, first, n) {
    await this.forget();
    const one = `dd if=${device} of=/tmp/chunk bs=${CHUNK} skip=$i count=1 2>/dev/null && md5sum </tmp/chunk || echo error`;
    const out = await this.ok(`i=${first}; while [ $i -lt ${first + n} ]; do ${one}; i=$((i+1)); done`);
    const lines = out.split('\n').map((line) => (line === 'error' ? '' : line.split(' ')[0]));
    assert.equal(lines.length, n, out);
    return lines;
  }

  /** What its kernel says of media that could not be read or written. */
  async complaints() {
    const { out } = await this.run('dmesg | grep -iE "I/O error|medium error|reset .*USB device|offline device|timed out"');
    return out;
  }

  close() {
    this.socket?.destroy();
  }
}
