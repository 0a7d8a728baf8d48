/* Clients that mean no good, from addresses of their own of this machine; and what the others have of the gateway
 * meanwhile. */
import { connect as plain } from 'node:net';
import { connect } from 'node:tls';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';
import { Rest } from '../vm/target/client.mjs';
import { Viewer } from '../vm/target/console.mjs';

const UPDATE = 0x83;
export const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resident memory in KiB. @param {number} pid */
export const resident = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);

/** @typedef {(port: number, address: string) => import('node:net').Socket} Attack */

/** @param {import('node:net').Socket} socket */
const quiet = (socket) => socket.on('error', () => {});

/** @param {number} port @param {string} address @param {(socket: import('node:tls').TLSSocket) => void} then @returns {import('node:net').Socket} */
function byTls(port, address, then) {
  const tcp = quiet(plain({ host: '127.0.0.1', port, localAddress: address }));
  const socket = connect({ socket: tcp, servername: 'localhost', rejectUnauthorized: false });
  quiet(socket);
  socket.once('secureConnect', () => then(socket));
  return tcp;
}

/** Says something, then a little more now and then. @param {string} first @param {string} more */
const slowly = (first, more) => (/** @type {number} */ port, /** @type {string} */ address) =>
  byTls(port, address, (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(more), 500);
    socket.once('close', () => clearInterval(timer));
  });

/** @type {Record<string, Attack>} */
export const ATTACKS = {
  silent: (port, address) => quiet(plain({ host: '127.0.0.1', port, localAddress: address })),
  handshake: (port, address) => {
    const socket = quiet(plain({ host: '127.0.0.1', port, localAddress: address }));
    socket.once('connect', () => socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])));
    return socket;
  },
  headers: slowly('GET / HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n'),
  body: slowly('POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n', 'x'),
  read: (port, address) =>
    byTls(port, address, (socket) => {
      socket.pause();
      socket.write('GET /lightsout.wasm HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-\r\n\r\n'.repeat(8));
    }),
};

/** Keeps this many connections up, from many addresses, in a process of its own. */
export class Crowd {
  opened = 0;

  /** @param {number} port @param {number} many @param {number} addresses @param {string[]} ways names of ATTACKS */
  static async gather(port, many, addresses, ways) {
    const self = new Crowd();
    const program = fileURLToPath(new URL('abuse_crowd.mjs', import.meta.url));
    self.child = spawn(process.execPath, [program, `${port}`, `${many}`, `${addresses}`, ...ways], { stdio: ['pipe', 'pipe', 'inherit'] });
    self.said = '';
    self.child.stdout.on('data', (data) => (self.said += data));
    await until(() => self.said?.includes('up'), 'the crowd is there', 180000);
    return self;
  }

  async end() {
    const ended = new Promise((resolve) => this.child?.once('close', resolve));
    this.child?.stdin.end();
    await ended;
    this.opened = Number(this.said?.split('\n')[1]);
  }
}

/** Consoles whose pictures are counted. */
export class Watchers {
  /** @type {Viewer[]} */ viewers = [];

  /** @param {Rest} rest @param {number} many @param {string} target */
  static async open(rest, many, target) {
    const self = new Watchers();
    for (let i = 0; i < many; i++) self.viewers.push(await Viewer.open(rest, target));
    return self;
  }

  /** Pictures a second of each, over this time. @param {number} ms */
  async rates(ms) {
    const count = () => this.viewers.map((viewer) => viewer.messages.filter(([type]) => type === UPDATE).length);
    const before = count(), began = performance.now();
    await sleep(ms);
    const s = (performance.now() - began) / 1000;
    return count().map((n, i) => (n - before[i]) / s);
  }

  destroy() {
    for (const viewer of this.viewers) viewer.destroy();
  }
}

/** Milliseconds of one login from the first byte of the connection to the answer. @param {import('./gateway.mjs').Gateway} gateway @param {{user: string, password: string}} who */
export async function loginMs(gateway, who) {
  const began = performance.now();
  const rest = new Rest(gateway);
  const answer = await rest.logIn(who.user, who.password);
  if (answer.status >= 300) throw new Error(`login: ${answer.status} ${JSON.stringify(answer.body)}`);
  const ms = performance.now() - began;
  await rest.call('DELETE', '/session');
  return ms;
}

/** Milliseconds of one TLS handshake. @param {number} port @returns {Promise<number>} */
export function handshakeMs(port) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(performance.now() - began);
      socket.destroy();
    });
  });
}

/** Milliseconds from a console's ping to its answer. @param {Viewer} viewer @param {number} value below 256, each once */
export async function echoMs(viewer, value) {
  const began = performance.now();
  await viewer.pong(value);
  return performance.now() - began;
}

/** @param {number[]} values */
export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
