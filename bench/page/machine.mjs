/* What the benches of the page work on: lightsoutd with one virtual machine that runs the test pattern kernel, its serial
 * port, and the console's page in a browser. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { button, launch, newPage, openConsole, setUp } from '../../tests/web/browser.mjs';
import { Gateway, build } from '../../tests/web/gateway.mjs';
import { until } from '../../tests/web/until.mjs';

export const TARGET = 'tpk';

/** CLOCK_MONOTONIC in ms; the gateway's times are of the same clock. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

/** The kernel's end of the wire: commands go in, answers come out, one character each. */
class Serial {
  #waiting = [];

  static async create(path) {
    const self = new Serial();
    self.socket = connect(path);
    self.socket.on('data', (data) => self.#received(data, now()));
    await new Promise((resolve, reject) => self.socket.once('connect', resolve).once('error', reject));
    return self;
  }

  #received(data, at) {
    for (const answer of data.toString('latin1')) {
      const first = this.#waiting[0];
      if (first?.answer === answer) this.#waiting.shift().resolve(at);
    }
  }

  /** When this answer came; ask before it can come. @param {string} answer @returns {Promise<number>} */
  answer(answer, limitMs = 30000) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The test pattern kernel did not answer ${answer}.`)), limitMs);
      this.#waiting.push({ answer, resolve: (/** @type {number} */ at) => resolve((clearTimeout(timer), at)) });
    });
  }

  /** @param {string} text */
  write(text) {
    this.socket.write(text);
  }
}

export class Machine {
  static async create() {
    const self = new Machine();
    try {
      await self.#start();
    } catch (error) {
      await self.destroy();
      throw error;
    }
    return self;
  }

  async #start() {
    this.gateway = await Gateway.create({});
    const disk = this.gateway.path('tpk.img');
    copyFileSync(join(build, 'bench/page/tpk.img'), disk);
    truncateSync(disk, 1 << 20);
    chmodSync(disk, 0o666);
    this.gateway.targets[TARGET] = {
      machine: 'qemu', accel: 'tcg', memory: 64, nic: 'none', drives: 0, lifetime: 'supervisor', disk: `${disk},format=raw`,
    };
    mkdirSync(this.gateway.path('images'));
    chmodSync(this.gateway.path('images'), 0o777); // the gateway's own user uploads into it
    await this.gateway.start();
    this.browser = await launch();
    this.page = await newPage(this.browser);
    await setUp(this.page, this.gateway);
    await this.#boot();
  }

  async #boot() {
    await openConsole(this.page, this.gateway, TARGET);
    this.serial = await Serial.create(this.gateway.path(`state/run/${TARGET}/serial0.sock`));
    const ready = this.serial.answer('R', 120000);
    await button(this.page, 'Power on').click();
    await ready;
    await this.mode(1024, 768);
  }

  /** A mode of the machine, filled with one colour, as soon as the page shows it. */
  async mode(width, height) {
    const done = this.serial.answer('M');
    this.serial.write(`m ${width.toString(16)} ${height.toString(16)}\n`);
    await done;
    const shows = async () => {
      const picture = await this.page.evaluate(() => document.querySelector('console-screen')?.hashPixels() ?? null);
      return picture?.width === width && picture.height === height && picture.exact;
    };
    await until(shows, `the page shows ${width} x ${height}`, 60000);
  }

  /** What the gateway counted; by the local socket, so that no browser is disturbed.
   *  @returns {Promise<any>} */
  statistics() {
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.gateway.path('state/run/control.sock'), path: '/api/v1/statistics', headers: { Host: 'localhost' } };
      const asked = request(options, (response) => {
        let text = '';
        response.on('data', (data) => (text += data));
        response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))));
      });
      asked.on('error', reject).end();
    });
  }

  async keys() {
    const { targets } = await this.statistics();
    return targets.find(({ name }) => name === TARGET).keys;
  }

  /** Resident memory of the gateway's process, MiB. */
  resident() {
    const status = readFileSync(`/proc/${this.gateway.pid('gateway')}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  async destroy() {
    this.serial?.socket.destroy();
    await this.browser?.close();
    await this.gateway?.destroy();
  }
}
