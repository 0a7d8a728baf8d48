/* Power: what can be done to the target now; what cannot be undone asks first. */

import { api, sentence } from '../api.js';
import { confirmDialog } from '../parts/dialog.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { bootChoiceWords } from '../parts/words.js';

/** @typedef {import('../api.js').PowerAction} PowerAction */
/** @typedef {import('../api.js').BootChoice} BootChoice */
/** @typedef {{target: string, power: import('../api.js').Power|null, changed: (power: import('../api.js').Power) => void}} Facts */

/** What cannot be undone asks first. @type {PowerAction[]} */
const ASKS = ['hard-off', 'reset', 'nmi'];

/** @type {BootChoice[]} */
const BOOTS = ['default', 'cd', 'disk', 'pxe', 'menu', 'setup'];

/** @param {PowerAction} action @param {Facts} facts */
export async function act(action, { target, changed }) {
  const title = t('power.title', { action: t(`power.${action}`), target });
  const question = { title, text: t(`power.${action}-warning`), action: t(`power.${action}-action`) };
  if (ASKS.includes(action) && !(await confirmDialog(question))) return;
  try {
    const power = await api.power(target, action);
    if (power) changed(power);
    notice(t(`power.${action}-done`));
  } catch (error) {
    notice(sentence(error), 'danger');
  }
}

/** @param {BootChoice} boot @param {Facts} facts */
async function bootOnce(boot, { target, changed }) {
  try {
    const power = await api.bootOnce(target, boot);
    if (power) changed(power);
    notice(boot === 'default' ? t('power.next-usual') : t('power.next-once', { choice: bootChoiceWords(boot) }));
  } catch (error) {
    notice(sentence(error), 'danger');
  }
}

/** @param {Facts} facts @returns {import('../parts/menu.js').MenuEntry[]} */
export function powerEntries(facts) {
  const state = facts.power?.state ?? 'unknown';
  const off = state === 'off';
  /** @param {PowerAction} action @param {boolean} disabled @returns {import('../parts/menu.js').MenuItem} */
  const item = (action, disabled) => ({
    label: ASKS.includes(action) ? t('power.asks', { action: t(`power.${action}`) }) : t(`power.${action}`),
    disabled,
    tone: action === 'hard-off' || action === 'reset' ? 'danger' : '',
    run: () => act(action, facts),
  });
  return [
    item('on', state === 'on'),
    item('soft-off', off),
    'line',
    item('reset', off),
    item('hard-off', off),
    item('nmi', off),
    'line',
    { group: t('power.next-start') },
    ...BOOTS.map((boot) => ({
      label: bootChoiceWords(boot),
      chosen: (facts.power?.boot_next ?? 'default') === boot,
      run: () => bootOnce(boot, facts),
    })),
  ];
}
