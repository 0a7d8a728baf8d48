/* Begins the gateway's process anew, once somebody agreed, and waits for the new one. */

import { api, sentence } from '../api.js';
import { confirmDialog } from '../parts/dialog.js';
import { t } from '../parts/messages.js';
import { notice } from '../parts/notices.js';
import { settingsApi } from './settings_api.js';

const AGAIN_MS = 500;
const TRIES = 40;

/** It is not older than the wish. @param {number} wished */
async function newOne(wished) {
  for (let tries = TRIES; ; tries--) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    try {
      const { uptime = 0 } = await api.system();
      if (uptime * 1000 <= performance.now() - wished || !tries) return;
    } catch (error) {
      if (!tries) throw error;
    }
  }
}

/** @param {HTMLElement} button that wants it @param {() => unknown} done it is there */
export async function restartGateway(button, done) {
  if (!(await confirmDialog({ title: t('settings.restart'), text: t('settings.restart-text'), action: t('settings.restart-now') }))) return;
  button.setAttribute('aria-busy', 'true');
  const wished = performance.now();
  try {
    await settingsApi.restart();
    await newOne(wished);
    await done();
    notice(t('settings.restarted'));
  } catch (error) {
    notice(sentence(error), 'danger');
  }
  button.removeAttribute('aria-busy');
}
