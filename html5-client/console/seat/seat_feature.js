/* Who types: what this page does about the seat, and what it shows and offers of it. */

import { t } from '../../parts/messages.js';
import { SeatIntent } from './seat_intent.js';
import { SeatRequests } from './seat_requests.js';

/** @typedef {import('../console_context.js').ConsoleContext} ConsoleContext */
/** @typedef {import('../session/protocol.js').Seats} Seats */

/** Before the gateway has told how it stands. @type {Seats} */
export const NO_SEAT = {
  type: 'seats', mine: false, shared: false, free: false, asking: false, mayType: false, mayTake: false, idle: false,
  viewers: 0, holder: 0, idleSeconds: 0, idleLimit: 0, name: '', askers: [],
};

/** @param {import('./seat_intent.js').Advice} advice @param {Seats} seat */
function adviceWords(advice, { name }) {
  if (advice === 'idle') return t('picture.seat-was-idle');
  if (advice === 'granted') return t('picture.seat-granted');
  return advice === 'lost' ? t('picture.seat-lost', { name: name || t('picture.somebody') }) : t('picture.seat-kept', { name: name || t('picture.holder') });
}

class SeatFeature {
  #context;
  #intent = new SeatIntent(false);
  #requests;

  /** @param {ConsoleContext} context */
  constructor(context) {
    this.#context = context;
    this.#requests = new SeatRequests((grant, request) => context.send({ type: 'seat-answer', grant, request }));
    context.on('welcome', (welcome) => {
      this.#intent.welcomed(welcome);
      this.#changed();
    });
    context.on('seats', (seat) => this.#told(seat));
    context.on('connection', ({ state }) => state.state !== 'open' && this.#lost());
    context.onChange(() => this.#show());
    context.strip.seatPressed = (action) => this.#decide(action);
    context.screen.pressed = () => this.#pressedPicture();
    context.addMenu('seat', () => this.#entries());
    context.signal.addEventListener('abort', () => this.#requests.show([]));
  }

  get #state() {
    return this.#context.state;
  }

  #lost() {
    this.#state.seat = NO_SEAT;
    this.#requests.show([]);
    this.#changed();
  }

  /** @param {Seats} seat */
  #told(seat) {
    this.#state.seat = seat;
    const advice = this.#intent.told(seat);
    if (advice === 'request') this.#context.send({ type: 'seat', action: 'request' });
    else if (advice) this.#context.notice(adviceWords(advice, seat));
    this.#requests.show(seat.mine ? seat.askers : []);
    this.#changed();
    this.#context.screen.offerFocus(seat.mine);
  }

  #changed() {
    const state = this.#state;
    const { seat, viewOnly } = state;
    state.mayType = seat.mayType || (viewOnly && this.#intent.mayType);
    state.admitted = !viewOnly && (seat.mine || (seat.shared && seat.mayType));
    this.#context.changed();
  }

  /** @param {import('../session/protocol.js').SeatAction} action */
  #decide(action) {
    this.#intent.decided(action === 'request' || action === 'take');
    this.#context.send({ type: 'seat', action });
    if (action !== 'release') this.#context.screen.focusPicture();
  }

  #pressedPicture() {
    const { seat, mayType, viewOnly } = this.#state;
    if (this.#context.connected && seat.free && mayType && !viewOnly) this.#decide('request');
  }

  /** @param {boolean} viewOnly */
  #setViewOnly(viewOnly) {
    this.#state.viewOnly = viewOnly;
    this.#intent.decided(false);
    this.#context.send({ type: 'view-only', viewOnly });
    this.#changed();
  }

  #show() {
    const { seat, mayType, viewOnly, captured, noPicture, mode } = this.#state;
    this.#context.strip.seat({ seat, connected: this.#context.connected, captured, mayType, viewOnly, picture: !noPicture && mode !== null, listed: this.#context.has('viewers') });
  }

  /** @returns {import('../../parts/menu.js').MenuEntry[]} what the strip has no room for */
  #entries() {
    const { seat, viewOnly } = this.#state;
    const answers = (seat.mine ? seat.askers : []).flatMap(({ number, name }) => [
      { label: t('picture.seat-give-to', { name }), run: () => this.#context.send({ type: 'seat-answer', grant: true, request: number }) },
      { label: t('picture.seat-refuse-to', { name }), run: () => this.#context.send({ type: 'seat-answer', grant: false, request: number }) },
    ]);
    const share = {
      label: t('picture.seat-share'), checked: seat.shared,
      run: () => this.#context.send({ type: 'seat', action: seat.shared ? 'exclusive' : 'share' }),
    };
    return [{ label: t('picture.seat-view-only'), checked: viewOnly, run: () => this.#setViewOnly(!viewOnly) }, ...(seat.mayTake ? [share] : []), ...answers];
  }
}

/** @type {import('../console_context.js').Feature} */
export const plugSeat = (context) => void new SeatFeature(context);
