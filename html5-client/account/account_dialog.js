/* One's own account: password, second factor, API tokens, sessions. */

import { account } from './account_api.js';
import { FactorTab } from './account_factor.js';
import { PasswordTab } from './account_password.js';
import { SessionsTab } from './account_sessions.js';
import { TokensTab } from './account_tokens.js';
import { sentence } from '../api.js';
import { openDialog } from '../parts/dialog.js';
import { h, setText } from '../parts/dom.js';
import { identity } from '../app/identity.js';
import { Tabs } from '../parts/tabs.js';
import { t } from '../parts/messages.js';

/** A tab: its element, and what it does when it is shown. @typedef {{element: HTMLElement, show: () => void}} AccountTab */

export class AccountDialog {
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #body = h('div', { class: 'account' }, h('p', { class: 'dim' }, t('account.asking')));

  open() {
    const dialog = openDialog({ title: t('account.title', { user: identity.session?.user ?? '' }), body: [this.#message, this.#body] });
    dialog.classList.add('account-dialog');
    void this.#load();
  }

  async #load() {
    try {
      this.#show(await account.get());
    } catch (error) {
      this.#body.replaceChildren();
      setText(this.#message, sentence(error));
    }
  }

  /** @param {import('./account_api.js').Account} facts */
  #show(facts) {
    const local = facts.origin === 'local';
    /** @type {{name: string, label: string, tab: AccountTab}[]} */
    const tabs = [
      ...(local ? [{ name: 'password', label: t('account.tab.password'), tab: new PasswordTab() }] : []),
      { name: 'factor', label: t('account.tab.factor'), tab: new FactorTab(facts.second_factor) },
      { name: 'tokens', label: t('account.tab.tokens'), tab: new TokensTab() },
      { name: 'sessions', label: t('account.tab.sessions'), tab: new SessionsTab() },
    ];
    const panels = tabs.map(({ name, label, tab }) => ({ name, label, panel: tab.element }));
    const directory = !local && h('p', { class: 'small dim' }, t('account.in-directory'));
    const tabbed = new Tabs(t('account.tabs'), panels, (name) => tabs.find((tab) => tab.name === name)?.tab.show());
    this.#body.replaceChildren(...[directory, tabbed.element].filter((part) => part !== false));
  }
}
