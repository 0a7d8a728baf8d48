/* The settings as the gateway has them, for all sections: read once, changed through here, so that each knows the newest
 * state and its tag. */

import { ApiError, asList, garbled } from '../api.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_api.js').Config} Config */
/** @typedef {import('./settings_api.js').Key} Key */
/** @typedef {import('./settings_api.js').Patch} Patch */
/**
 * How a change ended: done (it may be on trial then), somebody else was faster, or something about keys is wrong.
 * @typedef {{sort: 'done'} | {sort: 'changed', who: string, time: number, before: Config} | {sort: 'bad', keys: {section: string, key: string, message: string}[]}} Outcome
 */

/** The state is another. */
export const CONFIG_CHANGED = 'change';

export class ConfigStore extends EventTarget {
  /** @type {Key[]} */
  keys = [];
  /** @type {Config} */
  config = { etag: '', targets: {}, waiting: [], ignored: [], file: null, pending: null };

  async load() {
    const [keys, config] = await Promise.all([this.keys.length ? this.keys : settingsApi.keys(), settingsApi.config()]);
    this.keys = asList(keys);
    this.take(config);
  }

  /** @param {Config} config */
  take(config) {
    if (![config?.waiting, config?.ignored].every(Array.isArray) || !config.targets) throw garbled();
    this.config = config;
    this.dispatchEvent(new Event(CONFIG_CHANGED));
  }

  /** Where the owner's settings stand. */
  get file() {
    return this.config.file ?? 'lightsout.conf';
  }

  /** @param {Key['section']} section @param {string} name */
  key(section, name) {
    return this.keys.find((key) => key.section === section && key.name === name) ?? null;
  }

  /**
   * @param {Patch} patch @returns {Promise<Outcome>}
   * @throws {ApiError} anything else that goes wrong
   */
  async change(patch) {
    const before = this.config;
    try {
      this.take(await settingsApi.change(before.etag, patch));
      return { sort: 'done' };
    } catch (error) {
      if (!(error instanceof ApiError) || !error.body) throw error;
      const { error: told, config } = error.body;
      if (error.status === 412 && config) {
        this.take(config);
        return { sort: 'changed', who: told.who ?? '', time: told.time ?? 0, before };
      }
      if (error.code === 'bad-config' && told.keys?.length) return { sort: 'bad', keys: told.keys };
      throw error;
    }
  }
}
