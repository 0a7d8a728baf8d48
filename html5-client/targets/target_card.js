/* One target in the overview: picture, name, how it is, who is there, what happened last, the way to its console, and its
 * power for who may switch it. */

import { api } from '../api.js';
import { identity } from '../app/identity.js';
import { powerEntries } from '../console/power_menu.js';
import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { hashOf } from '../router.js';
import { Thumbnail } from './thumbnail.js';
import { gatewayNow } from '../parts/gateway_clock.js';
import { attachMenu } from '../parts/menu.js';
import { agoWords, eventWords, healthWords } from './target_words.js';
import { powerWords, signalReason, signalWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('../api.js').Target} Target */

export class TargetCard extends HTMLElement {
  /** @type {Thumbnail|null} */
  #thumbnail = null;
  #image = h('img', { alt: '', hidden: true });
  #reason = h('div', { class: 'reason' });
  #link = h('a', { 'data-card': true });
  #heading = h('h3', {}, this.#link);
  #name = h('span', { class: 'mono' });
  /** @type {HTMLElement} a button with a menu for who may switch it */
  #power = h('span', { class: 'chip' });
  #recording = h('span', { class: 'chip card-recording', 'data-tone': 'danger', hidden: true }, t('targets.recording'));
  #health = h('p', { class: 'card-health small' });
  #viewers = h('span');
  #seat = h('span');
  #mode = h('span');
  #media = h('span');
  #last = h('p', { class: 'card-last small dim' });
  #pictureReason = /** @type {string|null} */ (null);
  /** @type {Target|null} */
  #target = null;

  /** Of its name, for those who go from heading to heading: one below its group's. @param {number} level */
  set level(level) {
    this.#heading.setAttribute('aria-level', String(level));
  }

  /** @param {Target} target */
  show(target) {
    const first = !this.#target;
    this.#target = target;
    if (first) this.#build(target.name);
    setText(this.#link, target.title || target.name);
    setText(this.#name, target.title ? target.name : '');
    const { text, tone } = powerWords(target.power);
    setText(this.#power, text);
    this.#power.dataset.tone = tone;
    if (this.#power instanceof HTMLButtonElement) this.#power.setAttribute('aria-label', t('targets.power', { name: target.name, state: text }));
    this.#recording.hidden = !target.recording;
    setText(this.#viewers, target.viewers ? t('targets.viewers', { count: target.viewers }) : '');
    setText(this.#seat, target.seat.shared ? t('targets.shared') : target.seat.holder ? t('targets.types', { who: target.seat.holder }) : '');
    setText(this.#mode, target.mode && target.signal.name === 'ok' ? `${target.mode.width} × ${target.mode.height}` : '');
    const media = target.drives.filter((drive) => drive.phase === 'inserted').map((drive) => drive.medium);
    setText(this.#media, media.join(', '));
    this.#thumbnail?.setSignal(target.signal.name === 'ok');
    this.#showHealth(target);
    this.#showReason();
  }

  connectedCallback() {
    if (this.#target && !this.#thumbnail) this.#watch(this.#target);
  }

  disconnectedCallback() {
    this.#thumbnail?.stop();
    this.#thumbnail = null;
  }

  /** @param {string} name */
  #build(name) {
    if (identity.can('power', name)) this.#power = h('button', { type: 'button', class: 'chip', 'data-act': true });
    this.#link.setAttribute('href', hashOf({ view: 'console', target: name }));
    this.append(
      h('div', { class: 'shot' }, this.#image, this.#reason),
      h(
        'div',
        { class: 'card-body' },
        h('div', { class: 'card-line' }, this.#heading, h('span', { class: 'spring' }), this.#recording, this.#power),
        this.#health,
        h('div', { class: 'card-facts' }, this.#name, this.#viewers, this.#seat, this.#mode, this.#media),
        this.#last,
      ),
    );
    if (this.#power instanceof HTMLButtonElement) attachMenu(this.#power, () => this.#powerMenu(name));
    if (this.isConnected && this.#target) this.#watch(this.#target);
  }

  /** As it is now: the list does not tell what the next start is from. @param {string} target */
  async #powerMenu(target) {
    const power = await api.powerState(target).catch(() => null); // what is then chosen says why
    return powerEntries({ target, power, changed: ({ state }) => this.#target && this.show({ ...this.#target, power: state }) });
  }

  /** @param {Target} target */
  #watch({ name, signal }) {
    this.#thumbnail = new Thumbnail(name, this.#image, (reason) => {
      this.#pictureReason = reason;
      this.#showReason();
    });
    this.#thumbnail.setSignal(signal.name === 'ok');
  }

  /** @param {Target} target */
  #showHealth({ health, last_event: last }) {
    const state = health?.state ?? 'ok';
    this.dataset.health = state;
    const bad = state === 'warn' || state === 'danger';
    this.#health.dataset.tone = bad ? state : '';
    setText(this.#health, bad ? healthWords(health) : '');
    setText(this.#last, last ? t('targets.last', { ago: agoWords(last.time * 1000, gatewayNow()), what: eventWords(last) }) : '');
    this.#link.title = [this.#link, this.#health, this.#last].map((line) => line.textContent).filter(Boolean).join('\n'); // a card cuts long lines
  }

  #showReason() {
    if (!this.#target) return;
    const { signal, vm } = this.#target;
    const failed = vm?.state === 'failed';
    this.#reason.hidden = !this.#image.hidden;
    if (this.#reason.hidden) return;
    const heading = failed ? t('targets.not-started') : signalWords(signal.name);
    const why = (failed && vm?.why) || signalReason(signal.name, signal.why || this.#pictureReason || '');
    if (this.#reason.dataset.text === heading + why) return;
    this.#reason.dataset.text = heading + why;
    this.#reason.replaceChildren(
      icon(failed ? 'warn' : signal.name === 'ok' || signal.name === 'starting' ? 'wait' : 'screenOff'),
      h('strong', {}, heading),
      h('span', {}, why === heading ? '' : why),
    );
  }
}

customElements.define('target-card', TargetCard);
