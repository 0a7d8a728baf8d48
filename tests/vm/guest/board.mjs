/* The computer that a dongle is: a guest with the built lightsoutd in it, met from outside through its port alone, like a
 * Gateway of tests/web. Its capture device is vivid, its USB cable ends in the same kernel (dummy_hcd) or outside
 * (usbip-vudc). */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, freePort } from '../../web/gateway.mjs';
import { until } from '../../web/until.mjs';
import { Guest, HANG_MS, program } from './guest.mjs';

const DEVICE_SIDE = ['libcomposite', 'usb_f_hid', 'usb_f_mass_storage', 'usb_f_fs', 'nbd'];
const HOST_SIDE = ['usbhid', 'hid_generic', 'evdev', 'usb_storage', 'sd_mod', 'sr_mod', 'sg', 'isofs', 'udf'];
const CAPTURE = 'vivid n_devs=1 num_inputs=1 input_types=3 node_types=1 multiplanar=1';
export const TARGET = { machine: 'dongle', capture: '/dev/video0', personality: 'full' };

const sanitized = () => readFileSync(join(build, 'gateway/lightsoutd')).includes('libasan.so');

export class Board extends Guest {
  secret = '';

  /**
   * arch: when the build is another architecture's; then there are no tools beside the product. more: what only this
   * board has, which gets an image of its own.
   * @param {string} [arch] @param {{name?: string, modules?: string[], files?: string[]}} [more]
   */
  constructor(arch, { name = 'board', modules = [], files = [] } = {}) {
    const tools = arch ? [] : ['v4l2-ctl', 'usbipd', 'sg_start', 'sg_prevent', 'eject'].map(program);
    super(name, {
      arch,
      modules: [...DEVICE_SIDE, ...HOST_SIDE, 'dummy_hcd', 'usbip_vudc', 'vivid', ...modules],
      files: [...tools, ...files, join(build, 'gateway/lightsoutd'), join(build, 'gateway/lightsout'), ...['evdev-log', 'hid-write'].map((name) => join(build, 'tests/vm/guest', name))],
    });
  }

  get log() {
    return this.read('lightsoutd.log');
  }

  /**
   * udc: 'dummy' has its host in this guest, 'usbip' is exported at `usbPort`. keys: of the target's section; '' takes one
   * away. capture: vivid, or with other parameters than usual, or none. more: lines of the configuration after those.
   * seconds: its whole life.
   * @param {{udc?: 'dummy'|'usbip', keys?: Record<string, string|number>, append?: string, capture?: boolean|string,
   * more?: string[], qemu?: string[], seconds?: number}} [options]
   */
  async bootBoard({ udc = 'dummy', keys = {}, append = '', capture = true, more = [], qemu = [], seconds } = {}) {
    this.port = await freePort();
    this.usbPort = await freePort();
    this.url = `https://localhost:${this.port}`;
    const all = Object.entries({ ...TARGET, ...keys }).filter(([, value]) => value !== '');
    const target = all.map(([key, value]) => `${key} = ${value}`);
    const gateway = [`listen = 0.0.0.0:${this.port}`, 'public-names = localhost', 'library = /images'];
    writeFileSync(this.path('lightsout.conf'), ['[gateway]', ...gateway, '', '[target pc]', ...target, '', ...more, ''].join('\n'));
    const memory = sanitized() ? 2048 : 768;
    await this.boot({ memory, append, qemu, seconds, forward: { [this.port]: this.port, [this.usbPort]: 3240 } });
    const cable = udc === 'dummy' ? [...HOST_SIDE, 'dummy_hcd'] : ['usbip_vudc'];
    await this.load(...(capture ? [capture === true ? CAPTURE : capture] : []), ...DEVICE_SIDE, ...cable);
    await this.ok('mkdir -p /images /etc/lightsout; cp /share/lightsout.conf /etc/lightsout/; chmod 644 /etc/lightsout/lightsout.conf');
    if (udc === 'dummy') this.start('exec evdev-log >/share/evdev.log 2>&1'.replace('evdev-log', '/guest/evdev-log'));
    else this.start('exec usbipd -e');
  }

  /** An image for the library of the gateway. @param {string} file @param {string} name */
  async addImage(file, name) {
    copyFileSync(file, this.path(name));
    await this.ok(`cp /share/${name} /images/ && chmod 644 /images/${name} && rm /share/${name}`);
  }

  /** Starts lightsoutd and waits until its page can be had. @param {string} [environment] @param {string} [state] */
  async launch(environment = '', state = '/var/lib/lightsout') {
    const arguments_ = `--config /etc/lightsout/lightsout.conf --state ${state}`;
    writeFileSync(this.path('lightsoutd.log'), '');
    const name = this.start(`echo $$ >/run/lightsoutd.pid; exec env ${environment} /guest/lightsoutd ${arguments_} >>/share/lightsoutd.log 2>&1`);
    await until(() => {
      if (this.result(name).code !== null) throw new Error(`lightsoutd ended with ${this.result(name).code}:\n${this.log}`);
      return /page +https:/.test(this.log);
    }, 'lightsoutd announces its page', HANG_MS);
    this.secret = /set-up +(\S+)/.exec(this.log)?.[1] ?? '';
  }

  /** Kills the process of that role. @param {string} role @param {string} [signal] */
  kill(role, signal = 'KILL') {
    return this.ok(`kill -${signal} ${this.#pid(role)}`);
  }

  /** Its number, when there is one. @param {string} role @returns {Promise<string>} */
  async pid(role) {
    return (await this.ok(`echo ${this.#pid(role)}`)).trim();
  }

  /** @param {string} role */
  #pid(role) {
    return `$(ps | sed -n 's/^ *\\([0-9]*\\) .*lightsoutd [-]-role=${role}.*/\\1/p')`;
  }

  /** What the host's input devices have said, a line each. */
  get evdev() {
    return this.read('evdev.log');
  }

  /** Keys that went down, of the log from there on: when, in seconds, and Linux's code. @param {number} from */
  presses(from) {
    return [...this.evdev.slice(from).matchAll(/^([\d.]+) .* 1 (\d+) 1$/gm)].map(([, at, code]) => ({ at: Number(at), code: Number(code) }));
  }
}
