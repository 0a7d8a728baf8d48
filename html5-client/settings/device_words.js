/* Devices of the gateway that a target may be made of (GET /devices), in words. Pure. */

import { t } from '../parts/messages.js';

/** @typedef {{path: string, name?: string, card?: string, driver?: string, bus?: string, by_id?: string, target?: string|null}} CaptureDevice */
/** @typedef {{name: string, words?: string, driver?: string, target?: string|null}} Controller */
/** @typedef {{chip: string, label?: string, lines?: number|{line: number, name?: string, used?: boolean|string}[]}} GpioChip */
/** @typedef {{capture?: CaptureDevice[], udc?: Controller[], gpio?: GpioChip[]}} Devices */
/** @typedef {{value: string, words: string, taken: string}} DeviceChoice taken: by which target */

/** @param {string|undefined|null} target */
const taken = (target) => target ?? '';

/** What may be chosen for a key. @param {Devices} devices @param {'capture'|'udc'|'gpio'} kind @returns {DeviceChoice[]} */
export function deviceChoices(devices, kind) {
  if (kind === 'capture')
    return (devices.capture ?? []).map(({ path, by_id: stable, name, card, target }) => {
      const value = stable || path;
      return { value, words: [name ?? card, value].filter(Boolean).join(' · '), taken: taken(target) };
    });
  if (kind === 'udc')
    return (devices.udc ?? []).map(({ name, words, driver, target }) => ({ value: name, words: [name, words ?? driver].filter(Boolean).join(' · '), taken: taken(target) }));
  return (devices.gpio ?? []).flatMap(({ chip, label, lines }) => {
    const all = Array.isArray(lines) ? lines : Array.from({ length: lines ?? 0 }, (_, line) => ({ line }));
    return all.map((one) => {
      const name = 'name' in one && one.name ? one.name : '';
      return { value: `${chip}:${one.line}`, words: [`${chip}:${one.line}`, name || label].filter(Boolean).join(' · '), taken: '' };
    });
  });
}

/** @param {DeviceChoice} choice */
export const deviceWords = ({ words, taken: by }) => (by ? t('settings.device-taken', { device: words, target: by }) : words);
