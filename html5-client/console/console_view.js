/* The console of one target: puts screen, toolbar and status strip together and keeps what they share. */

import { api, loginNeeded, SETUP_NEEDED, sentence } from '../api.js';
import { chordUsages } from './chords.js';
import { ConsoleScreen } from './console_screen.js';
import { ConsoleToolbar } from './console_toolbar.js';
import { DongleDialog } from '../dongle/dongle_dialog.js';
import { attachDrop } from '../parts/drop_zone.js';
import { download, shotName } from '../parts/download.js';
import { h, setText } from '../parts/dom.js';
import { FiguresPanel } from './figures_panel.js';
import { toggleFullscreen } from './fullscreen.js';
import { openHelpDialog } from './help_dialog.js';
import { icon } from '../parts/icons.js';
import { identity } from '../app/identity.js';
import { notice } from '../parts/notices.js';
import { openPasteDialog } from './paste_dialog.js';
import { act, powerEntries } from './power_menu.js';
import { RepickOffer } from '../media/repick.js';
import { go } from '../router.js';
import { SeatIntent } from './seat_intent.js';
import { SeatRequests } from './seat_requests.js';
import { StatusStrip } from './status_strip.js';
import { UsbOffer } from '../dongle/usb_offer.js';
import { powerWords } from '../parts/words.js';

/** @typedef {import('./console_session.js').Report} Report */
/** @typedef {import('./connection.js').ConnectionState} ConnectionState */

/** @typedef {import('./protocol.js').Seats} Seats */

/** Before the gateway has told how it stands. @type {Seats} */
const NO_SEAT = {
  type: 'seats', mine: false, shared: false, free: false, asking: false, mayType: false, mayTake: false, idle: false,
  viewers: 0, holder: 0, idleSeconds: 0, idleLimit: 0, name: '', askers: [],
};

/** Fifteen modules, 19 KB, that the first picture does not wait for. */
const mediaDialog = () => import('../media/media_dialog.js');
const MEDIA_AFTER_MS = 1500;

/** @param {import('./seat_intent.js').Advice} advice @param {Seats} seat */
function adviceWords(advice, { name }) {
  if (advice === 'idle') return 'You did nothing for a while, so the keyboard is free again. Click the picture to take it.';
  if (advice === 'granted') return 'You have the keyboard.';
  return advice === 'lost' ? `${name || 'Somebody'} has the keyboard now.` : `${name || 'The holder'} keeps the keyboard.`;
}

