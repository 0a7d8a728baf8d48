/* The uploads of this page, one after the other; and those that are on their way but whose files this page does not have
 * (it was reloaded, or they were begun elsewhere). Lives as long as the page, whatever view it shows. */

import { LOGIN_NEEDED } from '../api.js';
import { base } from '../base.js';
import { forgetFile, rememberedFile, rememberFile } from './file_memory.js';
import { identity } from '../app/identity.js';
import { mediaApi } from './media_api.js';
import { TusUpload, libraryName } from './tus.js';
import { tusRequest } from './tus_request.js';

/** @typedef {import('./media_api.js').Upload} Upload */
/** @typedef {{file: File, folder: string|null}} Picked */

/** Something of it has changed. */
export const UPLOADS_CHANGED = 'change';
/** One stands in the library now. */
export const UPLOAD_DONE = 'done';

/** @type {import('./tus.js').TusWorld} */
const world = {
  send: tusRequest,
  now: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      function done() {
        clearTimeout(timer);
        resolve();
      }
    }),
};

/** @param {{name: string, size: number}} file @param {string|null} folder @param {Upload} upload */
const fits = ({ name, size }, folder, upload) =>
  upload.size === size && (upload.folder || null) === folder && [name, libraryName(name)].includes(upload.name);

class Uploads extends EventTarget {
  /** @type {TusUpload[]} */
  items = [];
  /** On the gateway, without a file here. @type {Upload[]} */
  absent = [];
  #running = false;
  #user = '';

  constructor() {
    super();
    window.addEventListener('beforeunload', (event) => {
      if (this.busy) event.preventDefault();
    });
  }

  /** Closing the page would interrupt something. */
  get busy() {
    return this.items.some(({ state }) => ['queued', 'sending', 'waiting'].includes(state.phase));
  }

  /** Takes files in; one that is on its way already goes on where it stood. @param {Picked[]} picked */
  add(picked) {
    for (const { file, folder } of picked) {
      const old = this.absent.find((upload) => fits(file, folder, upload) && !this.#changed(upload, file));
      if (old) this.absent = this.absent.filter((upload) => upload !== old);
      const name = folder === null ? libraryName(file.name) : file.name;
      this.items.push(new TusUpload({ file, name, folder, id: old?.id ?? null }, () => this.#moved(), world));
    }
    this.#moved();
    void this.#work();
  }

  /** @param {Upload} upload @param {File} file */
  #changed(upload, file) {
    const known = rememberedFile(upload.id);
    return known !== null && known.modified !== file.lastModified;
  }

  /** @param {TusUpload} item @param {{replace?: boolean}} [how] */
  async resume(item, how) {
    await item.run(how);
    this.#settled(item);
    void this.#work();
  }

  /** @param {TusUpload} item */
  async cancel(item) {
    this.items = this.items.filter((one) => one !== item);
    this.#moved();
    await item.cancel();
    if (item.state.id) forgetFile(item.state.id);
  }

  /** @param {Upload} upload of `absent` */
  async cancelAbsent(upload) {
    this.absent = this.absent.filter((one) => one !== upload);
    this.#moved();
    await world.send({ method: 'DELETE', url: `${base}/api/v1/uploads/${upload.id}`, headers: { 'Tus-Resumable': '1.0.0' }, signal: new AbortController().signal });
    forgetFile(upload.id);
  }

  /** @param {TusUpload} item takes one that is over off the list */
  dismiss(item) {
    this.items = this.items.filter((one) => one !== item);
    this.#moved();
    if (item.state.phase === 'failed') void item.cancel();
  }

  /** Asks the gateway for what is on its way. */
  async refresh() {
    const here = () => new Set(this.items.map(({ state }) => state.id));
    const all = await mediaApi.uploads();
    const mine = all.filter(({ phase, who }) => phase === 'arriving' && (!who || who === identity.session?.user));
    this.absent = mine.filter(({ id }) => !here().has(id));
    this.#moved();
  }

  /** Somebody has logged in: what waited for that goes on, if it is the same user. */
  wake() {
    const user = identity.session?.user ?? '';
    if (this.#user !== user) {
      for (const item of this.items) item.pause();
      this.items = this.absent = [];
    }
    this.#user = user;
    for (const item of this.items) if (item.state.phase === 'paused' && item.state.code === 'session') void this.resume(item);
  }

  async #work() {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#next(); next; next = this.#next()) {
      await next.run();
      this.#settled(next);
    }
    this.#running = false;
  }

  #next() {
    return this.items.find(({ state }) => state.phase === 'queued');
  }

  /** @param {TusUpload} item */
  #settled({ state }) {
    if (state.phase === 'paused' && state.code === 'session') window.dispatchEvent(new Event(LOGIN_NEEDED));
    if (state.phase !== 'done') return;
    if (state.id) forgetFile(state.id);
    this.dispatchEvent(new Event(UPLOAD_DONE));
  }

  #moved() {
    for (const { state, start } of this.items)
      if (state.id && state.phase === 'sending' && rememberedFile(state.id)?.modified !== start.file.lastModified) rememberFile(state.id, start.file);
    this.dispatchEvent(new Event(UPLOADS_CHANGED));
  }
}

export const uploads = new Uploads();
