/* How a medium is inserted: as what, whether the target may write, and what is done besides. */

import { h, newId } from '../parts/dom.js';
import { identity } from '../app/identity.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').InsertOptions} InsertOptions */
/** @typedef {'image'|'file'|'url'} Sort */

/** Value -> what the gateway is told. @type {Record<string, {readOnly: boolean, overlay: 'none'|'discard'|'keep', only?: Sort}>} */
const WRITING = {
  'read-only': { readOnly: true, overlay: 'none' },
  discard: { readOnly: false, overlay: 'discard' },
  keep: { readOnly: false, overlay: 'keep' },
  image: { readOnly: false, overlay: 'none', only: 'image' },
};
const MEGABYTE = 1e6;

export class OptionsForm {
  #kind = h(
    'select',
    { class: 'input', 'aria-label': t('media.insert-as') },
    h('option', { value: '' }, t('media.by-type')),
    h('option', { value: 'cdrom' }, t('media.as-cd')),
    h('option', { value: 'disk' }, t('media.as-disk')),
  );
  #writing = h('select', { class: 'input', 'aria-label': t('media.writing') });
  #boot = this.#check(t('media.boot-once'));
  #copy = this.#check(t('media.copy-background'));
  #alone = h('p', { class: 'small dim', hidden: true }, t('media.alone'));
  #rate = h('input', { class: 'input', type: 'number', min: 0, step: 'any', inputmode: 'decimal', id: newId('rate') });
  element = h(
    'div',
    { class: 'insert-options' },
    h('div', { class: 'option-row' }, this.#kind, this.#writing),
    this.#boot.label,
    this.#copy.label,
    this.#alone,
    h(
      'details',
      {},
      h('summary', { class: 'small' }, t('media.more')),
      h('div', { class: 'field' }, h('label', { for: this.#rate.id }, t('media.rate')), this.#rate, h('p', { class: 'hint' }, t('media.rate-hint'))),
    ),
  );
  #sort = /** @type {Sort|null} */ (null);

  constructor() {
    this.#kind.addEventListener('change', () => this.#showWriting());
    this.show('image');
  }

  /** @param {Sort} sort of what would be inserted */
  show(sort) {
    if (sort === this.#sort) return;
    this.#sort = sort;
    const library = identity.can('library');
    this.#copy.label.hidden = !library || sort === 'image';
    this.#copy.input.checked = library && sort === 'file'; // so that the tab may close
    this.#alone.hidden = library || sort !== 'file';
    this.#showWriting();
  }

  /** @returns {InsertOptions} */
  get value() {
    const { readOnly, overlay } = WRITING[this.#kind.value === 'cdrom' ? 'read-only' : this.#writing.value];
    const rate = Math.round(Number(this.#rate.value) * MEGABYTE);
    return {
      kind: /** @type {'cdrom'|'disk'|undefined} */ (this.#kind.value || undefined),
      read_only: readOnly,
      overlay,
      boot_once: this.#boot.input.checked,
      copy: this.#copy.input.checked && !this.#copy.label.hidden,
      rate: rate > 0 ? rate : undefined,
    };
  }

  /** A CD is never written to, and only an image of the library can be written into. */
  #showWriting() {
    const before = this.#writing.value;
    const choices = Object.entries(WRITING).filter(([, { only }]) => !only || only === this.#sort);
    this.#writing.replaceChildren(...choices.map(([value]) => h('option', { value }, t(`media.option.${value}`))));
    if (choices.some(([value]) => value === before)) this.#writing.value = before;
    this.#writing.hidden = this.#kind.value === 'cdrom';
  }

  /** @param {string} text */
  #check(text) {
    const input = h('input', { type: 'checkbox' });
    return { input, label: h('label', { class: 'check small' }, input, text) };
  }
}
