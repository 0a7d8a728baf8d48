/* A console viewer made of single bytes, so that it can send what no browser would. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:tls';
import assert from 'node:assert/strict';
import { until } from '../../web/until.mjs';

export const TYPE = { WELCOME: 0x81, PONG: 0x88, END: 0x8b };

/** @param {number} value */
export const ping = (value) => Buffer.from([8, 0, 0, 0, value, 0, 0, 0]);

/** From a page that kept no slots. @param {string} ticket 32 hex digits @param {number} [flags] */
export const hello = (ticket, flags = 0) =>
  Buffer.concat([Buffer.from([1, 1, flags, 0, 0]), Buffer.from(ticket, 'latin1'), randomBytes(16), Buffer.alloc(8)]);

export class Viewer {
  /** @type {Buffer[]} */ messages = [];
  closed = false;
  #updates = 0;
  status = '';
  #rest = Buffer.alloc(0);
  /** @type {Buffer[]} */ #parts = [];
  closeCode = 0;

  /** The websocket is open, and nothing was said yet. @param {import('./client.mjs').Rest} rest @param {string} target @param {Record<string, string>} [headers] */
  static async connect(rest, target, headers = {}) {
    const self = new Viewer();
    const { port, url } = rest.gateway;
    const socket = (self.socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }));
    const lines = {
      Host: `localhost:${port}`, Origin: url, Connection: 'Upgrade', Upgrade: 'websocket', Cookie: rest.cookie,
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'), 'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Protocol': 'lightsout.console.1', ...headers,
    };
    const head = Object.entries(lines).filter(([, value]) => value).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.on('error', () => {});
    socket.on('close', () => (self.closed = true));
    socket.on('data', (data) => self.#take(data));
    await new Promise((resolve, reject) => socket.once('secureConnect', () => resolve(0)).once('error', reject));
    socket.write(`GET /api/v1/targets/${target}/console HTTP/1.1\r\n${head}\r\n`);
    await until(() => self.status || self.closed, 'the upgrade is answered');
    return self;
  }

  /** @param {import('./client.mjs').Rest} rest @param {string} target */
  static async ticket(rest, target) {
    const answer = await rest.call('POST', `/targets/${target}/ticket`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.ticket;
  }

  /** A viewer that was let in. @param {import('./client.mjs').Rest} rest @param {string} target @param {number} [flags] */
  static async open(rest, target, flags = 0) {
    const self = await Viewer.connect(rest, target);
    assert.match(self.status, / 101 /);
    self.send(hello(await Viewer.ticket(rest, target), flags));
    await self.message(TYPE.WELCOME);
    return self;
  }

  /** @param {Buffer} data */
  #take(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    if (!this.status) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.status = this.#rest.toString('latin1', 0, end);
      this.#rest = this.#rest.subarray(end + 4);
    }
    if (/ 101 /.test(this.status)) while (this.#frame());
  }

  #frame() {
    const bytes = this.#rest;
    if (bytes.length < 2) return false;
    let length = bytes[1] & 127, at = 2;
    if (length >= 126) {
      at = length === 126 ? 4 : 10;
      if (bytes.length < at) return false;
      length = length === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    }
    if (bytes.length < at + length) return false;
    const payload = Buffer.from(bytes.subarray(at, at + length));
    this.#rest = bytes.subarray(at + length);
    const opcode = bytes[0] & 15;
    if (opcode === 8) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    if (opcode > 2) return true;
    this.#parts.push(payload);
    if (!(bytes[0] & 128)) return true;
    const message = Buffer.concat(this.#parts.splice(0));
    this.messages.push(message);
    if (message[0] === 0x83) this.send(this.#ack(++this.#updates));
    return true;
  }

  /** @param {number} sequence of an update: they are counted, at both ends */
  #ack(sequence) {
    const ack = Buffer.alloc(16);
    ack[0] = 2;
    ack.writeUInt32LE(sequence, 4);
    return ack;
  }

  /** @param {Buffer} payload @param {{opcode?: number, final?: boolean, masked?: boolean}} [options] */
  send(payload, { opcode = 2, final = true, masked = true } = {}) {
    const { length } = payload;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
    head[0] = opcode | (final ? 128 : 0);
    head[1] = (length < 126 ? length : length < 65536 ? 126 : 127) | (masked ? 128 : 0);
    if (length >= 65536) head.writeBigUInt64BE(BigInt(length), 2);
    else if (length >= 126) head.writeUInt16BE(length, 2);
    const mask = randomBytes(4);
    const body = Buffer.from(masked ? payload.map((byte, i) => byte ^ mask[i % 4]) : payload);
    this.raw(Buffer.concat([head, ...(masked ? [mask] : []), body]));
  }

  /** @param {Buffer} bytes */
  raw(bytes) {
    if (!this.closed) this.socket?.write(bytes);
  }

  /** Waits for a message of this type. @param {number} type @returns {Promise<Buffer>} */
  message(type) {
    return until(() => this.messages.find((message) => message[0] === type), `a message of type ${type.toString(16)} comes`);
  }

  /** Its end in words: reason number, sentence, close code. */
  async end() {
    await until(() => this.closed, 'the gateway closes the connection');
    const message = this.messages.find((one) => one[0] === TYPE.END);
    return { reason: message?.[1] ?? 0, why: message?.subarray(4).toString() ?? '', code: this.closeCode };
  }

  /** It is alive: it gets an answer. @param {number} value */
  async pong(value) {
    this.send(ping(value));
    await until(() => this.messages.some((one) => one[0] === TYPE.PONG && one[4] === value), 'the ping is answered');
  }

  destroy() {
    this.socket?.destroy();
  }
}
