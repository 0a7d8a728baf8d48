/* The overview: all targets this user may see, found by words, groups and state, quick with hundreds of them. */

import { sentence } from '../api.js';
import { identity } from '../app/identity.js';
import { pageHead } from '../app/page_head.js';
import { h, newId, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { hashOf } from '../router.js';
import { filtered, grouped, groupNames } from './target_filter.js';
import { KeptFilter } from './kept_filter.js';
import { TargetCard } from './target_card.js';
import { TargetsPoll } from './targets_poll.js';
import { VirtualGrid } from './virtual_grid.js';

/** @typedef {import('../api.js').Target} Target */

const CHOICES = /** @type {const} */ (['all', 'on', 'off', 'trouble']);
const GAP = 20;
const CARD_LEAST = 290;
/** Of a card below its picture, and of a line, in root ems. */
const BODY_EMS = 8.25;
const LINE_EMS = 4.75;
const HEAD_EMS = 3;

const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

class TargetList extends HTMLElement {
  /** @type {Target[]|null} */
  #targets = null;
  /** @type {Map<string, Target>} */
  #known = new Map();
  #kept = new KeptFilter();
  /** @type {TargetsPoll|null} */
  #poll = null;
  #id = newId('overview');
  #search = h('input', { class: 'input', type: 'search', id: `${this.#id}-search`, placeholder: t('targets.search'), 'aria-label': t('targets.search'), spellcheck: 'false' });
  #group = h('select', { class: 'input', 'aria-label': t('targets.group') });
  #choices = h('div', { class: 'segments', role: 'group', 'aria-label': t('targets.show') });
  #dense = h('button', { class: 'button', type: 'button' }, t('targets.lines'));
  #count = h('span', { class: 'dim', role: 'status' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #empty = h('div', { class: 'empty dim', hidden: true });
  #grid = new VirtualGrid({ metrics: () => this.#metrics(), make: (key) => this.#make(key), heading: (section) => this.#heading(section) });
  /** @type {import('./target_filter.js').Group[]} */
  #groups = [];
  #slash = (/** @type {KeyboardEvent} */ event) => this.#pressed(event);

  connectedCallback() {
    document.title = t('targets.page-title');
    const wall = h('a', { class: 'button', href: hashOf({ view: 'wall' }) }, icon('wall'), t('targets.wall'));
    const add = identity.can('configure') && h('a', { class: 'button', href: hashOf({ view: 'settings', section: 'targets' }) }, t('targets.add'));
    this.replaceChildren(
      pageHead('list'),
      h(
        'div',
        { class: 'page-body wide' },
        h('div', { class: 'page-title' }, h('h1', { tabindex: -1 }, t('targets.title')), this.#count, h('span', { class: 'spring' }), add, wall),
        h('div', { class: 'overview-tools' }, this.#search, this.#choices, this.#group, this.#dense),
        this.#message,
        this.#grid.element,
        this.#empty,
      ),
    );
    this.#buildTools();
    document.addEventListener('keydown', this.#slash);
    this.#poll = new TargetsPoll({
      told: (targets) => this.#take(targets),
      failed: (error) => setText(this.#message, error ? sentence(error) : ''),
    });
  }

  disconnectedCallback() {
    this.#poll?.stop();
    this.#grid.stop();
    document.removeEventListener('keydown', this.#slash);
  }

  #buildTools() {
    this.#search.value = this.#kept.words;
    this.#search.addEventListener('input', () => this.#change({ words: this.#search.value }));
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return;
      event.preventDefault();
      this.#grid.focus();
    });
    this.#group.addEventListener('change', () => this.#change({ group: this.#group.value }));
    this.#dense.addEventListener('click', () => this.#change({ dense: !this.#kept.dense }));
    this.#choices.replaceChildren(
      ...CHOICES.map((choice) =>
        h('button', { class: 'segment', type: 'button', 'data-choice': choice, onclick: () => this.#change({ choice }) }, t(`targets.choice.${choice}`)),
      ),
    );
  }

  /** @param {Partial<{words: string, group: string, choice: import('./target_filter.js').Choice, dense: boolean}>} change */
  #change(change) {
    this.#kept.set(change);
    this.#show();
  }

  /** @param {Target[]} targets */
  #take(targets) {
    this.#targets = targets;
    this.#known = new Map(targets.map((target) => [target.name, target]));
    const names = groupNames(targets);
    if (this.#kept.group && !names.includes(this.#kept.group)) this.#kept.set({ group: '' });
    if (this.#group.dataset.names !== names.join()) {
      this.#group.dataset.names = names.join();
      this.#group.replaceChildren(h('option', { value: '' }, t('targets.all-groups')), ...names.map((name) => h('option', { value: name }, name)));
    }
    this.#show();
  }

  #show() {
    const all = this.#targets;
    if (!all) return;
    const { dense, group, choice } = this.#kept;
    const found = filtered(all, this.#kept);
    this.#groups = grouped(found);
    this.#group.value = group;
    this.#group.hidden = this.#group.options.length < 2;
    this.#dense.setAttribute('aria-pressed', String(dense));
    for (const button of this.#choices.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.dataset.choice === choice));
    this.#grid.element.classList.toggle('dense', dense);
    setText(this.#count, found.length === all.length ? t('targets.machines', { count: all.length }) : t('targets.some', { found: found.length, count: all.length }));
    const named = this.#named;
    this.#grid.show(
      this.#groups.map(({ name, targets }) => ({ heading: named ? name || t('targets.no-group') : '', keys: targets.map((target) => target.name) })),
    );
    for (const [key, card] of this.#grid.cards) {
      const target = this.#known.get(key);
      if (target) this.#fill(/** @type {TargetCard} */ (card), target);
      card.querySelector('h3')?.setAttribute('aria-level', named ? '3' : '2'); // no step is left out where groups have no heading
    }
    this.#showEmpty(all.length, found.length);
  }

  /** @param {number} all @param {number} found */
  #showEmpty(all, found) {
    this.#empty.hidden = found > 0;
    if (found) return;
    const again = h('button', { class: 'button', type: 'button', onclick: () => this.#showAll() }, t('targets.show-all'));
    if (all) this.#empty.replaceChildren(icon('search'), h('h2', {}, t('targets.not-found')), again);
    else this.#empty.replaceChildren(icon('screen'), h('h2', {}, t('targets.none')), h('p', {}, t(identity.can('configure') ? 'targets.none.add' : 'targets.none.words')));
  }

  #showAll() {
    this.#search.value = '';
    this.#change({ words: '', group: '', choice: 'all' });
    this.#search.focus();
  }

  /** @param {string} name */
  #make(name) {
    const card = new TargetCard();
    const target = this.#known.get(name);
    if (target) this.#fill(card, target);
    return card;
  }

  /** @param {TargetCard} card @param {Target} target */
  #fill(card, target) {
    card.level = this.#named ? 3 : 2;
    card.show(target);
  }

  /** Groups have headings. */
  get #named() {
    return this.#groups.length > 1 || !!this.#groups[0]?.name;
  }

  /** @param {number} section */
  #heading(section) {
    const { name, targets } = this.#groups[section];
    const heading = h('h2', { class: 'grid-heading' }, name || t('targets.no-group'), ' ', h('span', { class: 'dim small' }, String(targets.length)));
    return h('div', { role: 'listitem' }, heading); // a list has nothing else in it
  }

  #metrics() {
    const em = rem();
    if (this.#kept.dense) return { gap: 8, head: HEAD_EMS * em, least: 480, columns: 3, height: () => LINE_EMS * em };
    return { gap: GAP, head: HEAD_EMS * em, least: CARD_LEAST, height: (/** @type {number} */ width) => (width * 10) / 16 + BODY_EMS * em };
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#search.focus();
  }
}

customElements.define('target-list', TargetList);
