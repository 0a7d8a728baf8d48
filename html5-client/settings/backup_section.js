/* A sealed copy of everything that makes this gateway the one it is, and how it is laid back. */

import { h } from '../parts/dom.js';
import { download } from '../parts/download.js';
import { field } from '../parts/field.js';
import { gatewayNow } from '../parts/gateway_clock.js';
import { t } from '../parts/messages.js';
import { card, commands, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

const LEAST = 12;

/** @returns {import('./settings_view.js').Section} */
export function create() {
  const status = new StatusLine();
  const once = field({ label: t('settings.backup.passphrase'), name: 'passphrase', type: 'password', autocomplete: 'new-password', hint: t('settings.backup.passphrase-hint', { count: LEAST }) });
  const again = field({ label: t('settings.backup.again'), name: 'passphrase-again', type: 'password', autocomplete: 'new-password' });
  const run = h('button', { class: 'button primary' }, t('settings.backup.download'));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const [passphrase, second] = [once.input.value, again.input.value];
    once.setError([...passphrase].length < LEAST ? t('settings.backup.short', { count: LEAST }) : '');
    again.setError(passphrase === second ? '' : t('settings.backup.differ'));
    if ([...passphrase].length < LEAST) return once.input.focus();
    if (passphrase !== second) return again.input.focus();
    await status.run(run, async () => {
      const name = `lightsout-${location.hostname}-${new Date(gatewayNow()).toISOString().slice(0, 10)}.backup`;
      download(await settingsApi.backup(passphrase), name);
      once.input.value = again.input.value = '';
    }, t('settings.backup.done'));
  };
  const form = h('form', { class: 'stack', novalidate: true, onsubmit: submit }, once.element, again.element, status.element, h('div', { class: 'card-foot' }, run));
  const element = h(
    'div',
    { class: 'stack' },
    card(t('settings.backup.make'), h('p', { class: 'dim small' }, t('settings.backup.holds')), h('p', { class: 'dim small' }, t('settings.backup.holds-not')), form),
    card(
      t('settings.backup.restore'),
      h('ol', { class: 'steps' }, ...['1', '2', '3'].map((step) => h('li', {}, t(`settings.backup.restore.${step}`)))),
      commands('systemctl stop lightsout', 'lightsout restore FILE --replace', 'systemctl start lightsout'),
    ),
  );
  return { element, unsaved: () => Boolean(once.input.value) };
}
