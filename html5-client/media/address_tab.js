/* An address: a file behind http or https, or an export of an NBD server. */

import { h, newId } from '../parts/dom.js';
import { field } from '../parts/field.js';
import { t } from '../parts/messages.js';

const ADDRESS = /^(https?|nbds?):\/\/[^/\s]+/i;

export class AddressTab {
  #url = field({ label: t('media.address'), name: 'address', hint: t('media.address-hint') });
  #user = field({ label: t('app.user-name'), name: 'address-user' });
  #password = field({ label: t('app.password'), name: 'address-password', type: 'password', autocomplete: 'new-password' });
  #ca = h('textarea', { class: 'input mono', id: newId('ca'), spellcheck: 'false', placeholder: '-----BEGIN CERTIFICATE-----' });
  element = h(
    'div',
    { class: 'way' },
    this.#url.element,
    h(
      'details',
      {},
      h('summary', { class: 'small' }, t('media.address-more')),
      h(
        'div',
        { class: 'more-fields' },
        this.#user.element,
        this.#password.element,
        h('div', { class: 'field' }, h('label', { for: this.#ca.id }, t('media.address-ca')), this.#ca,
          h('p', { class: 'hint' }, t('media.address-ca-hint'))),
      ),
    ),
  );

  /** @param {() => void} changed */
  constructor(changed) {
    this.#user.input.required = this.#password.input.required = false;
    this.#url.input.type = 'url';
    this.#url.input.addEventListener('input', changed);
    this.#url.input.addEventListener('change', () => this.#url.input.value.trim() && !this.address && this.setError(t('media.address-wrong')));
    this.changed = changed;
  }

  /** @param {string} url */
  take(url) {
    this.#url.input.value = url;
    this.changed();
  }

  /** Null: it is none yet. @returns {import('./media_api.js').Address|null} */
  get address() {
    const url = this.#url.input.value.trim();
    if (!ADDRESS.test(url)) return null;
    const [user, password, ca] = [this.#user.input.value, this.#password.input.value, this.#ca.value.trim()];
    return { url, user: user || undefined, password: password || undefined, ca: ca ? `${ca}\n` : undefined };
  }

  /** What gives access does not stay in the page. */
  forget() {
    this.#user.input.value = this.#password.input.value = '';
  }

  /** @param {string} text */
  setError(text) {
    this.#url.setError(text);
  }
}
