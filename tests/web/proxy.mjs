/* A network that can go away: carries connections to the gateway until it is cut, then nothing more, without a word. */
import { connect, createServer } from 'node:net';

export class Proxy {
  #sockets = new Set();
  #cut = false;

  /** @param {string} address @param {number} port @param {number} to port on 127.0.0.1 */
  static async create(address, port, to) {
    const self = new Proxy();
    self.server = createServer((near) => self.#carry(near, to));
    await new Promise((resolve) => self.server.listen(port, address, resolve));
    return self;
  }

  #carry(near, to) {
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    near.on('data', (data) => this.#cut || far.write(data));
    far.on('data', (data) => this.#cut || near.write(data));
    near.on('close', () => this.#cut || far.destroy());
    far.on('close', () => this.#cut || near.destroy());
  }

  cut() {
    this.#cut = true;
  }

  /** What was cut stays dead; new connections are carried again. */
  heal() {
    this.#cut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  destroy() {
    this.heal();
    this.server.close();
  }
}
