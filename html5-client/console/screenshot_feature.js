/* The target's screen as a file. */

import { api, sentence } from '../api.js';
import { download, shotName } from '../parts/download.js';

/** @type {import('./console_context.js').Feature} */
export function plugScreenshot(context) {
  const save = async () => {
    try {
      download(await api.screenshot(context.target, 'format=png'), shotName(context.target, new Date()));
    } catch (error) {
      context.notice(sentence(error), 'danger');
    }
  };
  context.addMenu('tools', () => [{ label: 'Save screenshot', run: () => void save() }]);
}
