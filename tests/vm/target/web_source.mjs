/* A web server with one file, which does what a test says: answers, holds its answers back, or breaks them by a seed. */
import { createServer } from 'node:http';

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). @param {number} seed */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @typedef {{length: number, subarray: (from: number, end: number) => Buffer}} Bytes */

export class WebSource {
  /** @type {(() => void)[]} */ #held = [];
  #holding = false;
  /** @type {(() => number)|null} */ dice = null; // faults are thrown by it
  etag = '"first"';
  requests = 0;
  given = 0; // bytes
  /** @type {Record<string, number>} */ faults = {};

  /** bytes: of the file, or who makes them when they are asked for. @param {Bytes} bytes @param {string} [name] */
  static async create(bytes, name = 'source.img') {
    const self = new WebSource();
    self.bytes = bytes;
    self.server = createServer((request, answer) => self.#take(request, answer));
    await new Promise((resolve) => self.server?.listen(0, '127.0.0.1', () => resolve(0)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (self.server.address());
    self.url = `http://127.0.0.1:${port}/${name}`;
    return self;
  }

  /** From now on nobody gets an answer. */
  hold() {
    this.#holding = true;
  }

  /** How many wait for one. */
  get held() {
    return this.#held.length;
  }

  release() {
    this.#holding = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} answer */
  #take(request, answer) {
    this.requests++;
    answer.on('error', () => {});
    const go = () => this.#answer(request, answer);
    if (this.#holding) this.#held.push(go);
    else go();
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} answer */
  #answer(request, answer) {
    const bytes = /** @type {Bytes} */ (this.bytes);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const first = Number(range?.[1] ?? 0), last = range?.[2] ? Math.min(Number(range[2]), bytes.length - 1) : bytes.length - 1;
    const fresh = request.headers['if-range'] === undefined || request.headers['if-range'] === this.etag;
    answer.setHeader('Accept-Ranges', 'bytes').setHeader('ETag', this.etag);
    if (!range || !fresh) return answer.end(bytes.subarray(0, bytes.length));
    const body = bytes.subarray(first, last + 1);
    this.given += body.length;
    const head = { 'Content-Range': `bytes ${first}-${last}/${bytes.length}`, 'Content-Length': body.length };
    const fault = this.#fault();
    if (fault) this.faults[fault] = (this.faults[fault] ?? 0) + 1;
    switch (fault) {
      case 'refuses': return answer.writeHead(503).end('busy');
      case 'hangs up': return request.socket.destroy();
      case 'is slow': return setTimeout(() => answer.writeHead(206, head).end(body), 500);
      case 'breaks off':
        answer.writeHead(206, head).write(body.subarray(0, body.length >> 1));
        return setTimeout(() => request.socket.destroy(), 20);
      case 'sends less': return answer.writeHead(206, { ...head, 'Content-Length': body.length >> 1 }).end(body.subarray(0, body.length >> 1));
      case 'sends others': // bytes from elsewhere, and says so
        head['Content-Range'] = `bytes 0-${body.length - 1}/${bytes.length}`;
        return answer.writeHead(206, head).end(bytes.subarray(0, body.length));
      default: return answer.writeHead(206, head).end(body);
    }
  }

  #fault() {
    if (!this.dice || this.dice() < 0.5) return null;
    const all = ['refuses', 'hangs up', 'is slow', 'breaks off', 'sends less', 'sends others'];
    return all[Math.floor(this.dice() * all.length)];
  }

  destroy() {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
