/* One file on its way into the library, by tus 1.0.0 (docs/api.md, /uploads): created, sent from where the gateway has
 * it, resumed after every loss, followed until it stands in the library. What it needs of the world is given to it. */

import { Backoff } from '../parts/backoff.js';
import { base } from '../base.js';
import { RateMeter } from './rate_meter.js';
import { t } from '../parts/messages.js';
import { refusalWords } from '../parts/words.js';

/**
 * @typedef {object} TusAnswer
 * @property {number} status 0: none
 * @property {(name: string) => string|null} header
 * @property {any} body of JSON, else null
 */
/**
 * @typedef {object} TusRequest
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {Blob} [body]
 * @property {(sent: number) => void} [progress]
 * @property {AbortSignal} signal
 */
/**
 * @typedef {object} TusWorld
 * @property {(request: TusRequest) => Promise<TusAnswer>} send never throws
 * @property {() => number} now milliseconds
 * @property {(ms: number, signal: AbortSignal) => Promise<void>} wait returns early when aborted
 */
/** @typedef {{file: File, name: string, folder: string|null, id: string|null}} TusStart */
/**
 * why: sentence. taken: the name is; `replace` helps.
 * @typedef {object} TusState
 * @property {'queued'|'sending'|'waiting'|'paused'|'finishing'|'done'|'failed'} phase
 * @property {string|null} id
 * @property {number} offset bytes there
 * @property {number} rate bytes/s
 * @property {number|null} secondsLeft
 * @property {number} unpacked
 * @property {string} why
 * @property {string} code
 * @property {string} name that it has in the library
 * @property {string|null} sha256
 */

const UPLOADS = `${base}/api/v1/uploads`;
const TUS = { 'Tus-Resumable': '1.0.0' };
const POLL_MS = 700;
const CANCEL_TRIES = 6;
const noAnswer = () => t('media.upload.no-answer');
/** Bodies that something on the way may find too long (413). */
const PIECES = [Number.MAX_SAFE_INTEGER, 64 << 20, 8 << 20, 512 << 10];

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** @param {Record<string, string|null>} values */
const metadata = (values) =>
  Object.entries(values).filter(([, value]) => value !== null).map(([key, value]) => `${key} ${base64(value ?? '')}`).join(',');

/** What the library calls it: packed images are unpacked on arrival. @param {string} name */
export const libraryName = (name) => name.replace(/\.(gz|xz|zst)$/i, '') || name;

/** @param {string} name */
export const isPacked = (name) => libraryName(name) !== name;

export class TusUpload {
  /** @type {TusState} */
  state;
  #replace = false;
  #meter = new RateMeter();
  #backoff = new Backoff();
  #piece = 0;
  #abort = new AbortController();
  /** A creation that nobody answered: it may be there. */
  #unanswered = false;

  /** @param {TusStart} start @param {() => void} changed @param {TusWorld} world */
  constructor(start, changed, world) {
    this.start = start;
    this.changed = changed;
    this.world = world;
    this.state = {
      phase: 'queued', id: start.id, offset: 0, rate: 0, secondsLeft: null, unpacked: 0, why: '', code: '', name: start.name, sha256: null,
    };
  }

  /** Nothing happens any more by itself. */
  get settled() {
    return ['done', 'failed', 'paused'].includes(this.state.phase);
  }

  /** Runs until it is done, failed or paused. @param {{replace?: boolean}} [how] */
  async run({ replace = false } = {}) {
    this.#replace ||= replace;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#meter.reset();
    if (this.state.code === 'failed') this.#show({ id: null, offset: 0 });
    this.#show({ phase: 'sending', why: '', code: '' });
    while (!signal.aborted && !this.settled) await this.#step(signal);
  }

  /** What has arrived stays on the gateway. */
  pause() {
    this.#abort.abort();
    if (this.settled) return;
    this.#show({ phase: 'paused', rate: 0, secondsLeft: null });
  }

  /** What has arrived is thrown away. */
  async cancel() {
    this.pause();
    const { id } = this.state;
    const { signal } = new AbortController();
    for (let tries = 0; id && tries < CANCEL_TRIES; tries++) {
      const { status } = await this.#ask('DELETE', `${UPLOADS}/${id}`, TUS, signal);
      if (![0, 409, 423].includes(status)) return; // else what was sent last is still being written
      await this.world.wait(POLL_MS, signal);
    }
  }

