/* The console's socket: ticket, HELLO, then messages; after a loss it comes back by itself until it is told to stop or
 * the gateway says that there is no point. */

import { Backoff } from '../../parts/backoff.js';
import { base } from '../../base.js';
import { t } from '../../parts/messages.js';
import { refusalWords } from '../../parts/words.js';
import { buildHello } from './message_builders.js';
import { parseMessage } from './message_parser.js';
import { ProtocolError, SUBPROTOCOL } from './protocol.js';

/** @typedef {import('./protocol.js').ServerMessage} ServerMessage */
/**
 * @typedef {{state: 'open'}
 *   | {state: 'connecting', why: string}
 *   | {state: 'waiting', why: string, retryMs: number}
 *   | {state: 'ended', reason: 'session'|'right'|'target'|'setup', why: string}} ConnectionState
 */
/**
 * @typedef {object} ConnectionEvents
 * @property {(state: ConnectionState) => void} changed
 * @property {(message: ServerMessage, received: number) => void} message received: performance.now()
 */

/** @type {Record<string, 'session'|'right'|'target'>} ends after which trying again is useless */
const FINAL = { session: 'session', right: 'right', target: 'target' };
const LOST = 'picture.lost';
const NO_ANSWER = 'picture.no-answer';
const WELCOME_MS = 10000;

export class Connection {
  #backoff = new Backoff();
  /** @type {WebSocket|null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #stopped = false;
  #openedAt = 0;
  #attempt = 0;
  /** What ended the connection before this one; '' when there was none. */
  #why = '';

  /**
   * @param {string} target
   * @param {() => Omit<import('./protocol.js').Hello, 'ticket'>} hello asked at each connection
   * @param {ConnectionEvents} events
   */
  constructor(target, hello, events) {
    this.path = `${base}/api/v1/targets/${encodeURIComponent(target)}`;
    this.hello = hello;
    this.events = events;
  }

  get open() {
    return this.#openedAt > 0;
  }

  /** Bytes that wait in the browser because the link does not take them. */
  get waiting() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** @param {Uint8Array<ArrayBuffer>} message dropped when there is no connection */
  send(message) {
    if (this.open) this.#socket?.send(message);
  }

  async connect() {
    clearTimeout(this.#timer);
    this.#drop();
    const attempt = ++this.#attempt;
    this.events.changed({ state: 'connecting', why: this.#why });
    const ticket = await this.#ticket();
    if (ticket && attempt === this.#attempt && !this.#stopped) this.#start(ticket);
  }

  /** Does not wait for the next try: the network is back, or somebody pressed the button. */
  retryNow() {
    if (this.#stopped || this.open) return;
    this.#backoff.reset();
    this.connect();
  }

  /** Gives the present connection up, as dead, and makes a new one. @param {string} [why] */
  restart(why = t(LOST)) {
    if (!this.#stopped) this.#lost(why);
  }

  stop() {
    this.#stopped = true;
    this.#attempt++;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** @returns {Promise<string|null>} */
  async #ticket() {
    const attempt = this.#attempt;
    try {
      const response = await fetch(`${this.path}/ticket`, { method: 'POST', signal: AbortSignal.timeout(WELCOME_MS) });
      const body = await response.json();
      if (attempt !== this.#attempt) return null;
      if (!response.ok) this.#refused(response.status, body?.error);
      else if (typeof body?.ticket === 'string') return body.ticket;
      else this.#lost(t(NO_ANSWER));
    } catch {
      if (attempt === this.#attempt) this.#lost(t(NO_ANSWER));
    }
    return null;
  }

  /** @param {number} status @param {import('../../parts/words.js').Refusal} [error] */
  #refused(status, error) {
    const message = refusalWords(error) ?? t(NO_ANSWER);
    if (error?.code === 'needs-setup') this.#end('setup', message);
    else if (status === 401) this.#end('session', ''); // what it says is for who never was logged in
    else if (status === 403) this.#end('right', message);
    else if (status === 404) this.#end('target', message);
    else this.#lost(message);
  }

  /** @param {string} ticket */
  #start(ticket) {
    const url = new URL(`${this.path}/console`, location.href);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    const socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(buildHello({ ...this.hello(), ticket }));
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = () => this.#lost(t(LOST));
    this.#timer = setTimeout(() => this.#lost(t(NO_ANSWER)), WELCOME_MS);
  }

  /** @param {unknown} data */
  #received(data) {
    const now = performance.now();
    try {
      if (!(data instanceof ArrayBuffer)) throw new ProtocolError('A text message.');
      const message = parseMessage(data);
      if (message.type === 'end') return this.#told(message.reason, message.why);
      if (message.type === 'welcome') this.#welcomed(now);
      else if (!this.open) throw new ProtocolError('A message before WELCOME.');
      this.events.message(message, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#lost(t('picture.unreadable', { why: error.message }));
    }
  }

  /** @param {number} now */
  #welcomed(now) {
    clearTimeout(this.#timer);
    this.#openedAt = now;
    this.events.changed({ state: 'open' });
  }

  /** @param {import('./protocol.js').EndReason} reason @param {string} why */
  #told(reason, why) {
    if (FINAL[reason]) this.#end(FINAL[reason], why);
    else this.#lost(why || t(LOST));
  }

  /** @param {string} why */
  #lost(why) {
    const lived = this.open ? performance.now() - this.#openedAt : 0;
    this.#drop();
    if (this.#stopped) return;
    this.#why = why;
    const retryMs = this.#backoff.ended(lived);
    this.events.changed({ state: 'waiting', why, retryMs });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), retryMs);
  }

  /** @param {'session'|'right'|'target'|'setup'} reason @param {string} why */
  #end(reason, why) {
    this.stop();
    this.events.changed({ state: 'ended', reason, why });
  }

  #drop() {
    this.#openedAt = 0;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
