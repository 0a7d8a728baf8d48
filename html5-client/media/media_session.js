/* One file that is a target's medium: its socket, its hellos, its reads. After a loss it comes back by itself with a
 * new ticket and the medium's id, until the gateway says that there is no point or the file is withdrawn. */

import { Backoff } from '../parts/backoff.js';
import { FileReads } from './file_reads.js';
import { MEDIA_SUBPROTOCOL, MediaProtocolError, buildBye, buildHello, FAIL_CHANGED, parseMessage } from './media_protocol.js';
import { t } from '../parts/messages.js';
import { refusalWords } from '../parts/words.js';

/** @typedef {import('./media_protocol.js').MediaHello} MediaHello */
/** @typedef {Pick<MediaHello, 'kind'|'overlay'|'writable'|'copy'|'bootOnce'|'rate'>} StreamOptions */
/**
 * @typedef {object} MediaStart
 * @property {string} target
 * @property {number} drive
 * @property {File} file
 * @property {StreamOptions} options
 * @property {string|null} id of a medium that is in and waits for this file
 */
/** @typedef {import('./media_protocol.js').MediaEnd|'right'|'target'|'withdrawn'} SessionEnd */
/**
 * sent: bytes that the gateway got. trouble: what is wrong with the file, 0 or a reason of FAIL.
 * @typedef {object} SessionState
 * @property {'connecting'|'serving'|'waiting'|'ended'} phase
 * @property {string} why sentence
 * @property {SessionEnd|null} end
 * @property {string|null} id
 * @property {number} sent
 * @property {number} copied
 * @property {boolean} complete the copy in the library is whole
 * @property {number} trouble
 */
/**
 * What the session needs of the world; tests bring their own.
 * @typedef {object} SessionWorld
 * @property {string} origin "https://host"
 * @property {(url: string, options: RequestInit) => Promise<Response>} fetch
 * @property {(url: string, protocol: string) => WebSocket} socket
 * @property {() => number} now milliseconds
 */

const lost = () => t('media.session.lost');
const noAnswer = () => t('media.session.no-answer');
const WELCOME_MS = 15000;
/** So long without a message, and the gateway is asked whether it still knows us. */
const SILENT_MS = 6000;
const REPORT_MS = 500;

/** @type {Partial<Record<number, SessionEnd>>} statuses after which another ticket would be refused too */
const FINAL = { 401: 'session', 403: 'right', 404: 'target' };

export class MediaSession {
  /** @type {SessionState} */
  state = { phase: 'connecting', why: '', end: null, id: null, sent: 0, copied: 0, complete: false, trouble: 0 };
  #backoff = new Backoff();
  /** @type {WebSocket|null} */
  #socket = null;
  /** @type {FileReads|null} */
  #reads = null;
  /** Requests that are not answered. @type {Set<number>} */
  #asked = new Set();
  #limits = { longest: 0, most: 0 };
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #reporting;
  /** When the present connection was ready; null: it is not. @type {number|null} */
  #readyAt = null;
  #heardAt = 0;
  #attempt = 0;
  #suspect = false;
  /** A hello was said that nobody answered: the medium may be in. */
  #unanswered = false;

  /** @param {MediaStart} start @param {(state: SessionState) => void} report @param {SessionWorld} world */
  constructor(start, report, world) {
    this.start = start;
    this.report = report;
    this.world = world;
    this.state.id = start.id;
    this.path = `${world.origin}/api/v1/targets/${encodeURIComponent(start.target)}`;
    this.connect();
  }

  get ended() {
    return this.state.phase === 'ended';
  }

