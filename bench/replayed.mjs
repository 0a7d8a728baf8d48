/* A gateway whose one target plays the desktop recording of a corpus, its changed frames alone at 30 a second, over and over;
 * and viewers of it that note when updates arrive. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CREDENTIALS, Gateway } from '../tests/web/gateway.mjs';
import { Rest } from '../tests/vm/target/client.mjs';
import { TYPE, Viewer } from '../tests/vm/target/console.mjs';

const TARGET = 'recording';
const UPDATE = 0x83;
const TIMED = 2;
const DECODES = 0b1111; // all that a page may say it can decode; nothing is decoded here

/** The desktop recording of the folder, or else its first. @param {string} corpus */
export function recordingOf(corpus) {
  const list = join(corpus, 'corpus.tsv');
  if (!existsSync(list)) return 'generated';
  const names = readFileSync(list, 'utf8').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(/\s/)[0]);
  return names.find((name) => /^d\d/.test(name)) ?? names[0];
}

/** What bench-latency prints for this recording. */
export function benchLatency(build, corpus, ...options) {
  const recording = recordingOf(corpus);
  const names = recording === 'generated' ? [] : [recording];
  const args = [...options, '--corpus', corpus, ...names];
  return execFileSync(join(build, 'bench/bench-latency'), args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
}

/** A page that was never here before. @param {string} ticket */
const hello = (ticket) =>
  Buffer.concat([Buffer.from([1, 1, 0, DECODES, 0]), Buffer.from(ticket, 'latin1'), randomBytes(16), Buffer.alloc(8)]);

export class Replayed {
  #viewers = [];

  static async create(build, corpus) {
    const self = new Replayed();
    self.gateway = await Gateway.create({ [TARGET]: { machine: 'replay', recording: '/nowhere' } });
    const path = self.gateway.path('recording.raw');
    self.gateway.targets[TARGET].recording = path;
    try {
      benchLatency(build, corpus, '--replay', path);
      await self.gateway.start();
      self.rest = new Rest(self.gateway);
      await self.rest.setUp();
      await self.rest.logIn(CREDENTIALS.user, CREDENTIALS.password);
    } catch (error) {
      await self.destroy();
      throw error;
    }
    return self;
  }

  /** A viewer's updates as they come, {now, captured} in microseconds of CLOCK_MONOTONIC, captured modulo 2^32; only who
   *  watches is told when. @param {boolean} [watches] */
  async view(watches = false) {
    const viewer = await Viewer.connect(this.rest, TARGET);
    this.#viewers.push(viewer);
    viewer.send(hello(await Viewer.ticket(this.rest, TARGET)));
    if (watches) viewer.send(Buffer.from([0x0b, 1, 0, 0]));
    await viewer.message(TYPE.WELCOME);
    const seen = [];
    viewer.messages.push = (message) => {
      const now = Number(process.hrtime.bigint() / 1000n);
      if (message[0] === UPDATE && message[1] & TIMED) seen.push({ now, captured: message.readUInt32LE(4) });
      return 0;
    };
    return seen;
  }

  async statistics() {
    return (await this.rest.call('GET', '/statistics')).body;
  }

  async destroy() {
    for (const viewer of this.#viewers) viewer.destroy();
    await this.gateway.destroy();
  }
}
