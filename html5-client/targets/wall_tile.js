/* One live screen of the wall, and the way to its console. */

import { ConsoleScreen } from '../console/screen/console_screen.js';
import { h, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { powerWords, signalReason, signalWords } from '../parts/words.js';
import { go, hashOf } from '../router.js';

/** @typedef {import('../api.js').Target} Target */

export class WallTile extends HTMLElement {
  #screen = new ConsoleScreen();
  #link;
  #power = h('span', { class: 'chip' });
  #recording = h('span', { class: 'chip', 'data-tone': 'danger', hidden: true });
  #reason = h('p', { class: 'wall-reason' });

  /** @param {string} target */
  constructor(target) {
    super();
    this.target = target;
    this.#link = h('a', { href: hashOf({ view: 'console', target }) });
  }

  connectedCallback() {
    if (this.#screen.isConnected) return;
    this.setAttribute('role', 'listitem');
    setText(this.#recording, t('targets.recording'));
    this.#screen.inert = true; // seen, never used here
    this.replaceChildren(this.#screen, this.#reason, h('div', { class: 'wall-bar' }, this.#link, h('span', { class: 'spring' }), this.#recording, this.#power));
    this.#screen.report = (report) => {
      if (report.type === 'no-picture') setText(this.#reason, signalReason(report.signal, report.why) || signalWords(report.signal));
      else if (report.type === 'mode' || report.type === 'painted') setText(this.#reason, '');
      else if (report.type === 'connection' && report.state.state === 'ended') setText(this.#reason, report.state.why);
    };
    this.#screen.start(this.target, true);
  }

  /** @param {Target} target @param {number} number its key */
  show(target, number) {
    setText(this.#link, target.title || target.name);
    this.#link.title = t('wall.open', { name: target.title || target.name, number });
    const { text, tone } = powerWords(target.power);
    setText(this.#power, text);
    this.#power.dataset.tone = tone;
    this.#recording.hidden = !target.recording;
  }

  focusLink() {
    this.#link.focus();
  }

  open() {
    go({ view: 'console', target: this.target });
  }
}

customElements.define('wall-tile', WallTile);
