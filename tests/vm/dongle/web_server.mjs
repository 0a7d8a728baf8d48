/* A web server with one file, of any size, whose bytes tell where they stand; its network can be cut off. */
import { createServer } from 'node:http';

/** The bytes of a file of ours. @param {number} from @param {number} size */
export function bytesAt(from, size) {
  const start = from - (from % 8);
  const bytes = Buffer.alloc(size + 16);
  for (let i = 0; i + 8 <= bytes.length; i += 8) {
    const word = (start + i) / 8;
    bytes.writeUInt32LE(Math.imul(word, 0x9e3779b1) >>> 0, i);
    bytes.writeUInt32LE(word >>> 0, i + 4);
  }
  return bytes.subarray(from - start, from - start + size);
}

export class WebServer {
  /** How often it was asked, and how many bytes it gave. */
  requests = 0;
  given = 0;
  #server = createServer((request, response) => this.#answer(request, response));
  /** @type {Set<import('node:net').Socket>} */ #sockets = new Set();

  /** @param {number} size of the file */
  constructor(size) {
    this.size = size;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
  }

  /** @param {number} [port] @returns {Promise<number>} its port */
  async listen(port = 0) {
    await new Promise((resolve) => this.#server.listen(port, '127.0.0.1', () => resolve(null)));
    const address = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    this.port = address.port;
    return address.port;
  }

  /** Nobody is there any more; listen(port) undoes it. */
  async end() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  #answer(request, response) {
    this.requests++;
    const headers = { 'Accept-Ranges': 'bytes', ETag: '"the same"' };
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (first === undefined) {
      response.writeHead(200, { ...headers, 'Content-Length': this.size });
      response.end();
      return;
    }
    const from = Number(first), end = Math.min(last === '' ? this.size : Number(last) + 1, this.size);
    response.writeHead(206, { ...headers, 'Content-Length': end - from, 'Content-Range': `bytes ${from}-${end - 1}/${this.size}` });
    this.#send(response, from, end);
  }

  /** @param {import('node:http').ServerResponse} response @param {number} from @param {number} end */
  #send(response, from, end) {
    while (from < end && !response.destroyed) {
      const size = Math.min(end - from, 1 << 16);
      const more = response.write(bytesAt(from, size));
      from += size;
      this.given += size;
      if (!more && from < end) {
        response.once('drain', () => this.#send(response, from, end));
        return;
      }
    }
    response.end();
  }
}
