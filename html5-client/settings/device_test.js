/* Tries a capture device before a target is made of it, and says what came. */

import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { button, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_api.js').Value} Value */

/**
 * works: whether a new target could use it, null: not known. why, not_seen: sentences of the gateway's.
 * @typedef {{works: boolean|null, busy: boolean, target: string|null, why: string|null, not_seen: string|null, card?: string, timings?: string, formats?: string}} Seen
 */

/** @param {Seen} seen */
function wordsOf({ works, target, why, not_seen: notSeen, card, timings, formats }) {
  const known = [card, timings, formats].filter(Boolean).join(' · ');
  const device = known || t(works ? 'settings.test.works' : works === false ? 'settings.test.fails' : 'settings.test.unknown');
  return [target ? t('settings.device-taken', { device, target }) : device, why, notSeen].filter(Boolean).join(' — ');
}

/** @param {Seen} seen */
const toneOf = ({ works, busy }) => (works ? 'ok' : works === false || busy ? 'warn' : '');

export class DeviceTest {
  #status = new StatusLine();
  #button = button(t('settings.test'), () => void this.#run(), 'small');
  element = h('div', { class: 'device-test' }, this.#button, this.#status.element);

  /** @param {() => Value} device what is chosen */
  constructor(device) {
    this.device = device;
  }

  async #run() {
    const path = this.device();
    if (typeof path !== 'string' || !path) return this.#status.say(t('settings.test.none'), 'warn');
    this.#status.say(t('settings.test.going'), '');
    this.#button.setAttribute('aria-busy', 'true');
    try {
      const seen = await settingsApi.testDevice({ capture: path });
      this.#status.say(wordsOf(seen), toneOf(seen));
    } catch (error) {
      this.#status.fail(error);
    }
    this.#button.removeAttribute('aria-busy');
  }
}