export class ConsoleView extends HTMLElement {
  #target;
  #screen = new ConsoleScreen();
  #strip = new StatusStrip();
  #figures = new FiguresPanel({
    close: () => this.#showFigures(false),
    tint: (on) => this.#screen.send({ type: 'tint', on }),
  });
  #power = h('span', { class: 'chip' });
  /** @type {ConsoleToolbar} */
  #toolbar;
  #abort = new AbortController();

  /** @type {ConnectionState} */
  #connection = { state: 'connecting', why: '' };
  #failure = '';
  /** @type {{width: number, height: number}|null} */
  #mode = null;
  /** @type {{signal: import('./protocol.js').SignalName, why: string}|null} */
  #noPicture = null;
  /** @type {import('../api.js').Target|null} */
  #info = null;
  /** @type {import('../api.js').Power|null} */
  #powerState = null;
  #intent = new SeatIntent(false);
  #seat = NO_SEAT;
  #requests = new SeatRequests((grant, request) => this.#screen.send({ type: 'seat-answer', grant, request }));
  #viewOnly = false;
  #targetAbsolute = true;
  #userRelative = false;
  /** @type {import('../media/media_dialog.js').MediaDialog|null} */
  #media = null;
  /** @type {DongleDialog|null} */
  #dongle = null;
  #offer;
  #repick;

  /** @param {string} target */
  constructor(target) {
    super();
    this.#target = target;
    this.#offer = new UsbOffer(target, () => this.#targetChanged());
    this.#repick = new RepickOffer(target);
    attachDrop(this, () => identity.can('media', this.#target) || identity.can('library'), (dropped) => void this.#openMedia(dropped));
    this.#toolbar = new ConsoleToolbar({
      chord: (chord) => this.#press(chord),
      paste: () => openPasteDialog(this.#target),
      media: () => void this.#openMedia(),
      power: () => powerEntries(this.#powerFacts()),
      size: () => this.#screen.mode,
      setSize: (mode) => this.#screen.setMode(mode),
      fullscreen: () => this.#fullscreen(),
      more: () => this.#moreEntries(),
    });
  }

  connectedCallback() {
    document.title = `${this.#target} – lightsout`;
    const back = h('a', { class: 'button quiet square', href: '#/', 'aria-label': 'All targets', title: 'All targets' }, icon('back'));
    const title = h('div', { class: 'bar-title' }, back, h('h1', {}, this.#target), this.#power);
    this.replaceChildren(
      h('header', { class: 'bar' }, title, this.#toolbar.element),
      h('section', { class: 'stage', 'aria-label': 'Screen' }, this.#screen, this.#figures.element),
      this.#strip,
    );
    this.#screen.report = (report) => this.#report(report);
    this.#screen.left = () => this.#toolbar.focus();
    this.#screen.pressed = () => this.#pressedPicture();
    this.#screen.pasted = (text) => this.#admitted && openPasteDialog(this.#target, text);
    this.#strip.figuresPressed = () => this.#showFigures(!this.#figures.open);
    this.#strip.seatPressed = (action) => this.#decideSeat(action);
    this.addEventListener('focusin', () => this.#showSeat());
    this.addEventListener('focusout', () => this.#showSeat());
    window.addEventListener('hashchange', () => document.fullscreenElement && document.exitFullscreen(), { signal: this.#abort.signal });
    this.#screen.start(this.#target, this.#viewOnly);
    this.#loadTarget();
    this.#show();
    setTimeout(() => mediaDialog().catch(() => {}), MEDIA_AFTER_MS); // there when the network is not
  }

  disconnectedCallback() {
    this.#offer.remove();
    this.#repick.remove();
    this.#requests.show([]);
    this.#abort.abort();
  }

  /** @param {Report} report */
  #report(report) {
    switch (report.type) {
      case 'connection':
        return this.#connectionChanged(report.state);
      case 'failed':
        this.#failure = report.why;
        return this.#show();
      case 'welcome':
        this.#intent.welcomed(report);
        return this.#show();
      case 'mode':
        this.#mode = { width: report.width, height: report.height };
        this.#noPicture = null;
        this.#strip.picture(this.#mode, false);
        this.#show();
        return this.#offerFocus();
      case 'painted':
        return this.#painted(report.exact);
      case 'no-picture':
        this.#noPicture = report;
        this.#strip.picture(null, null);
        this.#loadTarget();
        return this.#show();
      case 'seats':
        return this.#seatChanged(report);
      case 'leds':
        return this.#strip.leds(report);
      case 'pointer-mode':
        this.#targetAbsolute = report.absolute;
        return this.#showPointer();
      case 'figures':
        return this.#strip.figures(report.figures);
      case 'stages':
        return this.#figures.update(report.stages);
      case 'trouble':
        this.#strip.picture(this.#mode, false);
        return notice(report.why, 'danger');
      case 'changed':
        if (report.drives) this.#media?.refresh();
        if (report.target) void this.#loadRights();
        return this.#targetChanged();
    }
  }

  /** @param {boolean} open */
  #showFigures(open) {
    const focus = this.#figures.show(open);
    this.#strip.figuresOpen(open, focus);
    this.#screen.send({ type: 'watch', on: open });
  }

  /** @param {ConnectionState} state */
  #connectionChanged(state) {
    this.#connection = state;
    if (state.state !== 'open') {
      this.#seat = NO_SEAT;
      this.#requests.show([]);
      this.#strip.figures(null);
      this.#strip.picture(this.#mode, null);
    } else this.#loadTarget();
    if (state.state === 'ended' && state.reason === 'session') loginNeeded(state.why);
    else if (state.state === 'ended' && state.reason === 'setup') window.dispatchEvent(new Event(SETUP_NEEDED));
    else this.#show();
  }

  /** @param {boolean} exact */
  #painted(exact) {
    this.#strip.picture(this.#mode, exact);
    if (!this.#noPicture) return;
    this.#noPicture = null;
    this.#show();
  }

  /** @param {Seats} seat */
  #seatChanged(seat) {
    this.#seat = seat;
    const advice = this.#intent.told(seat);
    if (advice === 'request') this.#screen.send({ type: 'seat', action: 'request' });
    else if (advice) notice(adviceWords(advice, seat));
    this.#requests.show(seat.mine ? seat.askers : []);
    this.#show();
    this.#offerFocus();
  }

  /** Who may type can do so at once, unless the focus is somewhere on purpose. */
  #offerFocus() {
    if (this.#seat.mine && document.activeElement === document.body) this.#screen.focusPicture();
  }

  /** @param {import('./protocol.js').SeatAction} action */
  #decideSeat(action) {
    this.#intent.decided(action === 'request' || action === 'take');
    this.#screen.send({ type: 'seat', action });
    if (action !== 'release') this.#screen.focusPicture();
  }

  #pressedPicture() {
    const free = this.#connection.state === 'open' && this.#seat.free;
    if (free && this.#mayType && !this.#viewOnly) this.#decideSeat('request');
  }

  get #mayType() {
    return this.#seat.mayType || (this.#viewOnly && this.#intent.mayType);
  }

  /** This page's keys go to the target. */
  get #admitted() {
    return !this.#viewOnly && (this.#seat.mine || (this.#seat.shared && this.#seat.mayType));
  }

  /** @param {boolean} viewOnly */
  #setViewOnly(viewOnly) {
    this.#viewOnly = viewOnly;
    this.#intent.decided(false);
    this.#screen.send({ type: 'view-only', viewOnly });
    this.#show();
  }

  #showPointer() {
    this.#screen.input.setAbsolute(this.#targetAbsolute && !this.#userRelative);
  }

  /** @param {import('./chords.js').Chord} chord */
  #press(chord) {
    this.#screen.input.keyboard.press(chordUsages(chord));
    this.#screen.focusPicture();
  }

  /** @param {import('../media/dropped_files.js').Dropped} [dropped] */
  async #openMedia(dropped) {
    try {
      const { MediaDialog } = await mediaDialog();
      if (!this.isConnected) return;
      const dialog = this.#media ?? new MediaDialog(this.#target, () => (this.#media = null));
      if (!this.#media) dialog.open();
      this.#media = dialog;
      if (dropped) dialog.take(dropped);
    } catch {
      notice('The gateway does not answer: the dialog could not be loaded.', 'danger');
    }
  }

  /** @param {'usb'|'video'} first */
  #openDongle(first) {
    this.#dongle = new DongleDialog(this.#target, this.#info, first, () => (this.#dongle = null));
    this.#dongle.open();
  }

  async #fullscreen() {
    try {
      await toggleFullscreen(this);
      this.#screen.focusPicture();
    } catch {
      notice('This browser does not allow full screen here.', 'danger');
    }
  }

  async #screenshot() {
    try {
      download(await api.screenshot(this.#target, 'format=png'), shotName(this.#target, new Date()));
    } catch (error) {
      notice(sentence(error), 'danger');
    }
  }

  /** @returns {import('../parts/menu.js').MenuEntry[]} */
  #moreEntries() {
    const relative = {
      label: 'Relative mouse',
      checked: this.#userRelative || !this.#targetAbsolute,
      disabled: !this.#targetAbsolute,
      run: () => {
        this.#userRelative = !this.#userRelative;
        this.#showPointer();
      },
    };
    const viewOnly = { label: 'View only', checked: this.#viewOnly, run: () => this.#setViewOnly(!this.#viewOnly) };
    return [
      relative,
      viewOnly,
      ...this.#seatEntries(),
      'line',
      ...(this.#info?.usb || this.#info?.capture ? [{ label: 'USB & video …', run: () => this.#openDongle('usb') }] : []),
      { label: 'Save screenshot', run: () => void this.#screenshot() },
      { label: 'Keyboard and mouse …', run: openHelpDialog },
    ];
  }

  /** @returns {import('../parts/menu.js').MenuEntry[]} what the strip has no room for */
  #seatEntries() {
    const { mine, shared, mayTake, askers } = this.#seat;
    const answers = (mine ? askers : []).flatMap(({ number, name }) => [
      { label: `Give the keyboard to ${name}`, run: () => this.#screen.send({ type: 'seat-answer', grant: true, request: number }) },
      { label: `Refuse it to ${name}`, run: () => this.#screen.send({ type: 'seat-answer', grant: false, request: number }) },
    ]);
    const share = { label: 'Shared keyboard', checked: shared, run: () => this.#screen.send({ type: 'seat', action: shared ? 'exclusive' : 'share' }) };
    return [...(mayTake ? [share] : []), ...answers];
  }

  #powerFacts() {
    const changed = (/** @type {import('../api.js').Power} */ power) => {
      this.#powerState = power;
      this.#showPower(power.state);
    };
    return { target: this.#target, power: this.#powerState, changed };
  }

  #targetChanged() {
    this.#dongle?.refresh();
    this.#loadTarget();
  }

  /** They may be others now. */
  async #loadRights() {
    try {
      identity.set(await api.session());
      this.#show();
    } catch {
      // The cover tells what is wrong with the connection.
    }
  }

  async #loadTarget() {
    try {
      [this.#info, this.#powerState] = await Promise.all([api.target(this.#target), api.powerState(this.#target)]);
      this.#showPower(this.#info.power);
      this.#offer.show(this.#info.usb ?? null);
      this.#repick.show(this.#info.drives);
      this.#show();
    } catch {
      // The cover tells what is wrong with the connection; this is asked again when something changes.
    }
  }

  /** @param {import('../api.js').Target['power']} power */
  #showPower(power) {
    const { text, tone } = powerWords(power);
    setText(this.#power, text);
    this.#power.dataset.tone = tone;
  }

  #showSeat() {
    const connected = this.#connection.state === 'open';
    const captured = this.#admitted && this.#screen.contains(document.activeElement);
    this.#strip.seat({
      seat: this.#seat, connected, captured, mayType: this.#mayType, viewOnly: this.#viewOnly,
      picture: !this.#noPicture && this.#mode !== null,
    });
    this.dataset.captured = String(captured);
  }

  #show() {
    this.#screen.input.setEnabled(this.#admitted);
    this.#toolbar.allow({ input: this.#admitted, power: identity.can('power', this.#target) });
    this.#showSeat();
    this.#screen.cover.update(
      {
        connection: this.#connection,
        failure: this.#failure,
        noPicture: this.#noPicture ?? (this.#mode ? null : { signal: 'ok', why: '' }),
        picture: this.#screen.hasPicture,
        target: this.#info,
        mayPower: identity.can('power', this.#target),
      },
      {
        retry: () => this.#screen.send({ type: 'retry' }),
        powerOn: () => void act('on', this.#powerFacts()),
        back: () => go({ view: 'list' }),
        reload: () => location.reload(),
        openDongle: () => this.#openDongle('video'),
      },
    );
  }
}

customElements.define('console-view', ConsoleView);
