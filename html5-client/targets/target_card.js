/* One target in the list: picture, power, who is there, and the way to its console. */

import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { hashOf } from '../router.js';
import { Thumbnail } from './thumbnail.js';
import { powerWords, signalWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('../api.js').Target} Target */

export class TargetCard extends HTMLElement {
  /** @type {Thumbnail|null} */
  #thumbnail = null;
  #image = h('img', { alt: '', hidden: true });
  #reason = h('div', { class: 'reason' });
  #power = h('span', { class: 'chip' });
  #viewers = h('span');
  #seat = h('span');
  #mode = h('span');
  #media = h('span');
  #pictureReason = /** @type {string|null} */ (null);
  /** @type {Target|null} */
  #target = null;

  /** @param {Target} target */
  show(target) {
    const first = !this.#target;
    this.#target = target;
    if (first) this.#build(target.name);
    const { text, tone } = powerWords(target.power);
    setText(this.#power, text);
    this.#power.dataset.tone = tone;
    setText(this.#viewers, target.viewers ? t('targets.viewers', { count: target.viewers }) : t('targets.nobody'));
    setText(this.#seat, target.seat.shared ? t('targets.shared') : target.seat.holder ? t('targets.types', { who: target.seat.holder }) : '');
    setText(this.#mode, target.mode && target.signal.name === 'ok' ? `${target.mode.width} × ${target.mode.height}` : '');
    const media = target.drives.filter((drive) => drive.phase === 'inserted').map((drive) => drive.medium);
    setText(this.#media, media.join(', '));
    this.#thumbnail?.setSignal(target.signal.name === 'ok');
    this.#showReason();
  }

  disconnectedCallback() {
    this.#thumbnail?.stop();
  }

  /** @param {string} name */
  #build(name) {
    const shot = h('div', { class: 'shot' }, this.#image, this.#reason);
    this.append(
      shot,
      h(
        'div',
        { class: 'card-body' },
        h('div', { class: 'card-line' }, h('h2', {}, h('a', { href: hashOf({ view: 'console', target: name }) }, name)), this.#power),
        h('div', { class: 'card-facts' }, this.#viewers, this.#seat, this.#mode, this.#media),
      ),
    );
    this.#thumbnail = new Thumbnail(name, this.#image, (reason) => {
      this.#pictureReason = reason;
      this.#showReason();
    });
  }

  #showReason() {
    if (!this.#target) return;
    const { signal, vm } = this.#target;
    const failed = vm?.state === 'failed';
    this.#reason.hidden = !this.#image.hidden;
    if (this.#reason.hidden) return;
    const heading = failed ? t('targets.not-started') : signalWords(signal.name);
    const why = (failed && vm?.why) || signal.why || this.#pictureReason || '';
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