  async connect() {
    if (this.ended) return;
    this.#drop();
    const attempt = ++this.#attempt;
    this.#show({ phase: 'connecting' });
    if (this.#unanswered && !this.state.id) await this.#findId();
    const ticket = await this.#ticket(attempt);
    if (ticket && attempt === this.#attempt && !this.ended) this.#open(ticket);
  }

  /** Does not wait for the next try. */
  retryNow() {
    if (this.ended || this.state.phase === 'serving') return;
    this.#backoff.reset();
    this.connect();
  }

  /** The user takes the file back; the medium stays in its drive and waits. */
  withdraw() {
    if (this.#readyAt !== null) this.#socket?.send(buildBye());
    this.#end('withdrawn', '');
  }

  /** @param {number} attempt @returns {Promise<string|null>} */
  async #ticket(attempt) {
    try {
      const options = { method: 'POST', signal: AbortSignal.timeout(WELCOME_MS) };
      const response = await this.world.fetch(`${this.path}/ticket?for=media`, options);
      const body = await response.json().catch(() => ({}));
      if (attempt !== this.#attempt) return null;
      if (response.ok) return body.ticket;
      const final = FINAL[response.status];
      const why = refusalWords(body.error);
      if (final) this.#end(final, why ?? '');
      else this.#lost(why ?? noAnswer());
    } catch {
      if (attempt === this.#attempt) this.#lost(noAnswer());
    }
    return null;
  }

  /** @param {string} ticket */
  #open(ticket) {
    const { file, drive, options } = this.start;
    const socket = this.world.socket(`${this.path.replace(/^http/, 'ws')}/media`, MEDIA_SUBPROTOCOL);
    const about = { id: this.state.id, size: file.size, modified: file.lastModified, name: file.name };
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#unanswered = true;
      socket.send(buildHello({ ticket, drive, ...about, ...options }));
    };
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = () => this.#lost(lost());
    this.#timer = setTimeout(() => this.#lost(noAnswer()), WELCOME_MS);
  }

  /** @param {unknown} data */
  #received(data) {
    this.#heardAt = this.world.now();
    this.#suspect = false;
    try {
      if (!(data instanceof ArrayBuffer)) throw new MediaProtocolError('A text message.');
      const message = parseMessage(data);
      if (message.type === 'end') return this.#told(message.reason, message.why);
      if (message.type === 'ready') return this.#ready(message);
      if (this.#readyAt === null) throw new MediaProtocolError('A message before READY.');
      if (message.type === 'read') return this.#wanted(message);
      this.#show({ copied: message.copied, complete: message.complete });
    } catch (error) {
      if (!(error instanceof MediaProtocolError)) throw error;
      this.#lost(t('media.session.unreadable', { why: error.message }));
    }
  }

  /** @param {{longest: number, most: number, id: string}} message */
  #ready({ longest, most, id }) {
    if (this.#readyAt !== null) throw new MediaProtocolError('READY twice.');
    clearTimeout(this.#timer);
    this.#readyAt = this.world.now();
    this.#unanswered = false;
    this.#limits = { longest, most };
    this.#reads = new FileReads(this.start.file, (bytes) => this.#answer(bytes), (reason) => this.#show({ trouble: reason }));
    this.#show({ phase: 'serving', why: '', id });
    this.#watch();
  }

  /** @param {import('./file_reads.js').Wanted} wanted */
  #wanted(wanted) {
    const { request, offset, length } = wanted;
    const { longest, most } = this.#limits;
    if (!length || length > longest || offset + length > this.start.file.size) throw new MediaProtocolError('READ out of range.');
    if (this.#asked.has(request) || this.#asked.size >= most) throw new MediaProtocolError('READ too often.');
    this.#asked.add(request);
    this.#reads?.ask(wanted);
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes DATA or FAIL */
  #answer(bytes) {
    this.#asked.delete(new DataView(bytes.buffer).getUint32(4, true));
    this.#socket?.send(bytes);
    if (bytes[0] !== 0x02) return;
    this.state.sent += bytes.length - 8;
    this.#reporting ??= setTimeout(() => this.#show({ trouble: this.state.trouble === FAIL_CHANGED ? FAIL_CHANGED : 0 }), REPORT_MS);
  }

  /** Sockets die silently: who hears nothing asks over REST whether the gateway still knows this connection. */
  #watch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), SILENT_MS);
  }

  async #check() {
    const attempt = this.#attempt;
    const link = this.world.now() - this.#heardAt < SILENT_MS ? 'good' : await this.#link();
    if (attempt !== this.#attempt || this.state.phase !== 'serving') return;
    if (link === 'good') this.#suspect = false;
    else if (this.#suspect) return this.#lost(lost());
    else this.#suspect = link !== null;
    this.#watch();
  }

  /** @returns {Promise<string|null>} how the gateway finds our medium's link; null: it did not say */
  async #link() {
    return (await this.#drives()).find(({ id }) => id === this.state.id)?.link ?? null;
  }

  /** READY was lost on its way: what waits in our drive is ours. */
  async #findId() {
    const { file, drive } = this.start;
    const ours = (await this.#drives()).find(({ index }) => index === drive);
    const same = ours?.origin === 'stream' && ours.link !== 'good' && ours.medium === file.name && ours.size === file.size;
    if (same) this.state.id = ours.id;
  }

  /** @returns {Promise<import('../api.js').Drive[]>} */
  async #drives() {
    try {
      const response = await this.world.fetch(`${this.path}/drives`, { cache: 'no-store', signal: AbortSignal.timeout(WELCOME_MS) });
      return response.ok ? (await response.json()).drives : [];
    } catch {
      return [];
    }
  }

  /** @param {import('./media_protocol.js').MediaEnd} reason @param {string} why */
  #told(reason, why) {
    if (reason === 'stopping') this.#lost(why || lost());
    else this.#end(reason, why);
  }

  /** @param {string} why */
  #lost(why) {
    if (this.ended) return;
    const lived = this.#readyAt === null ? 0 : this.world.now() - this.#readyAt;
    this.#drop();
    this.#attempt++;
    this.#show({ phase: 'waiting', why });
    this.#timer = setTimeout(() => this.connect(), this.#backoff.ended(lived));
  }

  /** @param {SessionEnd} end @param {string} why */
  #end(end, why) {
    if (this.ended) return;
    this.#attempt++;
    this.#drop();
    this.#show({ phase: 'ended', end, why });
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#readyAt = null;
    this.#suspect = false;
    this.#asked.clear();
    this.#reads?.stop();
    this.#reads = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {Partial<SessionState>} change */
  #show(change) {
    clearTimeout(this.#reporting);
    this.#reporting = undefined;
    this.state = { ...this.state, ...change };
    this.report(this.state);
  }
}
