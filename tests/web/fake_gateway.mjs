/* A gateway that says what a test wants: the real page and the real decoder, an API that knows one user and one target,
 * and a console whose messages the test writes itself. Plain HTTP: browsers trust it on localhost. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { mode, update } from './bodies.mjs';
import { build, root } from './gateway.mjs';
import { until } from './until.mjs';
import { acceptSocket } from './websocket.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.json': 'application/json' };
const POLICY = /"Content-Security-Policy: (.*?)\\r\\n"/s;

/** The policy that the real gateway sends. */
function policy() {
  const source = readFileSync(join(root, 'transport/site_files.c'), 'utf8').replace(/"\s*\n\s*"/g, '');
  return POLICY.exec(source)[1];
}

const TARGET = {
  name: 'pc', machine: 'fake', power: 'on', signal: { name: 'ok', why: '' }, mode: null, viewers: 1, seat: { holder: null },
  drives: [], leds: { num: false, caps: false, scroll: false },
};
export const SESSION = {
  user: 'anna', role: 'Custom', rights: ['view', 'input'], grants: [{ target: '*', rights: ['view', 'input'] }], kind: 'browser', expires: null,
};
/** Somebody who may do this on all targets and on the gateway. @param {string[]} rights */
export const sessionWith = (rights) => ({ ...SESSION, rights, grants: ['', '*'].map((target) => ({ target, rights })) });
const ANSWERS = {
  'GET /api/v1/version': { name: 'lightsout', version: '0', needs_setup: false },
  'GET /api/v1/session': SESSION,
  'GET /api/v1/system': { clock: { synchronised: true, time: 0 } },
  'GET /api/v1/targets': { targets: [TARGET] },
  'GET /api/v1/targets/pc': TARGET,
  'GET /api/v1/targets/pc/power': { state: 'on', boot_next: 'default' },
  'POST /api/v1/targets/pc/ticket': { ticket: '0123456789abcdef0123456789abcdef' },
};

/** One connection of a page: what it has said, and what is said to it. */
export class FakeConsole {
  #sequence = 0;
  hello = null;
  acks = [];
  refreshes = 0;
  watching = false;
  open = true;
  /** What it wanted of the seat: "request", "grant 3" ... */
  seatActs = [];

  constructor(socket, number) {
    this.socket = socket;
    this.number = number;
    socket.onclose = () => (this.open = false);
    socket.onmessage = (message) => this.#received(message);
  }

  /** @param {Buffer} message */
  #received(message) {
    const type = message[0];
    if (type === 0x01) this.#greet(message);
    if (type === 0x02) this.acks.push(message.readUInt32LE(4));
    if (type === 0x08) this.socket.send(Buffer.from([0x88, 0, 0, 0, ...message.subarray(4, 8)]));
    if (type === 0x0a) this.refreshes++;
    if (type === 0x0b) this.watching = message[1] === 1;
    if (type === 0x07) this.seatActs.push(['release', 'request', 'take', 'share', 'exclusive'][message[1]]);
    if (type === 0x0c) this.seatActs.push(`${message[1] ? 'grant' : 'refuse'} ${message.readUInt32LE(4)}`);
  }

  #greet(message) {
    this.hello = {
      capabilities: message[3], page: message.subarray(37, 53).toString('hex'),
      lastViewer: message.readUInt32LE(53), lastSequence: message.readUInt32LE(57),
    };
    this.socket.send(Buffer.from([0x81, 1, 0, 0, this.number, 0, 0, 0]));
  }

  /** @param {number} width @param {number} height @param {number} [colour] */
  mode(width, height, colour) {
    this.socket.send(mode(width, height, colour));
  }

  /** @param {Buffer} body @param {any} [more] @returns {number} its sequence number */
  update(body, more) {
    this.socket.send(update(body, more));
    return ++this.#sequence;
  }

  /** @param {{roundTrip: number, text?: number, photo?: number, video?: number, settle?: number}} figures us, bytes so far */
  stats({ roundTrip, text = 0, photo = 0, video = 0, settle = 0 }) {
    const message = Buffer.alloc(40);
    message[0] = 0x89;
    message.writeUInt32LE(roundTrip, 4);
    [text, photo, video, settle].forEach((bytes, i) => message.writeUInt32LE(bytes, 24 + 4 * i));
    this.socket.send(message);
  }

  /** @param {number} signal as docs/console-protocol.md numbers them @param {string} why */
  noPicture(signal, why) {
    const text = Buffer.from(why);
    this.socket.send(Buffer.concat([Buffer.from([0x84, signal, text.length & 255, text.length >> 8]), text]));
  }

  /** How the seat stands: flags that are set, and the rest as docs/console-protocol.md names it. */
  seats({ flags = [], viewers = 1, holder = 0, idleSeconds = 0, idleLimit = 600, name = '', askers = [] }) {
    const FLAGS = ['mine', 'shared', 'free', 'asking', 'mayType', 'mayTake', 'idle'];
    const head = Buffer.alloc(17);
    head[0] = 0x8d;
    head[1] = flags.reduce((bits, flag) => bits | (1 << FLAGS.indexOf(flag)), 0);
    head.writeUInt16LE(viewers, 2);
    [holder, idleSeconds, idleLimit].forEach((value, i) => head.writeUInt32LE(value, 4 + 4 * i));
    head[16] = askers.length;
    const named = (/** @type {string} */ text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
    const lines = askers.map(({ number, waiting = 0, mine = false, name: who }) => {
      const line = Buffer.alloc(7);
      line.writeUInt32LE(number, 0);
      line.writeUInt16LE(waiting, 4);
      line[6] = mine ? 1 : 0;
      return Buffer.concat([line, named(who)]);
    });
    this.socket.send(Buffer.concat([head, named(name), ...lines]));
  }

  /** The connection ends. @param {number} reason @param {string} why */
  end(reason, why) {
    const text = Buffer.from(why);
    this.socket.send(Buffer.concat([Buffer.from([0x8b, reason, text.length & 255, text.length >> 8]), text]));
  }

  /** What REST shows has changed. */
  changed() {
    this.socket.send(Buffer.from([0x8a, 4, 0, 0]));
  }

  /** @param {number} sequence */
  acked(sequence) {
    return until(() => this.acks.includes(sequence), `update ${sequence} is acked`);
  }
}

/** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response @param {any} known */
async function answer(request, response, known) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const said = typeof known === 'function' ? known(JSON.parse(Buffer.concat(parts).toString() || '{}')) : known;
  response.writeHead(said.error ? said.status : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(said));
}

/** With the sheets that it imports in their places, as in the gateway. @param {string} file */
const wholeSheet = (file) =>
  Buffer.from(readFileSync(file, 'utf8').replace(/@import "(.+)";/g, (_, name) => readFileSync(join(dirname(file), name), 'utf8')));

export class FakeGateway {
  /** @type {FakeConsole[]} */
  consoles = [];
  /** "METHOD path" -> what is answered, or a function of the request's body that gives it; {status, error} refuses. */
  answers = { ...ANSWERS };
  /** Asked before the answers: true of one means that it answers this request itself. */
  handlers = [];
  /** End of the path -> what takes another websocket than the console's. */
  sockets = {};
  /** Runs in the console's worker before the page's own code. */
  prelude = '';

  /** @param {{base?: string}} [options] base: the path that a proxy keeps in front */
  static async create({ base = '' } = {}) {
    const self = new FakeGateway();
    self.base = base;
    const security = { 'Content-Security-Policy': policy(), 'Cache-Control': 'no-store' };
    self.server = createServer((request, response) => {
      if (!request.url.startsWith(`${base}/`)) return void response.writeHead(404).end();
      request.url = request.url.slice(base.length);
      if (self.handlers.some((handler) => handler(request, response))) return;
      const known = self.answers[`${request.method} ${request.url}`];
      if (known) return void answer(request, response, known);
      const path = request.url === '/' ? '/index.html' : request.url;
      try {
        const made = path.startsWith('/messages/') ? join(build, 'html5-client', path) : join(build, path);
        const file = /\.(wasm|json)$/.test(path) ? made : join(root, 'html5-client', path);
        const content = path.endsWith('.css') ? wholeSheet(file) : readFileSync(file);
        const before = path === '/console/session/console_worker.js' ? self.prelude : '';
        response.writeHead(200, { 'Content-Type': TYPES[extname(path)], ...security }).end(Buffer.concat([Buffer.from(before), content]));
      } catch {
        response.writeHead(404, { 'Content-Type': 'application/json' }).end('{}');
      }
    });
    self.server.on('upgrade', (request, stream) => {
      const special = Object.keys(self.sockets).find((ending) => request.url.endsWith(ending));
      if (special) return self.sockets[special](acceptSocket(request, stream));
      self.consoles.push(new FakeConsole(acceptSocket(request, stream), self.consoles.length + 1));
    });
    await new Promise((resolve) => self.server.listen(0, '127.0.0.1', resolve));
    self.url = `http://localhost:${self.server.address().port}${base}`;
    return self;
  }

  /** The connection after the `known` first ones, once it has said HELLO. @param {number} known @returns {Promise<FakeConsole>} */
  connection(known) {
    return until(() => this.consoles[known]?.hello && this.consoles[known], `the page connects for the ${known + 1}. time`);
  }

  destroy() {
    for (const { socket } of this.consoles) socket.destroy();
    this.server.closeAllConnections();
    this.server.close();
  }
}
