/* A virtual machine with Debian's stock kernel that does what a test tells it. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, root } from '../../web/gateway.mjs';
import { until } from '../../web/until.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const images = join(build, 'tests/vm/images');
export const HANG_MS = 120000;
const BOOT_MS = 90000;

/** A system program by its usual places. @param {string} name */
export function program(name) {
  const path = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].map((folder) => join(folder, name)).find(existsSync);
  assert.ok(path, `${name} is not installed; packaging/install-packages test has it`);
  return path;
}

export class Guest {
  /** @type {import('node:child_process').ChildProcess|null} */ #child = null;
  /** @type {string[]} */ #arch;
  #commands = 0;
  #errors = '';

  /**
   * The image is made once and kept. modules: what load() can load. files: what build-image takes. arch: when it is not
   * this machine's.
   * @param {string} name of the image @param {{modules: string[], files?: string[], arch?: string}} parts
   */
  constructor(name, { modules, files = [], arch }) {
    mkdirSync(images, { recursive: true });
    this.name = name;
    this.#arch = arch ? ['--arch', arch] : [];
    this.image = join(images, `${name}.cpio`);
    const sysroot = arch ? ['--sysroot', join(root, 'build/sysroot', arch)] : [];
    const args = [...this.#arch, ...sysroot, '--modules', modules.join(' '), this.image, join(here, 'run-commands'), ...files];
    execFileSync(join(here, 'build-image'), args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 600000 });
    this.share = mkdtempSync(join(tmpdir(), `lightsout-${name}-`));
    mkdirSync(join(this.share, 'do'));
  }

  /** A file that both sides see; /share there. @param {string} name */
  path(name) {
    return join(this.share, name);
  }

  /** @param {string} name @returns {string} what is in it by now */
  read(name) {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'latin1') : '';
  }

  /**
   * forward: port here -> port there, which makes a network. seconds: its whole life. qemu: more of QEMU's arguments.
   * A kernel that stands still in its start (an emulated one did once, for two minutes) is told of, and started anew.
   * @param {{memory?: number, cpus?: number, append?: string, forward?: Record<number, number>, seconds?: number,
   * qemu?: string[]}} [options]
   */
  async boot({ memory = 512, cpus = 2, append = '', forward = {}, seconds = 600, qemu = [] } = {}) {
    const ports = Object.entries(forward).flatMap(([from, to]) => ['--forward', `${from}:${to}`]);
    const args = [...this.#arch, '--memory', `${memory}`, '--cpus', `${cpus}`, '--timeout', `${seconds}`, '--append', append];
    for (let tries = 1; ; tries++) {
      const child = spawn(join(here, 'run-guest'), [...args, ...ports, this.image, this.share, '--', ...qemu], { stdio: ['ignore', 'inherit', 'pipe'], detached: true });
      child.stderr?.on('data', (data) => (this.#errors += data));
      this.#child = child;
      const up = until(() => this.#alive() && existsSync(this.path('ready')), `the guest ${this.name} is up`, BOOT_MS);
      const error = await up.then(() => null, (/** @type {Error} */ reason) => reason);
      if (!error) return;
      if (child.exitCode !== null || tries === 3) throw new Error(`${error.message}\n${this.read('console.log').slice(-3000)}`);
      console.log(`# ${error.message} It is started anew. Its console:\n${this.read('console.log').slice(-3000).replace(/^/gm, '# ')}`);
      const ended = once(child, 'exit');
      this.#kill();
      await ended;
    }
  }

  #alive() {
    if (this.#child?.exitCode !== null) throw new Error(`The guest ${this.name} has ended.\n${this.#errors}${this.read('console.log')}`);
    return true;
  }

  /** Starts a shell script in the guest. @param {string} script @returns {string} its name */
  start(script) {
    const name = `${this.#commands++}`;
    writeFileSync(this.path(`do/${name}.new`), script);
    renameSync(this.path(`do/${name}.new`), this.path(`do/${name}.sh`));
    return name;
  }

  /** What it has said by now, and its exit code; null: it runs. @param {string} name */
  result(name) {
    const code = this.read(`do/${name}.rc`);
    return { code: code === '' ? null : Number(code), out: this.read(`do/${name}.out`) };
  }

  /** Runs a script to its end. @param {string} script @param {number} [limit] */
  async run(script, limit = HANG_MS) {
    const name = this.start(script);
    await until(() => this.#alive() && this.result(name).code !== null, `the guest has run: ${script}`, limit);
    return this.result(name);
  }

  /** The same, and it must work. @param {string} script @param {number} [limit] @returns {Promise<string>} */
  async ok(script, limit) {
    const { code, out } = await this.run(script, limit);
    assert.equal(code, 0, `${script}\n${out}`);
    return out.trim();
  }

  /** Loads modules in this order, each with its parameters. @param {string[]} modules */
  load(...modules) {
    return this.ok(['set -e', ...modules.map((module) => `load-module ${module}`)].join('\n'));
  }

  /** Ends it in good order. What its kernel complained of is an error. */
  async end() {
    writeFileSync(this.path('do/end'), '');
    await until(() => this.#child?.exitCode !== null, `the guest ${this.name} ends`, HANG_MS);
    assert.equal(this.#child?.exitCode, 0, this.#errors);
    assert.equal(this.read('kernel.log'), '');
  }

  #kill() {
    if (this.#child?.pid && this.#child.exitCode === null) process.kill(-this.#child.pid, 'SIGKILL');
  }

  destroy() {
    this.#kill();
    rmSync(this.share, { recursive: true, force: true });
  }
}
