/* What a user of the role Custom may do: rights by targets, a box for each. All targets stand for each of them. */

import { GATEWAY_RIGHTS, rightWords, TARGET_RIGHTS } from '../app/session_words.js';
import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';

/** @typedef {import('../api.js').Grant} Grant */
/** @typedef {import('../api.js').Right} Right */

const ALL = '*';

export class GrantsEditor {
  /** @type {Map<string, Map<Right, HTMLInputElement>>} target -> right -> its box; '' is the gateway */
  #boxes = new Map();
  element;

  /** @param {string[]} targets @param {Grant[]} grants @param {() => void} changed */
  constructor(targets, grants, changed) {
    const known = grants.map(({ target }) => target).filter((name) => name && name !== ALL);
    const names = [ALL, ...new Set([...targets, ...known])];
    const head = h('tr', {}, h('td', {}), ...TARGET_RIGHTS.map((right) => h('th', { scope: 'col' }, h('span', {}, rightWords(right)))));
    const rows = names.map((name) => this.#row(name, changed));
    const gateway = new Map(GATEWAY_RIGHTS.map((right) => [right, this.#box('', right, changed)]));
    this.#boxes.set('', gateway);
    const checks = [...gateway].map(([right, input]) => h('label', { class: 'check' }, input, h('span', {}, rightWords(right))));
    const table = h('table', { class: 'matrix' }, h('caption', {}, t('settings.grants.targets')), h('thead', {}, head), h('tbody', {}, ...rows));
    this.element = h(
      'div',
      { class: 'grants' },
      h('div', { class: 'matrix-room', tabindex: 0, role: 'region', 'aria-label': t('settings.grants.targets') }, table),
      h('fieldset', { class: 'checks' }, h('legend', {}, t('settings.grants.gateway')), ...checks),
    );
    for (const { target, rights } of grants) for (const right of rights) this.#check(target, right);
    this.#imply();
  }

  /** @param {string} name @param {() => void} changed */
  #row(name, changed) {
    const boxes = new Map(TARGET_RIGHTS.map((right) => [right, this.#box(name, right, changed)]));
    this.#boxes.set(name, boxes);
    const words = name === ALL ? t('account.scope.all-targets') : name;
    return h('tr', { class: name === ALL ? 'all' : '' }, h('th', { scope: 'row' }, words), ...[...boxes].map(([, input]) => h('td', {}, input)));
  }

  /** @param {string} target @param {Right} right @param {() => void} changed */
  #box(target, right, changed) {
    const where = target === ALL ? t('account.scope.all-targets') : target || t('app.scope.gateway');
    const label = target ? t('settings.grants.box', { right: rightWords(right), target: where }) : null;
    return h('input', { type: 'checkbox', 'aria-label': label, onchange: () => (this.#imply(), changed()) });
  }

  /** @param {string} target @param {Right} right */
  #check(target, right) {
    const box = this.#boxes.get(target)?.get(right);
    if (box) box.checked = true;
  }

  /** What all targets have, each has. */
  #imply() {
    const all = this.#boxes.get(ALL);
    for (const [name, boxes] of this.#boxes) {
      if (!name || name === ALL) continue;
      for (const [right, box] of boxes) {
        const given = all?.get(right)?.checked ?? false;
        box.disabled = given;
        box.indeterminate = given && !box.checked;
      }
    }
  }

  /** @returns {Grant[]} */
  get grants() {
    const all = this.#boxes.get(ALL);
    return [...this.#boxes]
      .map(([target, boxes]) => ({
        target,
        rights: [...boxes].filter(([right, box]) => box.checked && (!target || target === ALL || !all?.get(right)?.checked)).map(([right]) => right),
      }))
      .filter(({ rights }) => rights.length);
  }
}
