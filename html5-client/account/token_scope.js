/* What a token may do: all that its user may, or some rights on all or some targets and on the gateway. */

import { h, newId } from '../parts/dom.js';
import { GATEWAY_RIGHTS, rightWords, TARGET_RIGHTS } from '../app/session_words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('../api.js').Grant} Grant */
/** @typedef {import('../api.js').Right} Right */

/** @param {string} label @param {{value: string, words: string}[]} options @param {() => void} changed */
function checks(label, options, changed) {
  const inputs = options.map(({ value, words }) => {
    const input = h('input', { type: 'checkbox', value, onchange: changed });
    return { input, element: h('label', { class: 'check' }, input, h('span', {}, words)) };
  });
  const element = h('fieldset', { class: 'checks' }, h('legend', {}, label), ...inputs.map((one) => one.element));
  return { element, chosen: () => inputs.filter(({ input }) => input.checked).map(({ input }) => input.value) };
}

export class TokenScope {
  #kind = newId('scope');
  #all;
  #targets;
  #onTargets;
  #onGateway;
  #limits;
  element;

  /** @param {string[]} targets @param {{can: (right: Right, target?: string) => boolean}} identity of who makes the token */
  constructor(targets, identity) {
    const changed = () => this.#changed();
    const radio = (/** @type {string} */ words, /** @type {boolean} */ checked) => {
      const input = h('input', { type: 'radio', name: this.#kind, checked, onchange: changed });
      return { input, element: h('label', { class: 'check' }, input, h('span', {}, words)) };
    };
    const [all, some] = [radio(t('account.scope.all'), true), radio(t('account.scope.some'), false)];
    const mine = (/** @type {Right} */ right) => targets.some((target) => identity.can(right, target));
    const options = (/** @type {Right[]} */ rights) => rights.map((right) => ({ value: right, words: rightWords(right) }));
    this.#all = all.input;
    this.#targets = checks(t('account.scope.targets'), [{ value: '*', words: t('account.scope.all-targets') }, ...targets.map((name) => ({ value: name, words: name }))], changed);
    this.#onTargets = checks(t('account.scope.on-targets'), options(TARGET_RIGHTS.filter(mine)), changed);
    this.#onGateway = checks(t('account.scope.on-gateway'), options(GATEWAY_RIGHTS.filter((right) => identity.can(right))), changed);
    this.#onGateway.element.hidden = !GATEWAY_RIGHTS.some((right) => identity.can(right));
    this.#limits = h('div', { class: 'limits', hidden: true }, this.#targets.element, this.#onTargets.element, this.#onGateway.element);
    this.element = h('fieldset', { class: 'checks' }, h('legend', {}, t('account.scope.may')), all.element, some.element, this.#limits);
  }

  #changed() {
    this.#limits.hidden = this.#all.checked;
  }

  /** @returns {Grant[]} */
  get #grants() {
    const chosen = this.#targets.chosen();
    const names = chosen.includes('*') ? ['*'] : chosen;
    const rights = /** @type {Right[]} */ (this.#onTargets.chosen());
    const gateway = /** @type {Right[]} */ (this.#onGateway.chosen());
    /** @type {Grant[]} */
    const grants = rights.length ? names.map((target) => ({ target, rights })) : [];
    return gateway.length ? [...grants, { target: '', rights: gateway }] : grants;
  }

  /** Nothing is chosen of what could be. */
  get empty() {
    return !this.#all.checked && this.#grants.length === 0;
  }

  /** @returns {{grants?: Grant[]}} for the gateway */
  get wanted() {
    return this.#all.checked ? {} : { grants: this.#grants };
  }
}
