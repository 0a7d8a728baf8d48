/* The audit log: who did what, when, on which target; taking it along, and how it is checked. */

import { h, newId } from '../parts/dom.js';
import { download } from '../parts/download.js';
import { identity } from '../app/identity.js';
import { language, t } from '../parts/messages.js';
import { field } from '../parts/field.js';
import { dateWords } from '../parts/words.js';
import { keyLabel } from './key_words.js';
import { button, card, commands, factList, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_api.js').AuditState} AuditState */

const PAGE = 50;

/** What nobody can see is shown as what it is. @param {string} text */
const plain = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

class AuditList {
  #status = new StatusLine();
  #rows = h('tbody', {});
  #more = button(t('settings.audit.older'), () => void this.#read(false), 'wide');
  /** @type {number|null} */
  #next = null;
  #who = field({ label: t('settings.audit.who'), name: 'audit-who' });
  #what = field({ label: t('settings.audit.what'), name: 'audit-what', hint: t('settings.audit.what-hint') });
  #target = field({ label: t('settings.audit.target'), name: 'audit-target' });
  #since = this.#day(t('settings.audit.since'));
  #until = this.#day(t('settings.audit.until'));
  #find = h('button', { class: 'button' }, t('settings.audit.find'));
  element;

  constructor() {
    for (const { input } of [this.#who, this.#what, this.#target]) input.required = false;
    const form = h(
      'form',
      { class: 'audit-filter', novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void this.#read(true)) },
      this.#since.element, this.#until.element, this.#who.element, this.#what.element, this.#target.element, this.#find,
    );
    const head = ['when', 'who', 'what', 'target', 'detail'].map((name) => h('th', { scope: 'col' }, t(`settings.audit.${name}`)));
    const table = h('table', { class: 'audit-log' }, h('caption', { class: 'for-readers' }, t('settings.section.audit')), h('thead', {}, h('tr', {}, ...head)), this.#rows);
    this.element = h('div', { class: 'stack' }, h('div', { class: 'card' }, form), this.#status.element, h('div', { class: 'audit-room', tabindex: 0, role: 'region', 'aria-label': t('settings.section.audit') }, table), this.#more);
    this.#more.hidden = true;
    void this.#read(true);
  }

  /** @param {string} label */
  #day(label) {
    const id = newId('day');
    const input = h('input', { class: 'input', type: 'date', id });
    return { input, element: h('div', { class: 'field' }, h('label', { for: id }, label), input) };
  }

  get #query() {
    const query = new URLSearchParams({ limit: String(PAGE) });
    const add = (/** @type {string} */ name, /** @type {string} */ value) => value && query.set(name, value);
    const seconds = (/** @type {HTMLInputElement} */ input, /** @type {number} */ days) => {
      const day = input.value ? new Date(`${input.value}T00:00:00`) : null;
      if (day) day.setDate(day.getDate() + days);
      return day ? String(Math.floor(day.getTime() / 1000)) : '';
    };
    add('who', this.#who.input.value.trim());
    add('what', this.#what.input.value.trim());
    add('target', this.#target.input.value.trim());
    add('since', seconds(this.#since.input, 0));
    add('until', seconds(this.#until.input, 1));
    return query;
  }

  /** @param {boolean} anew */
  async #read(anew) {
    const query = this.#query;
    if (!anew && this.#next !== null) query.set('below', String(this.#next));
    await this.#status.run(anew ? this.#find : this.#more, async () => {
      const { lines, next } = await settingsApi.audit(query.toString());
      this.#next = next;
      if (anew) this.#rows.replaceChildren();
      this.#rows.append(...lines.map((line) => this.#row(line)));
      if (!this.#rows.childElementCount) this.#rows.append(h('tr', {}, h('td', { colspan: 5, class: 'dim' }, t('settings.audit.none'))));
    });
    this.#more.hidden = this.#next === null;
  }

  /** @param {import('./settings_api.js').AuditLine} line */
  #row({ time, who, what, target, detail }) {
    const cells = [h('time', { datetime: new Date(time * 1000).toISOString() }, dateWords(time * 1000)), plain(who), h('code', {}, plain(what)), plain(target), plain(detail)];
    return h('tr', {}, ...cells.map((cell) => h('td', {}, cell)));
  }
}

/** @returns {Promise<HTMLElement|null>} */
async function stateCard() {
  if (!identity.can('audit')) return null;
  const state = await settingsApi.auditState();
  const status = new StatusLine();
  const save = button(t('settings.audit.export'), () => void status.run(save, async () => download(await settingsApi.auditExport(), 'audit.jsonl')));
  return card(
    t('settings.audit.state'),
    factList([
      [t('settings.audit.key'), h('code', { class: 'wrap' }, state.key)],
      [t('settings.audit.newest'), state.newest.toLocaleString(language())],
      [t('settings.audit.signed'), state.signed.toLocaleString(language())],
      [t('settings.audit.outside'), outsideWords(state)],
      [t('settings.audit.trouble'), troubleWords(state)],
    ]),
    h('p', { class: 'dim small' }, t('settings.audit.verify')),
    commands('lightsout audit verify --key KEY'),
    status.element,
    h('div', { class: 'card-foot' }, save),
  );
}

/** @param {AuditState} state */
function outsideWords({ file, syslog }) {
  const ways = [file.used && t('settings.audit.outside-sent', { name: keyLabel('audit-file'), line: file.sent }), syslog.used && t('settings.audit.outside-sent', { name: keyLabel('audit-syslog'), line: syslog.sent })];
  return ways.filter(Boolean).join(' · ') || t('settings.audit.outside-none');
}

/** What is amiss. @param {AuditState} state */
function troubleWords({ waiting, lost, file, syslog }) {
  const gone = lost + file.lost + syslog.lost;
  return [
    waiting > 0 && t('settings.audit.waiting', { count: waiting }),
    file.used && !file.good && t('settings.audit.file-away'),
    gone > 0 && t('settings.audit.lost', { count: gone }),
  ].filter(Boolean).join(' ');
}

/** @returns {Promise<import('./settings_view.js').Section>} */
export async function create() {
  const state = await stateCard();
  return { element: h('div', { class: 'stack' }, new AuditList().element, ...(state ? [state] : [])) };
}
