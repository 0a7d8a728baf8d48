/* Tries a capture device before a target is made of it, and says what came. */

import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { button, StatusLine } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_api.js').Value} Value */

/** What the gateway says of a try, whichever words it has for it. @param {any} told */
function wordsOf(told) {
  const parts = [told.card, told.signal?.words ?? told.signal?.name ?? told.signal, told.timings, told.format, told.why, told.words].filter((part) => typeof part === 'string' && part);
  return parts.join(' · ') || t(told.works === false ? 'settings.test.fails' : 'settings.test.works');
}

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
      const told = (await settingsApi.testDevice({ capture: path })) ?? {};
      this.#status.say(wordsOf(told), told.works === false ? 'warn' : 'ok');
    } catch (error) {
      this.#status.fail(error);
    }
    this.#button.removeAttribute('aria-busy');
  }
}
