/* Reads a File for the gateway: many requests wait, neighbours among them become one read of the disk, a few reads run
 * at a time, and answers leave in the order in which the disk gives them. */

import { DATA_HEADER, FAIL_CHANGED, FAIL_UNREADABLE, buildFail, dataMessage } from './media_protocol.js';

/** One read of the disk: enough to make its fixed cost small, small enough that a boot loader's 2 KiB do not wait long. */
const JOINED_MAX = 1024 * 1024;
const AT_A_TIME = 4;
/** What is read to find out whether all of the file or only one place of it cannot be read. */
const PROBE_BYTES = 512;

/** @typedef {{request: number, offset: number, length: number}} Wanted */

export class FileReads {
  /** @type {Wanted[]} */
  #queue = [];
  #running = 0;
  #stopped = false;

  /**
   * @param {Blob} file
   * @param {(message: Uint8Array<ArrayBuffer>) => void} send
   * @param {(reason: number) => void} failed told of every read that failed, with the reason that FAIL gave
   */
  constructor(file, send, failed) {
    this.file = file;
    this.send = send;
    this.failed = failed;
  }

  /** @param {Wanted} wanted */
  ask(wanted) {
    this.#queue.push(wanted);
    this.#run();
  }

  /** What is still being read is dropped. */
  stop() {
    this.#stopped = true;
    this.#queue = [];
  }

  #run() {
    while (this.#running < AT_A_TIME && this.#queue.length) {
      this.#running++;
      this.#serve(this.#takeNeighbours()).finally(() => {
        this.#running--;
        this.#run();
      });
    }
  }

  /** The first that waits, and those behind it that go on where it ends. */
  #takeNeighbours() {
    let end = this.#queue[0].offset;
    let sum = 0;
    let n = 0;
    for (const { offset, length } of this.#queue) {
      if (n && (offset !== end || sum + length > JOINED_MAX)) break;
      end = offset + length;
      sum += length;
      n++;
    }
    return this.#queue.splice(0, n);
  }

  /** @param {Wanted[]} wanted neighbours */
  async #serve(wanted) {
    const from = wanted[0].offset;
    const last = wanted[wanted.length - 1];
    const bytes = await this.#read(from, last.offset + last.length);
    if (this.#stopped) return;
    if (bytes) return wanted.forEach((one) => this.#answer(one, bytes.subarray(one.offset - from, one.offset - from + one.length)));
    if (wanted.length > 1) {
      for (const one of wanted) await this.#serve([one]); // perhaps only one of them is unreadable
      return;
    }
    const reason = (await this.#read(0, Math.min(PROBE_BYTES, this.file.size))) ? FAIL_UNREADABLE : FAIL_CHANGED;
    if (this.#stopped) return;
    this.send(buildFail(last.request, reason));
    this.failed(reason);
  }

  /** @param {number} from @param {number} to @returns {Promise<Uint8Array|null>} null: not all of it */
  async #read(from, to) {
    try {
      const bytes = new Uint8Array(await this.file.slice(from, to).arrayBuffer());
      return bytes.length === to - from ? bytes : null;
    } catch {
      return null;
    }
  }

  /** @param {Wanted} wanted @param {Uint8Array} bytes */
  #answer({ request, length }, bytes) {
    const message = dataMessage(request, length);
    message.set(bytes, DATA_HEADER);
    this.send(message);
  }
}
