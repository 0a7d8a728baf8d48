/* The console of one target: puts screen, toolbar and status strip together, keeps what is known, and lets features plug
 * in (console_context.js, console_features.js). */

import { identity } from '../app/identity.js';
import { api, loginNeeded, SETUP_NEEDED } from '../api.js';
import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { go } from '../router.js';
import { ConsoleContext } from './console_context.js';
import { FEATURES } from './console_features.js';
import { ConsoleScreen } from './screen/console_screen.js';
import { ConsoleToolbar } from './console_toolbar.js';
import { keepInSight } from './phone_room.js';
import { NO_SEAT } from './seat/seat_feature.js';
import { StatusStrip } from './status_strip.js';

/** @typedef {import('./session/console_session.js').Report} Report */
/** @typedef {import('./session/connection.js').ConnectionState} ConnectionState */

export class ConsoleView extends HTMLElement {
  #target;
  #screen = new ConsoleScreen();
  #strip = new StatusStrip();
  #title = h('div', { class: 'bar-title' });
  #heading = h('h1');
  #stage = h('section', { class: 'stage', 'aria-label': t('console.screen') }, this.#screen);
  #extras = h('div', { class: 'strip-items' });
  #foot = h('div', { class: 'console-foot' });
  #toolbar = new ConsoleToolbar(() => this.#context.menu());
  #abort = new AbortController();
  #context;

  /** @type {import('./console_context.js').ConsoleState} */
  #state = {
    connection: { state: 'connecting', why: '' }, failure: '', mode: null, noPicture: null, info: null, power: null,
    seat: NO_SEAT, mayType: false, admitted: false, viewOnly: false, captured: false,
  };

  /** @param {string} target */
  constructor(target) {
    super();
    this.#target = target;
    const parts = { target, root: this, screen: this.#screen, strip: this.#strip, state: this.#state, signal: this.#abort.signal };
    this.#context = new ConsoleContext(parts, {
      changed: () => this.#show(),
      refresh: () => void this.#loadTarget(),
      addTool: (tool) => this.#toolbar.add(tool),
      add: (place, element) => this.#add(place, element),
    });
  }

  connectedCallback() {
    this.#showName();
    const label = t('console.all-targets');
    const back = h('a', { class: 'button quiet square', href: '#/', 'aria-label': label, title: label }, icon('back'));
    this.#title.append(back, this.#heading);
    this.replaceChildren(h('header', { class: 'bar' }, this.#title, this.#toolbar.element), this.#stage, this.#foot, this.#strip);
    this.#strip.insertBefore(this.#extras, this.#strip.lastElementChild);
    this.#screen.report = (report) => this.#report(report);
    this.#screen.left = () => this.#toolbar.focus();
    for (const plug of FEATURES) plug(this.#context);
    this.#toolbar.attach();
    keepInSight(this, this.#abort.signal);
    this.addEventListener('focusin', () => this.#show());
    this.addEventListener('focusout', () => this.#show());
    this.#screen.start(this.#target, this.#state.viewOnly);
    void this.#loadTarget();
    this.#show();
  }

  disconnectedCallback() {
    this.#abort.abort();
  }

  /** @param {import('./console_context.js').Place} place @param {HTMLElement} element */
  #add(place, element) {
    if (place === 'picture') return this.#screen.addLayer(element);
    ({ title: this.#title, strip: this.#extras, stage: this.#stage, foot: this.#foot })[place].append(element);
  }

  /** @param {Report} report */
  #report(report) {
    this.#know(report);
    this.#context.report(report);
  }

  /** @param {Report} report */
  #know(report) {
    const state = this.#state;
    switch (report.type) {
      case 'connection':
        return this.#connectionChanged(report.state);
      case 'failed':
        state.failure = report.why;
        return this.#show();
      case 'mode':
        state.mode = { width: report.width, height: report.height };
        state.noPicture = null;
        this.#strip.picture(state.mode, false);
        this.#show();
        return this.#screen.offerFocus(state.seat.mine);
      case 'painted':
        return this.#painted(report.exact);
      case 'no-picture':
        state.noPicture = report;
        this.#strip.picture(null, null);
        void this.#loadTarget();
        return this.#show();
      case 'trouble':
        this.#strip.picture(state.mode, false);
        return void notice(report.why, 'danger');
      case 'changed':
        if (report.target) void this.#loadRights();
        return void this.#loadTarget();
    }
  }

  /** @param {ConnectionState} connection */
  #connectionChanged(connection) {
    this.#state.connection = connection;
    if (connection.state !== 'open') this.#strip.picture(this.#state.mode, null);
    else void this.#loadTarget();
    if (connection.state === 'ended' && connection.reason === 'session') loginNeeded(connection.why);
    else if (connection.state === 'ended' && connection.reason === 'setup') window.dispatchEvent(new Event(SETUP_NEEDED));
    else this.#show();
  }

  /** @param {boolean} exact */
  #painted(exact) {
    this.#strip.picture(this.#state.mode, exact);
    if (!this.#state.noPicture) return;
    this.#state.noPicture = null;
    this.#show();
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
      const [info, power] = await Promise.all([api.target(this.#target), api.powerState(this.#target)]);
      this.#state.info = info;
      this.#state.power = power;
      this.#show();
    } catch {
      // The cover tells what is wrong with the connection; this is asked again when something changes.
    }
  }

  /** As the overview and the wall name it. */
  #showName() {
    const name = this.#state.info?.title || this.#target;
    setText(this.#heading, name);
    document.title = `${this.#heading.textContent} – lightsout`;
    this.#heading.title = name === this.#target ? '' : this.#target;
  }

  #show() {
    if (this.#abort.signal.aborted) return; // an answer that came when the console was left
    this.#showName();
    const state = this.#state;
    state.captured = this.#context.connected && state.admitted && this.#screen.contains(document.activeElement);
    this.dataset.captured = String(state.captured);
    this.#screen.input.setEnabled(state.admitted);
    this.#toolbar.show();
    this.#showCover();
    this.#context.tell();
  }

  #showCover() {
    const { connection, failure, noPicture, mode, info } = this.#state;
    this.#screen.cover.update(
      {
        connection,
        failure,
        noPicture: noPicture ?? (mode ? null : { signal: 'ok', why: '' }),
        picture: this.#screen.hasPicture,
        target: info,
        mayPower: this.#context.can('power'),
      },
      {
        retry: () => this.#screen.send({ type: 'retry' }),
        powerOn: () => this.#context.run('power-on'),
        back: () => go({ view: 'list' }),
        reload: () => location.reload(),
        openDongle: () => this.#context.run('usb-video', 'video'),
      },
    );
  }
}

customElements.define('console-view', ConsoleView);
