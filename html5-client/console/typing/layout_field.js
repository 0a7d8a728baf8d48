/* The layout in use for a target, chosen among all. Where it is not the target's own the way back stands below; who may
 * configure the target can make it its own. */

import { sentence } from '../../api.js';
import { openDialog } from '../../parts/dialog.js';
import { h, setText } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { configureTarget, isLocked } from '../macros/macro_api.js';
import { LayoutChooser } from './layout_chooser.js';
import { layoutInUse, useLayout } from './layout_in_use.js';
import { typingApi } from './typing_api.js';

export class LayoutField {
  #own = 'us';
  /** @type {import('./typing_api.js').LayoutName[]} */ #all = [];
  #chooser = new LayoutChooser((name) => this.#choose(name));
  #noLatin = h('p', { class: 'hint', hidden: true }, t('paste.layout-no-latin'));
  #words = h('span', { role: 'status' });
  #back = h('button', { class: 'button small', type: 'button', onclick: () => this.#choose(this.#own) });
  #give = h('button', { class: 'button small', type: 'button', hidden: true, onclick: () => void this.#makeOwn() }, t('paste.layout-give'));
  #other = h('div', { class: 'layout-other hint', hidden: true }, this.#words, this.#back, this.#give);
  element = h('div', { class: 'field' }, this.#chooser.element, this.#other, this.#noLatin);

  /** @param {import('../console_context.js').ConsoleContext} context @param {() => void} [changed] */
  constructor(context, changed = () => {}) {
    this.context = context;
    this.changed = changed;
  }

  get value() {
    return this.#chooser.value;
  }

  /** @param {boolean} on */
  set disabled(on) {
    this.#chooser.disabled = on;
  }

  async load() {
    const { target } = this.context;
    [this.#all, this.#own] = await Promise.all([typingApi.layouts(), typingApi.layoutOf(target)]);
    this.#show(layoutInUse(target, this.#own));
    if (this.context.can('configure')) this.#give.hidden = await isLocked(target, 'layout').catch(() => true);
  }

  /** @param {string} name */
  #show(name) {
    this.#chooser.fill(this.#all, name);
    this.#noLatin.hidden = this.#chooser.layout?.latin !== false;
    this.#other.hidden = this.value === this.#own;
    setText(this.#words, t('paste.layout-own', { own: this.#own }));
    setText(this.#back, t('paste.layout-back', { own: this.#own }));
  }

  /** @param {string} name */
  #choose(name) {
    useLayout(this.context.target, this.#own, name);
    this.#show(name);
    this.changed();
    this.context.changed();
  }

  async #makeOwn() {
    try {
      await configureTarget(this.context.target, { layout: this.value });
      this.#own = this.value;
      this.#choose(this.value);
      this.context.refresh();
    } catch (error) {
      setText(this.#words, sentence(error));
    }
  }
}

/** @param {import('../console_context.js').ConsoleContext} context */
export function openLayoutDialog(context) {
  const field = new LayoutField(context);
  const dialog = openDialog({ title: t('keys.layout-change'), body: [field.element] });
  dialog.classList.add('layout-dialog');
  field.load().catch((error) => (dialog.close(), context.notice(sentence(error), 'danger')));
}
