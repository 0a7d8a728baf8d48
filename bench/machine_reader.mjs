/* Reads whole media from inside a QEMU that stands still: its block layer asks for everything once, many requests at a time,
 * and throws it away. So what is measured is the way of a medium into a machine, not the machine. */
import { connect } from 'node:net';
import { until } from '../tests/web/until.mjs';

export class MachineReader {
  #rest = '';
  #waiting = [];
  #events = [];
  #jobs = 0;

  /** @param {string} path of a monitor of its own */
  static async connect(path) {
    const self = new MachineReader();
    self.socket = await until(() => new Promise((resolve) => {
      const socket = connect(path, () => resolve(socket)).on('error', () => resolve(null));
    }), 'the monitor answers');
    self.socket.on('error', () => {});
    self.socket.on('data', (data) => self.#take(data));
    await self.execute('qmp_capabilities');
    return self;
  }

  #take(data) {
    this.#rest += data;
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const message of lines.filter((line) => line.trim()).map((line) => JSON.parse(line))) {
      if (message.event) this.#events.push(message);
      else if (!message.QMP) this.#waiting.shift()(message);
    }
  }

  /** @param {string} command @param {object} [given] */
  async execute(command, given = {}) {
    const answer = await new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.socket.write(`${JSON.stringify({ execute: command, arguments: given })}\n`);
    });
    if (answer.error) throw new Error(`${command}: ${answer.error.desc}`);
    return answer.return;
  }

  /** The nodes of media that the gateway has inserted. @returns {Promise<string[]>} */
  async mediumNodes() {
    const nodes = await this.execute('query-named-block-nodes', { flat: true });
    return nodes.filter(({ drv }) => drv === 'nbd').map((node) => node['node-name']).filter((name) => !name.startsWith('peer'));
  }

  /** The node of the only one. */
  async mediumNode() {
    return (await this.mediumNodes())[0];
  }

  /** @param {string} node @param {string} socket of another NBD server */
  addPeer(node, socket) {
    return this.execute('blockdev-add', { driver: 'nbd', 'node-name': node, 'read-only': true, server: { type: 'unix', path: socket } });
  }

  /** Seconds that reading all of it takes. @param {string} node @param {number} size */
  async readAll(node, size) {
    const id = `read${++this.#jobs}`;
    await this.execute('blockdev-add', { driver: 'null-co', 'node-name': `${id}-to`, size });
    const begin = performance.now();
    await this.execute('blockdev-backup', { 'job-id': id, device: node, target: `${id}-to`, sync: 'full', 'x-perf': { 'use-copy-range': false } });
    const over = () => this.#events.find(({ event, data }) => event === 'BLOCK_JOB_COMPLETED' && data.device === id);
    const end = await until(over, `${node} is read`, 300000);
    const seconds = (performance.now() - begin) / 1000;
    if (end.data.error) throw new Error(`${node}: ${end.data.error}`);
    await this.execute('blockdev-del', { 'node-name': `${id}-to` });
    return seconds;
  }

  destroy() {
    this.socket?.destroy();
  }
}
