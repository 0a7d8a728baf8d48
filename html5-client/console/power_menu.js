/* Power: what can be done to the target now; what cannot be undone asks first. */

import { api, sentence } from '../api.js';
import { confirmDialog } from '../parts/dialog.js';
import { notice } from '../parts/notices.js';
import { BOOT_WORDS } from '../parts/words.js';

/** @typedef {import('../api.js').PowerAction} PowerAction */
/** @typedef {import('../api.js').BootChoice} BootChoice */
/** @typedef {{target: string, power: import('../api.js').Power|null, changed: (power: import('../api.js').Power) => void}} Facts */

/** @type {Record<PowerAction, {label: string, done: string, ask?: {text: string, action: string}}>} */
const ACTIONS = {
  on: { label: 'Power on', done: 'Powered on.' },
  'soft-off': { label: 'Shut down (ACPI)', done: 'The target was asked to shut down.' },
  'hard-off': {
    label: 'Power off now …',
    done: 'Powered off.',
    ask: { text: 'The power is cut at once. What the target has not written to its disks is lost.', action: 'Power off' },
  },
  reset: {
    label: 'Reset …',
    done: 'Reset.',
    ask: { text: 'The target starts anew at once. What it has not written to its disks is lost.', action: 'Reset' },
  },
  nmi: {
    label: 'Send NMI …',
    done: 'NMI sent.',
    ask: { text: 'Many systems crash on a non-maskable interrupt, on purpose: to write a dump.', action: 'Send NMI' },
  },
};

/** @type {BootChoice[]} */
const BOOTS = ['default', 'cd', 'disk', 'pxe', 'menu', 'setup'];

/** @param {PowerAction} action @param {Facts} facts */
export async function act(action, { target, changed }) {
  const { done, ask, label } = ACTIONS[action];
  const title = `${label.replace(' …', '')}: ${target}`;
  if (ask && !(await confirmDialog({ title, ...ask }))) return;
  try {
    const power = await api.power(target, action);
    if (power) changed(power);
    notice(done);
  } catch (error) {
    notice(sentence(error), 'danger');
  }
}

/** @param {BootChoice} boot @param {Facts} facts */
async function bootOnce(boot, { target, changed }) {
  try {
    const power = await api.bootOnce(target, boot);
    if (power) changed(power);
    notice(boot === 'default' ? 'The next start is as usual.' : `The next start, once: ${BOOT_WORDS[boot]}.`);
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
    label: ACTIONS[action].label,
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
    { group: 'Next start, once' },
    ...BOOTS.map((boot) => ({
      label: BOOT_WORDS[boot],
      checked: (facts.power?.boot_next ?? 'default') === boot,
      run: () => bootOnce(boot, facts),
    })),
  ];
}
