/* A real lightsoutd for one test: its own configuration, state folder and port, all gone afterwards. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const build = resolve(process.env.LIGHTSOUT_BUILD ?? join(root, 'build/release'));

const HANG_MS = 120000;
export const CREDENTIALS = { user: 'anna', password: 'a lamp in the hall' };

/** @param {any} taker a server or a socket @param {() => void} take @returns {Promise<boolean>} */
const taken = (taker, take) =>
  new Promise((resolve) => {
    taker.once('listening', () => resolve(true)).once('error', () => resolve(false));
    take();
  });

/**
 * A port for a program that is started later, perhaps more than once. It is none of those that the kernel gives to
 * connections (from 32768 on), and until this process ends no other test is given it: its UDP side is the sign of that.
 * @param {string} address @returns {Promise<number>}
 */
export async function freePort(address = '127.0.0.1') {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 12768);
    const sign = createSocket(address.includes(':') ? 'udp6' : 'udp4').unref();
    const server = createServer();
    const mine = await taken(sign, () => sign.bind({ port, address, exclusive: true }));
    const free = mine && (await taken(server, () => server.listen(port, address)));
    if (free) await new Promise((resolve) => server.close(resolve));
    if (free) return port;
    sign.close();
  }
}

/** @param {number} pid */
const parentOf = (pid) => Number(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) \S /s, '').split(' ')[0]);

/** @param {number} pid */
const commandOf = (pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');

export class Gateway {
  /** @type {import('node:child_process').ChildProcess|null} */
  #child = null;
  #told = true; // all that it and its own have said is read
  log = ''; // of this run
  history = ''; // of all runs
  secret = '';

  /**
   * keys: more lines of [gateway]. user: number of the user and group it is started as (root may choose). program:
   * another executable than the build's. env: more environment.
   * @param {Record<string, Record<string, string|number>>} targets name -> keys of its section
   * @param {{names?: string, keys?: Record<string, string>, listen?: string[], user?: number, program?: string, env?: Record<string, string>}} [options]
   */
  static async create(targets, { names = 'localhost', keys = {}, listen = ['127.0.0.1'], user, program, env = {} } = {}) {
    const self = new Gateway();
    self.folder = mkdtempSync(join(tmpdir(), 'lightsout-web-'));
    chmodSync(self.folder, 0o755); // started as root it drops to a user who must get in
    self.port = await freePort(listen[0].replace(/[[\]]/g, ''));
    self.url = `https://localhost:${self.port}`;
    self.targets = targets;
    self.names = names;
    self.keys = keys;
    self.listen = listen;
    self.user = user;
    self.program = program ?? join(build, 'gateway/lightsoutd');
    self.env = env;
    if (user) chownSync(self.folder, user, user);
    return self;
  }

  /** @param {string} name a file or folder of this test */
  path(name) {
    return join(this.folder, name);
  }

  async start() {
    this.launch();
    await until(() => this.#ready(), 'lightsoutd announces its page', HANG_MS);
    this.secret = /set-up +(\S+)/.exec(this.log)?.[1] ?? '';
  }

  /** Starts it without waiting for anything. */
  launch() {
    assert.ok(existsSync(this.program), `${this.program} is not built`);
    writeFileSync(this.path('lightsout.conf'), this.#configuration());
    const args = ['--config', this.path('lightsout.conf'), '--state', this.path('state')];
    this.log = '';
    const env = { ...process.env, ...this.env };
    this.#child = spawn(this.program, args, { stdio: ['ignore', 'pipe', 'pipe'], env, uid: this.user, gid: this.user });
    this.#told = false;
    const child = this.#child;
    child.on('close', () => child === this.#child && (this.#told = true));
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (data) => {
        this.log += data;
        this.history += data;
      });
  }

  /** Pid of the supervisor; 0: none. */
  get supervisor() {
    return this.#ended() ? 0 : (this.#child?.pid ?? 0);
  }

  /** Waits for its own end; then its log is whole. @returns {Promise<number|null>} the exit code; null: ended by a signal */
  async ended() {
    await until(() => this.#ended() && this.#told, 'lightsoutd ends', HANG_MS);
    return this.#child?.exitCode ?? null;
  }

  #ended() {
    return !this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #ready() {
    if (this.#child?.exitCode !== null) throw new Error(`lightsoutd ended with ${this.#child?.exitCode}:\n${this.log}`);
    return /page +https:/.test(this.log);
  }

  #configuration() {
    const lines = ['[gateway]', `listen = ${this.listen.map((host) => `${host}:${this.port}`).join(' ')}`, `public-names = ${this.names}`];
    for (const [key, value] of Object.entries(this.keys)) lines.push(`${key} = ${value}`);
    if (existsSync(this.path('images'))) lines.push(`library = ${this.path('images')}`);
    for (const [name, keys] of Object.entries(this.targets)) {
      lines.push('', `[target ${name}]`);
      for (const [key, value] of Object.entries(keys)) lines.push(`${key} = ${value}`);
    }
    return lines.join('\n') + '\n';
  }

  /** Pid of the process of ours in this role. @param {string} role */
  pid(role) {
    return this.child(`--role=${role}`);
  }

  /** Pid of the supervisor's child that has this argument; 0: none. @param {string} argument */
  child(argument) {
    const mine = (/** @type {string} */ name) => {
      try {
        return parentOf(Number(name)) === this.#child?.pid && commandOf(Number(name)).includes(argument);
      } catch {
        return false; // it ended while we looked
      }
    };
    return Number(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find(mine) ?? 0);
  }

  /** @param {string} role @param {NodeJS.Signals} signal */
  async kill(role, signal = 'SIGKILL') {
    const pid = await until(() => this.pid(role), `there is a process in role ${role}`);
    process.kill(pid, signal);
    return pid;
  }

  /** Writes its configuration anew and has it read. */
  reload() {
    writeFileSync(this.path('lightsout.conf'), this.#configuration());
    this.#child?.kill('SIGHUP');
  }

  /** @param {NodeJS.Signals} signal */
  async stop(signal = 'SIGTERM') {
    if (!this.#ended()) {
      this.#child?.kill(signal);
      await this.ended();
    }
    this.#child = null;
  }

  /** Machines outlive their supervisor, which is what `lifetime = vm` means; none outlives its test. */
  #endMachines() {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (command.startsWith('qemu-system') && command.includes(`${this.folder}/`)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        continue; // it has ended meanwhile
      }
    }
  }

  async destroy() {
    try {
      await this.stop();
    } finally {
      this.#child?.kill('SIGKILL');
      this.#endMachines();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

export { build, root };
