/* The settings: sections at the left (a choice on telephones), one of them shown. Each section's modules are loaded when it is
 * wanted; what may not be done is not there. */

import { api, sentence } from '../api.js';
import { identity } from '../app/identity.js';
import { leaveUnsaved, watchUnsaved } from '../app/unsaved.js';
import { pageHead } from '../app/page_head.js';
import { h, newId, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { go, hashOf } from '../router.js';
import { CONFIG_CHANGED, ConfigStore } from './config_store.js';
import { TrialBar } from './trial_bar.js';
import { WaitingBar } from './waiting_bar.js';

/**
 * What a section is made with. item: what of it, from the address; move: to another place of the settings.
 * @typedef {{store: ConfigStore, item: string, move: (section: string, item?: string) => void, trial: () => void, retitle: (text: string) => void}} SectionContext
 */
/** @typedef {{element: HTMLElement, unsaved?: () => boolean, close?: () => void}} Section */
/** @typedef {{name: string, may: () => boolean, config?: boolean, load: () => Promise<{create: (context: SectionContext) => Section|Promise<Section>}>}} SectionKind config: it shows keys */

const configures = () => identity.can('configure');
const configuresAny = () => identity.anywhere('configure');

/** @type {SectionKind[]} */
const SECTIONS = [
  { name: 'gateway', may: configures, config: true, load: () => import('./gateway_section.js') },
  { name: 'targets', may: configuresAny, config: true, load: () => import('./targets_section.js') },
  { name: 'users', may: () => identity.can('users'), load: () => import('./users_section.js') },
  { name: 'certificates', may: configures, config: true, load: () => import('./certificate_section.js') },
  { name: 'directory', may: configures, config: true, load: () => import('./directory_section.js') },
  { name: 'media', may: configures, config: true, load: () => import('./media_section.js') },
  { name: 'dongles', may: configuresAny, load: () => import('./dongles_section.js') },
  { name: 'backup', may: () => configures() && identity.can('users'), load: () => import('./backup_section.js') },
  { name: 'audit', may: () => identity.anywhere('audit'), load: () => import('./audit_section.js') },
  { name: 'about', may: () => true, load: () => import('./about_section.js') },
];

export class SettingsView extends HTMLElement {
  #id = newId('settings');
  #store = new ConfigStore();
  #trial = new TrialBar(this.#store, () => void this.#reload());
  #waiting = new WaitingBar(this.#store);
  #title = h('h2', { tabindex: -1 });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #room = h('div', { class: 'settings-room' });
  #list = h('ul', { class: 'settings-list' });
  #choice = h('select', { class: 'input', id: `${this.#id}-choice`, onchange: () => this.#chosen() });
  #sections = SECTIONS.filter(({ may }) => may());
  /** @type {Section|null} */
  #section = null;
  /** Which opening is the last: an older one that comes late is not shown. */
  #opening = 0;
  #name = '';
  #item = '';

  /** @param {string} section @param {string} item */
  constructor(section, item) {
    super();
    this.#name = section;
    this.#item = item;
    this.#store.addEventListener(CONFIG_CHANGED, () => {
      if (this.#store.config.pending) this.#trial.show(this.#store.config.pending);
    });
  }

  connectedCallback() {
    watchUnsaved(() => this.#section?.unsaved?.() ?? false);
    if (configures()) void this.#trial.refresh();
    if (this.#section) return; // back, with what was not saved when the session ended
    const nav = h(
      'nav',
      { class: 'settings-nav', 'aria-label': t('settings.sections') },
      h('div', { class: 'field settings-choice' }, h('label', { for: this.#choice.id, class: 'for-readers' }, t('settings.section-choice')), this.#choice),
      this.#list,
    );
    for (const { name } of this.#sections) {
      const words = t(`settings.section.${name}`);
      this.#list.append(h('li', {}, h('a', { href: hashOf({ view: 'settings', section: name }), 'data-section': name }, words)));
      this.#choice.append(h('option', { value: name }, words));
    }
    this.replaceChildren(
      pageHead(''),
      h(
        'div',
        { class: 'settings-page' },
        h('h1', {}, t('settings.title')),
        h('div', { class: 'settings-columns' }, nav, h('div', { class: 'settings-main' }, this.#trial.element, this.#waiting.element, this.#title, this.#message, this.#room)),
      ),
    );
    this.open(this.#name, this.#item, false);
  }

  disconnectedCallback() {
    watchUnsaved(null);
    if (!this.#section?.unsaved?.()) this.#section?.close?.(); // else it may come back
    this.#trial.close();
  }

  /** @param {string} name @param {string} item @param {boolean} [focus] the heading, so that readers hear where they are */
  open(name, item, focus = true) {
    const section = this.#sections.find((one) => one.name === name) ?? this.#sections[0];
    this.#name = section.name;
    this.#item = item;
    for (const link of this.#list.querySelectorAll('a')) {
      if (link.dataset.section === section.name) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.#choice.value = section.name;
    this.#section?.close?.();
    this.#section = null;
    void this.#load(section);
    if (focus) this.#title.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  /** A section that is there already stays until the new one is, and for good if something was typed there. @param {SectionKind} kind */
  async #load(kind) {
    const opening = ++this.#opening;
    this.#retitle(t(`settings.section.${kind.name}`));
    setText(this.#message, '');
    this.#room.setAttribute('aria-busy', 'true');
    try {
      const part = kind.load().catch(() => Promise.reject(new Error(t('app.not-loaded'))));
      const [{ create }] = await Promise.all([part, kind.config ? this.#store.load() : null]);
      const section = await create({
        store: this.#store,
        item: this.#item,
        move: (name, item = '') => go({ view: 'settings', section: name, item }),
        trial: () => void this.#trial.refresh(),
        retitle: (text) => this.#retitle(text),
      });
      if (opening !== this.#opening) return section.close?.();
      if (this.#section?.unsaved?.()) section.close?.();
      else {
        this.#section?.close?.();
        this.#section = section;
        this.#room.replaceChildren(section.element);
      }
    } catch (error) {
      if (opening !== this.#opening) return;
      const again = h('button', { type: 'button', class: 'button', onclick: () => void this.#load(kind) }, t('app.try-again'));
      if (!this.#section) this.#room.replaceChildren(h('div', {}, again));
      setText(this.#message, sentence(error));
    }
    this.#room.removeAttribute('aria-busy');
  }

  /** @param {string} text */
  #retitle(text) {
    setText(this.#title, text);
    document.title = t('settings.page-title', { section: text });
  }

  async #reload() {
    await api.version().catch(() => {}); // a new listener may need a moment
    await this.#store.load().catch(() => {});
    const kind = this.#sections.find(({ name }) => name === this.#name);
    if (kind && !this.#section?.unsaved?.()) await this.#load(kind);
  }

  async #chosen() {
    const wanted = this.#choice.value;
    this.#choice.value = this.#name;
    if (!(await leaveUnsaved())) return;
    this.#section?.close?.();
    this.#section = null; // asked once
    go({ view: 'settings', section: wanted });
  }
}

customElements.define('settings-view', SettingsView);
