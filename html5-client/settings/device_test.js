/* Tries a device that a target is to have, or has: a capture device, a USB controller, a GPIO line; and says what came. */

import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { keyLabel } from './key_words.js';
import { button, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** What is known of one, besides. */
const FACTS = /** @type {const} */ (['card', 'timings', 'formats', 'state', 'speed', 'line', 'label', 'direction', 'consumer']);

/**
 * works: whether a new target could use it, null: not known. why, not_seen: sentences of the gateway's.
 * @typedef {{device: string, works: boolean|null, busy: boolean, target: string|null, why: string|null, not_seen: string|null} & {[fact in typeof FACTS[number]]?: string}} Seen
 */

/** @param {Seen} seen */
function wordsOf(seen) {
  const { device, works, target, why, not_seen: notSeen } = seen;
  const known = FACTS.map((fact) => seen[fact]).filter(Boolean).join(' · ');
  const taken = target && t('settings.device-taken', { device: known || device, target });
  const verdict = works ? t('settings.test.works') : !known && !taken && t(works === false ? 'settings.test.fails' : 'settings.test.unknown');
  return [verdict, taken || known, why, notSeen].filter(Boolean).join(' — ');
}

/** @param {Seen} seen */
const toneOf = ({ works, busy }) => (works ? 'ok' : works === false || busy ? 'warn' : '');

export class DeviceTest {
  #status = new StatusLine();
  #button = button(t('settings.test'), () => void this.#run(), 'small');
  element = h('div', { class: 'device-test' }, this.#button, this.#status.element);

  /** @param {import('./settings_api.js').Key} key of a device @param {() => import('./settings_api.js').Value} device what is chosen */
  constructor(key, device) {
    this.kind = key.devices ?? 'capture';
    this.device = device;
    this.#button.setAttribute('aria-label', t('settings.key-says', { key: keyLabel(key.name), message: t('settings.test') }));
  }

  async #run() {
    const path = this.device();
    if (typeof path !== 'string' || !path) return this.#status.say(t('settings.test.none'), 'warn');
    this.#status.say(t('settings.test.going'), '');
    this.#button.setAttribute('aria-busy', 'true');
    try {
      const seen = await settingsApi.testDevice({ [this.kind]: path.split(',')[0] }); // a line's ",active-low" is the target's
      this.#status.say(wordsOf(seen), toneOf(seen));
    } catch (error) {
      this.#status.fail(error);
    }
    this.#button.removeAttribute('aria-busy');
  }
}
