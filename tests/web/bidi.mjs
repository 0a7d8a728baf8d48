/* WebDriver BiDi (w3.org/TR/webdriver-bidi), as far as tests need it: commands with answers, events. */
import { dial } from './websocket.mjs';

export class Bidi {
  #socket;
  #next = 1;
  #asked = new Map();
  /** @type {Map<string, ((params: any) => void)[]>} */
  #listeners = new Map();

  /** @param {string} url ws://... */
  static async connect(url) {
    const self = new Bidi();
    self.#socket = await dial(url);
    self.#socket.onmessage = (text) => self.#received(JSON.parse(text));
    self.#socket.onclose = () => {
      for (const { reject } of self.#asked.values()) reject(new Error('The browser is gone.'));
    };
    return self;
  }

  #received({ type, id, result, method, params, error, message }) {
    if (type === 'event') return (this.#listeners.get(method) ?? []).forEach((listen) => listen(params));
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (type === 'error') asked?.reject(new Error(`${asked.method}: ${error}: ${message}`));
    else asked?.resolve(result);
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  call(method, params = {}) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { method, resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** @param {string} method @param {(params: any) => void} listen */
  on(method, listen) {
    this.#listeners.set(method, [...(this.#listeners.get(method) ?? []), listen]);
  }

  close() {
    this.#socket.close();
  }
}
