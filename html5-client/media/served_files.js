/* The files that this page brings as media: the page's end of media_worker.js. Lives as long as the page, whatever view
 * it shows; warns before the page goes while a target needs it. */

import { LOGIN_NEEDED } from '../api.js';
import { base } from '../base.js';
import { forgetFile, rememberFile } from './file_memory.js';
import { identity } from '../app/identity.js';
import { notice } from '../parts/notices.js';
import { endWords } from './media_words.js';
import { language, t } from '../parts/messages.js';

/** @typedef {import('./media_session.js').MediaStart} MediaStart */
/** @typedef {import('./media_session.js').SessionState} SessionState */
/** @typedef {{key: number, user: string, start: MediaStart, state: SessionState}} Served */

/** One of them has changed. */
export const SERVED_CHANGED = 'change';

/** @type {SessionState} */
const BEGINNING = { phase: 'connecting', why: '', end: null, id: null, sent: 0, copied: 0, complete: false, trouble: 0 };

const userName = () => identity.session?.user ?? '';

class ServedFiles extends EventTarget {
  /** @type {Map<number, Served>} */
  #all = new Map();
  /** @type {Worker|null} */
  #worker = null;
  #keys = 0;

  constructor() {
    super();
    window.addEventListener('beforeunload', (event) => {
      if (this.busy) event.preventDefault();
    });
  }

  /** A target may need this page for its medium. */
  get busy() {
    return [...this.#all.values()].some(({ state }) => state.phase !== 'ended' && !state.complete);
  }

  /** @param {MediaStart} start @returns {number} key */
  serve(start) {
    for (const { key, start: old, state } of this.#all.values())
      if (old.target === start.target && old.drive === start.drive && state.phase === 'ended') this.#all.delete(key);
    const key = ++this.#keys;
    this.#all.set(key, { key, user: userName(), start, state: { ...BEGINNING, id: start.id } });
    this.#send({ key, type: 'serve', start });
    this.dispatchEvent(new Event(SERVED_CHANGED));
    return key;
  }

  /** @param {number} key */
  withdraw(key) {
    this.#send({ key, type: 'withdraw' });
  }

  /** @param {number} key */
  get(key) {
    return this.#all.get(key) ?? null;
  }

  /** The file that this page brings for a drive, or brought last. @param {string} target @param {number} drive */
  of(target, drive) {
    return [...this.#all.values()].reverse().find(({ start }) => start.target === target && start.drive === drive) ?? null;
  }

  /** @param {string} target @param {import('./media_api.js').Drive} drive its medium comes from this page */
  brings(target, drive) {
    const served = this.of(target, drive.index);
    return served !== null && served.state.phase !== 'ended' && served.state.id === drive.id;
  }

  /** A drive's medium came from this page, and is in the library now. @param {string} target @param {number} drive */
  brought(target, drive) {
    return this.of(target, drive)?.state.end === 'copied';
  }

  /** Somebody has logged in: what ended with that user's last session goes on; nobody gets another's files. */
  wake() {
    for (const { key, user, start, state } of [...this.#all.values()]) {
      if (state.end !== 'session') continue;
      this.#all.delete(key);
      if (user === userName()) this.serve({ ...start, id: state.id });
    }
  }

  /**
   * Until a new medium is in, or is not.
   * @param {number} key @returns {Promise<SessionState>}
   */
  settled(key) {
    return new Promise((resolve) => {
      const look = () => {
        const state = this.#all.get(key)?.state;
        if (state && !['serving', 'ended'].includes(state.phase)) return;
        this.removeEventListener(SERVED_CHANGED, look);
        resolve(state ?? { ...BEGINNING, phase: 'ended', end: 'withdrawn' });
      };
      this.addEventListener(SERVED_CHANGED, look);
      look();
    });
  }

  /** @param {import('./media_worker.js').MediaCommand} command */
  #send(command) {
    if (!this.#worker) {
      this.#worker = new Worker(`${base}/media/media_worker.js`, { type: 'module', name: language() });
      this.#worker.onmessage = ({ data }) => this.#received(data);
      this.#worker.onerror = () => this.#broken();
    }
    this.#worker.postMessage(command);
  }

  /** @param {import('./media_worker.js').MediaReport} report */
  #received({ key, state }) {
    const served = this.#all.get(key);
    if (!served) return;
    const before = served.state;
    served.state = state;
    if (state.id && state.id !== before.id) rememberFile(state.id, served.start.file);
    if (state.phase === 'ended') this.#ended(served);
    this.dispatchEvent(new Event(SERVED_CHANGED));
  }

  /** @param {Served} served */
  #ended({ start, state }) {
    if (state.end === 'session') return void window.dispatchEvent(new Event(LOGIN_NEEDED));
    if (state.id && ['ejected', 'copied'].includes(state.end ?? '')) forgetFile(state.id);
    if (!state.id || state.end === 'withdrawn') return; // whoever waits for the drive says it
    notice(endWords(start.file.name, state), ['ejected', 'copied', 'replaced'].includes(state.end ?? '') ? '' : 'danger');
  }

  #broken() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const served of this.#all.values()) {
      if (served.state.phase === 'ended') continue;
      served.state = { ...served.state, phase: 'ended', end: 'protocol', why: t('media.session.broken') };
      this.#ended(served);
    }
    this.dispatchEvent(new Event(SERVED_CHANGED));
  }
}

export const servedFiles = new ServedFiles();
