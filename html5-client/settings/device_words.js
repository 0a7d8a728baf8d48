/* Devices of the gateway that a target may be made of (GET /devices), in words. Pure. */

import { t } from '../parts/messages.js';

/** stable: the same after a restart, '' when there is none. target: which has it already. */
/** @typedef {{node: string, stable?: string, card?: string, driver?: string, target?: string|null}} CaptureDevice */
/** @typedef {{name: string, state?: string, gadget?: string, target?: string|null}} Controller */
/** used: the lines that targets have. */
/** @typedef {{chip: string, label?: string, lines?: number, used?: {line: number, target: string}[]}} GpioChip */
/** @typedef {{capture?: CaptureDevice[], udc?: Controller[], gpio?: GpioChip[]}} Devices */
/** @typedef {{value: string, words: string, taken: string}} DeviceChoice taken: by which target, or driver */

/** @param {(string|undefined)[]} parts */
const joined = (...parts) => parts.filter(Boolean).join(' · ');

/** What may be chosen for a key. @param {Devices} devices @param {'capture'|'udc'|'gpio'} kind @returns {DeviceChoice[]} */
export function deviceChoices(devices, kind) {
  if (kind === 'capture')
    return (devices.capture ?? []).map(({ node, stable, card, target }) => {
      const value = stable || node;
      return { value, words: joined(card, value), taken: target ?? '' };
    });
  if (kind === 'udc') return (devices.udc ?? []).map(({ name, state, gadget, target }) => ({ value: name, words: joined(name, state), taken: (target ?? gadget) || '' }));
  return (devices.gpio ?? []).flatMap(({ chip, label, lines = 0, used = [] }) =>
    Array.from({ length: lines }, (_, line) => ({ value: `${chip}:${line}`, words: joined(`${chip}:${line}`, label), taken: used.find((one) => one.line === line)?.target ?? '' })),
  );
}

/** @param {DeviceChoice} choice */
export const deviceWords = ({ words, taken: by }) => (by ? t('settings.device-taken', { device: words, target: by }) : words);