  /** @param {AbortSignal} signal */
  async #step(signal) {
    if (!this.state.id && !(await this.#create(signal))) return;
    if (!(await this.#findOffset(signal))) return;
    while (this.state.offset < this.start.file.size) if (!(await this.#sendPiece(signal))) return;
    await this.#finish(signal);
  }

  /** @param {AbortSignal} signal @returns {Promise<boolean>} there is an id */
  async #create(signal) {
    const { file, folder } = this.start;
    if (this.#unanswered && (await this.#findCreated(signal))) return true;
    const headers = {
      ...TUS,
      'Upload-Length': String(file.size),
      'Upload-Metadata': metadata({ filename: file.name, folder, replace: this.#replace ? 'true' : null }),
    };
    const answer = await this.#ask('POST', UPLOADS, headers, signal);
    this.#unanswered = answer.status === 0;
    const id = answer.status === 201 ? /([0-9a-f]+)\/?$/.exec(answer.header('Location') ?? '')?.[1] : undefined;
    if (id) this.#show({ id });
    else await this.#refused(answer, signal);
    return Boolean(id);
  }

  /** @param {AbortSignal} signal */
  async #findCreated(signal) {
    const { body } = await this.#ask('GET', UPLOADS, {}, signal);
    const { file, folder } = this.start;
    const found = body?.uploads?.find((/** @type {import('./media_api.js').Upload} */ upload) => upload.phase === 'arriving' &&
      upload.offset === 0 && upload.size === file.size && upload.name === this.state.name && (upload.folder || null) === folder);
    if (found) this.#show({ id: found.id });
    return Boolean(found);
  }

  /** @param {AbortSignal} signal @returns {Promise<boolean>} the gateway told how much it has */
  async #findOffset(signal) {
    const answer = await this.#ask('HEAD', `${UPLOADS}/${this.state.id}`, TUS, signal);
    const offset = Number(answer.header('Upload-Offset') ?? NaN);
    if (answer.status >= 200 && answer.status < 300 && offset >= 0 && offset <= this.start.file.size) {
      this.#moved(offset);
      return true;
    }
    if (answer.status === 404 || answer.status === 410) await this.#gone(signal);
    else await this.#refused(answer, signal);
    return false;
  }

  /** The gateway takes no more of it: it has failed, or expired and begins anew. @param {AbortSignal} signal */
  async #gone(signal) {
    const { status, body } = await this.#ask('GET', `${UPLOADS}/${this.state.id}`, {}, signal);
    if (signal.aborted) return;
    if (body?.phase === 'failed') this.#fail(body.why, 'failed');
    else if (status === 404) this.#show({ id: null, offset: 0 });
    else await this.#pause(signal);
  }

  /** @param {AbortSignal} signal @returns {Promise<boolean>} the gateway took it */
  async #sendPiece(signal) {
    const { file } = this.start;
    const { offset, id } = this.state;
    const body = file.slice(offset, Math.min(file.size, offset + PIECES[this.#piece]));
    const headers = { ...TUS, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' };
    const progress = (/** @type {number} */ sent) => signal.aborted || this.#moved(offset + Math.min(sent, body.size));
    const answer = await this.world.send({ method: 'PATCH', url: `${UPLOADS}/${id}`, headers, body, progress, signal });
    if (signal.aborted) return false;
    if (answer.status === 204) {
      this.#backoff.reset();
      this.#moved(Number(answer.header('Upload-Offset')));
      return true;
    }
    if (answer.status === 404 || answer.status === 410) {
      await this.#gone(signal);
      return false;
    }
    if (answer.status === 409) {
      await this.#pause(signal); // then it is asked anew where it stands
      return false;
    }
    if (answer.status === 413 && this.#piece < PIECES.length - 1) {
      this.#piece++;
      return false;
    }
    if (answer.status === 0 && !(await this.#readable(offset))) this.#fail(t('media.upload.unreadable'), 'unreadable');
    else await this.#refused(answer, signal);
    return false;
  }

  /** @param {number} offset */
  async #readable(offset) {
    try {
      const { size } = this.start.file;
      return (await this.start.file.slice(offset, offset + 1).arrayBuffer()).byteLength === (offset < size ? 1 : 0);
    } catch {
      return false;
    }
  }

  /** All is there: unpacking, checking. @param {AbortSignal} signal */
  async #finish(signal) {
    while (!signal.aborted) {
      const { status, body } = await this.#ask('GET', `${UPLOADS}/${this.state.id}`, {}, signal);
      if (signal.aborted) return;
      if (status === 404) return this.#show({ phase: 'done', why: '' }); // forgotten by now, so it was done
      if (body?.phase === 'done') return this.#show({ phase: 'done', why: '', name: body.name, sha256: body.sha256 });
      if (body?.phase === 'failed') return this.#fail(body.why, 'failed');
      if (body?.phase === 'arriving' && body.offset < this.start.file.size) return;
      const why = status === 0 ? noAnswer() : '';
      this.#show({ why, unpacked: body?.unpacked ?? this.state.unpacked, rate: 0, secondsLeft: null, phase: 'finishing' });
      await this.world.wait(POLL_MS, signal);
    }
  }

  /** No answer or one that refuses. @param {TusAnswer} answer @param {AbortSignal} signal */
  async #refused({ status, body }, signal) {
    if (signal.aborted) return;
    const { code = '' } = body?.error ?? {};
    const message = refusalWords(body?.error) ?? t('app.refused', { status: String(status) });
    if (status === 401) this.#show({ phase: 'paused', code: 'session', why: t('media.upload.log-in'), rate: 0, secondsLeft: null });
    else if (status === 507) this.#show({ phase: 'paused', code: 'no-room', why: message, rate: 0, secondsLeft: null });
    else if (status === 0 || status === 423 || status === 429 || (status >= 500 && status !== 501)) {
      this.#show({ phase: 'waiting', why: status ? message : noAnswer(), rate: 0, secondsLeft: null });
      await this.#pause(signal);
      if (!signal.aborted) this.#show({ phase: 'sending', why: '' });
    } else this.#fail(message, code || String(status));
  }

  /** @param {AbortSignal} signal */
  async #pause(signal) {
    this.#meter.reset();
    await this.world.wait(this.#backoff.ended(0), signal);
  }

  /** @param {string} why @param {string} code */
  #fail(why, code) {
    this.#show({ phase: 'failed', why, code, rate: 0, secondsLeft: null });
  }

  /** @param {string} method @param {string} url @param {Record<string, string>} headers @param {AbortSignal} signal */
  #ask(method, url, headers, signal) {
    return this.world.send({ method, url, headers, signal });
  }

  /** @param {number} offset */
  #moved(offset) {
    this.#meter.add(this.world.now(), offset);
    const { rate } = this.#meter;
    this.#show({ phase: 'sending', why: '', offset, rate, secondsLeft: this.#meter.secondsFor(this.start.file.size - offset) });
  }

  /** @param {Partial<TusState>} change */
  #show(change) {
    this.state = { ...this.state, ...change };
    this.changed();
  }
}
