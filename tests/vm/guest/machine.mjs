/* A bare machine with real firmware, into which a gadget of a guest is plugged; what it boots speaks on its serial port. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../../web/gateway.mjs';
import { until } from '../../web/until.mjs';
import { HANG_MS } from './guest.mjs';

const OVMF = '/usr/share/OVMF';

/** One command of QEMU's monitor. @param {string} path @param {string} command @returns {Promise<void>} */
function qmp(path, command) {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    const wanted = 3; // the greeting and two answers
    socket.on('error', reject);
    socket.on('data', (data) => {
      text += data;
      if (text.split('\n').filter((line) => /"QMP"|"return"|"error"/.test(line)).length < wanted) return;
      socket.end();
      if (/"error"/.test(text)) reject(new Error(text));
      else resolve();
    });
    socket.write(`{"execute": "qmp_capabilities"}\n{"execute": "${command}"}\n`);
  });
}

export class Machine {
  /** @type {import('node:child_process').ChildProcess[]} */ #children = [];
  #said = '';

  /** disk: an image that it has inside. @param {'seabios'|'ovmf'} firmware @param {{disk?: string}} [parts] */
  constructor(firmware, { disk } = {}) {
    this.firmware = firmware;
    this.disk = disk;
    this.folder = mkdtempSync(join(tmpdir(), 'lightsout-machine-'));
  }

  /** @param {string} name */
  path(name) {
    return join(this.folder, name);
  }

  /** All that was said on the serial port. */
  get serial() {
    return existsSync(this.path('serial')) ? readFileSync(this.path('serial'), 'latin1').replaceAll('\r', '') : '';
  }

  /** What SeaBIOS notes about itself. */
  get notes() {
    return existsSync(this.path('notes')) ? readFileSync(this.path('notes'), 'latin1') : '';
  }

  /** What the bridge says. */
  get cable() {
    return this.#said;
  }

  /** @param {string} file @param {string[]} args */
  #spawn(file, args) {
    const child = spawn('timeout', ['600', file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (this.#said += data));
    this.#children.push(child);
  }

  /** Switches it on. With usbPort, the gadget behind that USB/IP server is plugged in: then its firmware starts again with
   * the device there from the beginning. @param {number} [usbPort] */
  async start(usbPort) {
    const drives = this.disk ? ['-drive', `if=none,id=disk,format=raw,snapshot=on,file=${this.disk}`, '-device', 'ide-hd,drive=disk'] : [];
    if (this.firmware === 'ovmf') {
      copyFileSync(join(OVMF, 'OVMF_VARS_4M.fd'), this.path('vars'));
      drives.push('-drive', `if=pflash,format=raw,readonly=on,file=${join(OVMF, 'OVMF_CODE_4M.fd')}`);
      drives.push('-drive', `if=pflash,format=raw,file=${this.path('vars')}`);
    }
    this.#spawn('qemu-system-x86_64', [
      '-nodefaults', '-no-user-config', '-machine', 'q35,accel=tcg', '-cpu', 'max', '-m', '256', '-display', 'none', ...drives,
      '-serial', `file:${this.path('serial')}`,
      '-chardev', `file,id=notes,path=${this.path('notes')}`, '-device', 'isa-debugcon,iobase=0x402,chardev=notes',
      '-qmp', `unix:${this.path('qmp')},server=on,wait=off`, '-device', 'qemu-xhci,id=usb',
      '-chardev', `socket,id=cable,path=${this.path('cable')},server=on,wait=off`, '-device', 'usb-redir,chardev=cable,bus=usb.0',
    ]);
    await until(() => existsSync(this.path('cable')), 'the machine has a socket for the cable');
    if (!usbPort) return;
    this.plug(usbPort);
    await until(() => /is plugged in/.test(this.cable), 'the gadget is plugged into the machine', HANG_MS);
    // SeaBIOS does not survive a reset in its first moments, when it moves itself.
    if (this.firmware === 'seabios') await until(() => /Scan for option roms/.test(this.notes), 'SeaBIOS is on its way', HANG_MS);
    await this.reset();
  }

  /** @param {number} usbPort */
  plug(usbPort) {
    this.#spawn(join(build, 'tests/vm/bridge/usb-bridge'), [`${usbPort}`, 'usbip-vudc.0', this.path('cable')]);
  }

  /** The reset button. */
  reset() {
    return qmp(this.path('qmp'), 'system_reset');
  }

  /** Waits until the serial port has said this, after `from` characters. @param {RegExp} pattern @param {number} [from] */
  async says(pattern, from = 0, limit = HANG_MS) {
    const found = await until(() => pattern.exec(this.serial.slice(from)), `the machine says ${pattern}`, limit).catch((error) => {
      throw new Error(`${error.message}\nIt said: ${this.serial.slice(-2000)}\nThe cable: ${this.cable.slice(-2000)}\n${this.notes.slice(-3000)}`);
    });
    assert.ok(found);
    return found;
  }

  destroy() {
    for (const child of this.#children) if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
