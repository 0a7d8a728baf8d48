/* What captures the target's picture, and the EDID that tells its graphics which modes there are. */

import { api, sentence } from '../api.js';
import { h, newId, setText } from '../parts/dom.js';
import { download } from '../parts/download.js';
import { edidBody } from './edid_file.js';
import { identity } from '../app/identity.js';
import { edidWords, presetWords, toldWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('../api.js').Capture} Capture */
/** @typedef {import('../api.js').Edid} Edid */

/** @type {(keyof Capture)[]} */
const FACTS = ['card', 'timings', 'format', 'why', 'memory', 'offered', 'priority'];

export class VideoPanel {
  #id = newId('video');
  #facts = h('dl', { class: 'facts small' });
  #edid = h('p', { class: 'small', role: 'status' });
  #preset = h('select', { class: 'input', id: `${this.#id}-preset` });
  #write = h('button', { class: 'button primary', type: 'button', onclick: () => this.#writePreset() }, t('dongle.set'));
  #file = h('input', { type: 'file', hidden: true, 'aria-label': t('dongle.edid-file'), onchange: () => void this.#writeFile() });
  #upload = h('button', { class: 'button', type: 'button', onclick: () => this.#file.click() }, t('dongle.set-from-file'));
  #save = h('button', { class: 'button quiet', type: 'button', onclick: () => void this.#saveFile() }, t('dongle.save-to-file'));
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #done = h('p', { class: 'small dim', role: 'status' });
  #change = h(
    'div',
    { class: 'field' },
    h('label', { for: `${this.#id}-preset` }, t('dongle.what-told')),
    h('div', { class: 'edid-row' }, this.#preset, this.#write),
  );
  #buttons = h('div', { class: 'edid-row' }, this.#upload, this.#save, this.#file);
  #allowed;

  element = h(
    'section',
    { class: 'panel', 'aria-labelledby': `${this.#id}-heading` },
    h('div', { class: 'panel-head' }, h('h3', { id: `${this.#id}-heading` }, t('dongle.video'))),
    this.#facts,
    this.#change,
    this.#edid,
    this.#message,
    this.#done,
    this.#buttons,
  );

  /** @param {string} target */
  constructor(target) {
    this.target = target;
    this.#allowed = identity.can('configure', target);
  }

  async refresh() {
    try {
      const [capture, edid] = await Promise.all([api.capture(this.target), api.edid(this.target)]);
      this.#showFacts(capture);
      this.#showEdid(capture, edid);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** @param {Capture} capture */
  #showFacts(capture) {
    const facts = FACTS.filter((key) => capture[key]);
    const text = JSON.stringify(facts.map((key) => capture[key]));
    if (this.#facts.dataset.shown === text) return;
    this.#facts.dataset.shown = text;
    this.#facts.replaceChildren(...facts.flatMap((key) => [h('dt', {}, t(`dongle.fact.${key}`)), h('dd', {}, String(capture[key]))]));
  }

  /** @param {Capture} capture @param {Edid} edid */
  #showEdid(capture, edid) {
    const may = this.#allowed && capture.has_edid;
    this.#change.hidden = this.#upload.hidden = !may;
    this.#save.hidden = !edid.present;
    setText(this.#edid, toldWords(capture, edid));
    if (this.#preset.options.length) return;
    const choices = [...edid.presets, 'configured'];
    this.#preset.append(...choices.map((name) => h('option', { value: name }, t('dongle.preset', { name, words: presetWords(name) }))));
    if (edid.preset) this.#preset.value = edid.preset;
  }

  #writePreset() {
    return this.#set({ preset: this.#preset.value });
  }

  async #writeFile() {
    const file = this.#file.files?.[0];
    this.#file.value = '';
    if (!file) return;
    try {
      await this.#set(await edidBody(file));
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** @param {{preset: string}|{hex: string}} body */
  async #set(body) {
    setText(this.#message, '');
    setText(this.#done, '');
    this.#write.setAttribute('aria-busy', 'true');
    try {
      const edid = await api.setEdid(this.target, body);
      setText(this.#done, t('dongle.being-written', { edid: edidWords(edid) }));
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#write.removeAttribute('aria-busy');
    await this.refresh();
  }

  async #saveFile() {
    try {
      download(await api.edidFile(this.target), `${this.target}.edid`);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }
}
