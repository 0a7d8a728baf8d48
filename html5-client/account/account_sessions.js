/* Where this account is logged in, and the way to end that; with the right to manage users, everybody. */

import { account } from './account_api.js';
import { sentence } from '../api.js';
import { h, setText } from '../parts/dom.js';
import { identity } from '../app/identity.js';
import { agentWords, kindWords, timeWords } from '../app/session_words.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./account_api.js').SessionEntry} SessionEntry */

export class SessionsTab {
  #list = h('ul', { class: 'rows', 'aria-label': t('account.sessions') });
  #message = h('p', { class: 'message', role: 'status' });
  #others = h('button', { type: 'button', class: 'button', onclick: () => void this.#act(account.endOtherSessions(), t('account.sessions.others-ended')) }, t('account.sessions.end-others'));
  #all = h('input', { type: 'checkbox', onchange: () => void this.#load() });
  #everybody = h('label', { class: 'check', hidden: !identity.can('users') }, this.#all, t('account.sessions.everybody'));
  element = h('div', { class: 'way' }, this.#message, this.#everybody, this.#list, h('div', { class: 'way-foot' }, this.#others));

  show() {
    void this.#load();
  }

  async #load() {
    try {
      const sessions = await account.sessions(this.#all.checked);
      this.#list.replaceChildren(...sessions.map((session) => this.#row(session)));
      const user = identity.session?.user;
      this.#others.hidden = !sessions.some((session) => !session.current && session.user === user);
    } catch (error) {
      this.#say(sentence(error), 'danger');
    }
  }

  /** @param {SessionEntry} session */
  #row(session) {
    const { id, user, kind, peer, agent, created, used, current } = session;
    const what = `${this.#all.checked ? `${user}, ` : ''}${agentWords(agent)}, ${peer}`;
    const end = h('button', { type: 'button', class: 'button small', 'aria-label': t('account.sessions.end-of', { what }), onclick: () => void this.#act(account.endSession(id), t('account.sessions.ended')) }, t('account.sessions.end'));
    return h(
      'li',
      { class: 'row' },
      h(
        'div',
        { class: 'row-words' },
        h('span', { class: 'row-name' }, this.#all.checked ? `${user} · ` : '', agentWords(agent)),
        h('span', { class: 'small dim' }, `${peer} · ${kindWords(kind)}`),
        h('span', { class: 'small dim' }, t('account.sessions.since', { since: timeWords(created), used: timeWords(used) })),
      ),
      current ? h('span', { class: 'chip', 'data-tone': 'ok' }, t('account.sessions.this')) : end,
    );
  }

  /** @param {Promise<unknown>} change @param {string} done */
  async #act(change, done) {
    try {
      await change;
      this.#say(done, 'ok');
    } catch (error) {
      this.#say(sentence(error), 'danger');
    }
    await this.#load();
  }

  /** @param {string} text @param {'ok'|'danger'} tone */
  #say(text, tone) {
    setText(this.#message, text);
    this.#message.dataset.tone = tone;
  }
}
