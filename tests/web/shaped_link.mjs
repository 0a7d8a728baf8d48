/* A slow link to the gateway, in user space: bytes towards the browser (and with upRate those from it) pass one after the
 * other at a rate, both ways take half a round trip, and a lost segment holds up all that follows for a round trip, as TCP makes it look. Its queue is
 * endless: whoever fills it waits for it. (The kernels that tests run on have no netem.) */
import { connect, createServer } from 'node:net';

const SEGMENT = 1448;
const SEGMENT_HEAD = 66;
const RESEND_MS = 10;

/** @typedef {{rate: number, rttMs: number, loss?: number, upRate?: number}} Shape rates: bytes a second, 0: no limit; loss: 0..1 */

/** Hands things on at their time, in order. */
class Later {
  #queue = [];
  #timer = null;

  /** @param {number} at @param {() => void} what */
  add(at, what) {
    this.#queue.push({ at, what });
    if (!this.#timer) this.#arm();
  }

  #arm() {
    const wait = Math.max(0, this.#queue[0].at - performance.now());
    this.#timer = setTimeout(() => this.#serve(), wait);
  }

  #serve() {
    this.#timer = null;
    while (this.#queue.length > 0 && this.#queue[0].at <= performance.now() + 0.5) this.#queue.shift().what();
    if (this.#queue.length > 0) this.#arm();
  }
}

export class ShapedLink {
  #sockets = new Set();
  #free = 0; // when the link has sent all it was given
  #upFree = 0;
  /** @type {Shape} */
  shape = { rate: 0, rttMs: 0 };
  bytes = 0;
  queueMaxMs = 0;

  /** @param {string} address @param {number} port @param {number} to port on 127.0.0.1 */
  static async create(address, port, to) {
    const self = new ShapedLink();
    self.server = createServer((near) => self.#carry(near, to));
    await new Promise((resolve) => self.server.listen(port, address, resolve));
    return self;
  }

  #carry(near, to) {
    const far = connect(to, '127.0.0.1');
    const [up, down] = [new Later(), new Later()];
    let last = 0; // arrival of what was sent before
    let lastUp = 0;
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    near.on('data', (data) => {
      lastUp = Math.max(lastUp, this.#arrivalUp(data.length));
      up.add(lastUp, () => far.write(data));
    });
    far.on('data', (data) => {
      for (let at = 0; at < data.length; at += SEGMENT) {
        const part = data.subarray(at, at + SEGMENT);
        last = Math.max(last, this.#arrival(part.length));
        down.add(last, () => near.write(part));
      }
    });
    near.on('close', () => far.destroy());
    far.on('close', () => down.add(Math.max(last, performance.now()), () => near.destroy()));
  }

  #arrival(size) {
    const { rate, rttMs, loss = 0 } = this.shape;
    const now = performance.now();
    const start = Math.max(now, this.#free);
    this.queueMaxMs = Math.max(this.queueMaxMs, start - now);
    this.#free = rate ? start + ((size + SEGMENT_HEAD) * 1000) / rate : start;
    this.bytes += size;
    return this.#free + rttMs / 2 + (Math.random() < loss ? rttMs + RESEND_MS : 0);
  }

  #arrivalUp(size) {
    const { upRate = 0, rttMs } = this.shape;
    const start = Math.max(performance.now(), this.#upFree);
    const heads = Math.ceil(size / SEGMENT) * SEGMENT_HEAD;
    this.#upFree = upRate ? start + ((size + heads) * 1000) / upRate : start;
    return this.#upFree + rttMs / 2;
  }

  destroy() {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }
}
