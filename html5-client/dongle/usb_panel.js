/* What the target sees of us on USB: a choice of personalities, the state, and what the automatic choice has done. */

import { api, sentence } from '../api.js';
import { h, newId, setText } from '../parts/dom.js';
import { identity } from '../app/identity.js';
import { dateWords, personalityWords, usbStateWords } from '../parts/words.js';
import { t } from '../parts/messages.js';
import { troubleWords, usbEventWords, whyWords } from './usb_words.js';

/** @typedef {import('../api.js').Usb} Usb */

const AUTO = { name: 'auto', words: '' };

export class UsbPanel {
  #group = newId('personality');
  #state = h('span', { class: 'chip' });
  #why = h('p', { class: 'small dim' });
  #trouble = h('p', { class: 'message', 'data-tone': 'warn' });
  #offer = h('div', { class: 'message offer', hidden: true });
  #choices = h('div', { class: 'choices', role: 'radiogroup', 'aria-label': t('dongle.what-it-sees') });
  #events = h('ul', { class: 'small dim usb-events', tabindex: 0, 'aria-label': t('dongle.happened') });
  #log = h('details', { hidden: true }, h('summary', {}, t('dongle.happened')), this.#events);
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #apply = h('button', { class: 'button primary', type: 'button', disabled: true, onclick: () => this.#applyNow() }, t('dongle.switch'));
  #note = h('p', { class: 'small dim' }, t('dongle.leave-return'));
  #foot = h('div', { class: 'panel-foot' }, this.#note, this.#apply);
  #allowed;
  /** @type {Map<string, HTMLInputElement>} */
  #inputs = new Map();
  #shown = '';
  /** What is set on the gateway; '' before the first answer. */
  #current = '';

  element = h(
    'section',
    { class: 'panel', 'aria-labelledby': `${this.#group}-heading` },
    h('div', { class: 'panel-head' }, h('h3', { id: `${this.#group}-heading` }, t('dongle.usb')), this.#state),
    this.#trouble,
    this.#offer,
    this.#why,
    this.#choices,
    this.#message,
    this.#foot,
    this.#log,
  );

  /** @param {string} target */
  constructor(target) {
    this.target = target;
    this.#allowed = identity.can('configure', target);
    this.#foot.hidden = !this.#allowed;
  }

  async refresh() {
    try {
      this.#show(await api.usb(this.target));
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** @param {Usb} usb */
  #show(usb) {
    const { text, tone } = usbStateWords(usb.state);
    setText(this.#state, text);
    this.#state.dataset.tone = tone;
    setText(this.#trouble, troubleWords(usb));
    const now = personalityWords({ name: usb.personality, words: usb.words }).label;
    const how = usb.automatic && usb.bound ? t(usb.found ? 'dongle.now-found' : 'dongle.now-trying', { now }) : '';
    setText(this.#why, [how, usb.offer ? '' : whyWords(usb)].filter(Boolean).join(' '));
    this.#showOffer(usb);
    this.#showChoices(usb);
    this.#showEvents(usb);
  }

  /** @param {Usb} usb */
  #showOffer(usb) {
    const { offer, why } = usb;
    const shown = offer && identity.can('media', this.target) ? `${offer.name} ${why}` : '';
    this.#offer.hidden = !shown;
    if (this.#offer.dataset.shown === shown || !offer) return;
    this.#offer.dataset.shown = shown;
    const accept = h('button', { class: 'button small', type: 'button', onclick: () => void this.#change(api.acceptOffer(this.target)) }, t('dongle.switch-to', { label: personalityWords(offer).label }));
    this.#offer.replaceChildren(h('span', {}, whyWords(usb) || t('dongle.another-offered')), accept);
  }

  /** @param {Usb} usb */
  #showChoices({ choices, automatic, personality }) {
    const all = [AUTO, ...choices];
    const names = all.map(({ name }) => name).join();
    const current = automatic ? 'auto' : personality;
    if (names !== this.#shown) {
      this.#shown = names;
      this.#inputs.clear();
      this.#choices.replaceChildren(...all.map((choice) => this.#choice(choice)));
    }
    const untouched = this.#chosen === this.#current;
    this.#current = current;
    const input = this.#inputs.get(current);
    if (input && untouched) input.checked = true;
    this.#enable();
  }

  /** @param {import('../api.js').Personality} choice */
  #choice(choice) {
    const { label, words } = personalityWords(choice);
    const id = newId('choice');
    const input = h('input', {
      type: 'radio', name: this.#group, value: choice.name, id, 'aria-describedby': `${id}-words`,
      disabled: !this.#allowed, onchange: () => this.#enable(),
    });
    this.#inputs.set(choice.name, input);
    const text = h('span', {}, h('label', { for: id }, label), h('span', { class: 'small dim', id: `${id}-words` }, words));
    return h('div', { class: 'choice' }, input, text);
  }

  get #chosen() {
    return [...this.#inputs.values()].find(({ checked }) => checked)?.value ?? '';
  }

  #enable() {
    this.#apply.disabled = !this.#chosen || this.#chosen === this.#current;
  }

  /** @param {Usb} usb */
  #showEvents({ events }) {
    this.#log.hidden = !events.length;
    const lines = events.map((event) => t('dongle.event', { time: dateWords(event.time * 1000), text: usbEventWords(event) }));
    if (this.#events.dataset.shown === lines.join()) return;
    this.#events.dataset.shown = lines.join();
    this.#events.replaceChildren(...lines.map((line) => h('li', {}, line)));
  }

  #applyNow() {
    return this.#change(api.setPersonality(this.target, this.#chosen));
  }

  /** @param {Promise<Usb>} change */
  async #change(change) {
    setText(this.#message, '');
    this.#apply.setAttribute('aria-busy', 'true');
    try {
      this.#show(await change);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#apply.removeAttribute('aria-busy');
    this.#enable();
  }
}
