/* The websocket protocol (RFC 6455), both ends, as far as tests need it: whole messages, no extensions. */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];

const acceptOf = (key) => createHash('sha1').update(key + GUID).digest('base64');

export class WebSocketEnd {
  #left = Buffer.alloc(0);
  #parts = [];
  #sort = 0;
  /** Set by whoever uses it: Buffer for binary messages, a string for text. */
  onmessage = (_message) => {};
  onclose = () => {};

  /** @param {import('node:stream').Duplex} stream @param {boolean} client which end masks */
  constructor(stream, client) {
    this.stream = stream;
    this.client = client;
    stream.on('data', (data) => this.#received(data));
    stream.on('error', () => {});
    stream.on('close', () => this.onclose());
  }

  /** @param {Buffer|Uint8Array|string} message */
  send(message) {
    const text = typeof message === 'string';
    this.#frame(text ? TEXT : BINARY, Buffer.from(message));
  }

  /** Without a word, as when the network fails. */
  destroy() {
    this.stream.destroy();
  }

  close() {
    this.#frame(CLOSE, Buffer.alloc(0));
    this.stream.end();
  }

  #frame(opcode, payload) {
    if (this.stream.destroyed) return;
    const size = payload.length;
    const head = Buffer.alloc(size < 126 ? 2 : size < 65536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    head[1] = size < 126 ? size : size < 65536 ? 126 : 127;
    if (head.length === 4) head.writeUInt16BE(size, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
    if (!this.client) return this.stream.write(Buffer.concat([head, payload]));
    head[1] |= 0x80;
    const mask = randomBytes(4);
    this.stream.write(Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]));
  }

  #received(data) {
    this.#left = Buffer.concat([this.#left, data]);
    while (this.#one());
  }

  /** Takes one frame off what has come. @returns {boolean} false: it is not whole yet */
  #one() {
    const all = this.#left;
    if (all.length < 2) return false;
    const short = all[1] & 127;
    let at = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (all.length < at) return false;
    const size = short === 126 ? all.readUInt16BE(2) : short === 127 ? Number(all.readBigUInt64BE(2)) : short;
    const mask = all[1] & 128 ? all.subarray(at, (at += 4)) : null;
    if (all.length < at + size) return false;
    const payload = Buffer.from(all.subarray(at, at + size));
    if (mask) for (let i = 0; i < size; i++) payload[i] ^= mask[i & 3];
    this.#left = all.subarray(at + size);
    this.#take(all[0] & 15, (all[0] & 128) !== 0, payload);
    return true;
  }

  #take(opcode, last, payload) {
    if (opcode === PING) return this.#frame(PONG, payload);
    if (opcode === CLOSE) return this.stream.end();
    if (opcode === PONG) return;
    if (opcode) this.#sort = opcode;
    this.#parts.push(payload);
    if (!last) return;
    const message = Buffer.concat(this.#parts.splice(0));
    this.onmessage(this.#sort === TEXT ? message.toString('utf8') : message);
  }
}

/** The server's end of an upgrade. @param {import('node:http').IncomingMessage} request @param {import('node:stream').Duplex} stream */
export function acceptSocket(request, stream) {
  const { 'sec-websocket-key': key = '', 'sec-websocket-protocol': protocol } = request.headers;
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${acceptOf(key)}`];
  if (protocol) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  stream.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new WebSocketEnd(stream, false);
}

/** @param {string} url ws://... @returns {Promise<WebSocketEnd>} */
export function dial(url) {
  const key = randomBytes(16).toString('base64');
  const headers = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13' };
  return new Promise((resolve, reject) => {
    const asked = request(url.replace(/^ws:/, 'http:'), { headers });
    asked.on('upgrade', (response, stream, head) => {
      if (response.headers['sec-websocket-accept'] !== acceptOf(key)) return reject(new Error('not a websocket server'));
      if (head.length) stream.unshift(head);
      resolve(new WebSocketEnd(stream, true));
    });
    asked.on('response', (response) => reject(new Error(`${url}: ${response.statusCode}`)));
    asked.on('error', reject);
    asked.end();
  });
}
