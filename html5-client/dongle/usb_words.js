/* What has happened to a target's USB, and why the automatic choice decided so, in words. Pure. */

import { asSentence, listWords, personalityWords, sentenceWords } from '../parts/words.js';
import { t } from '../parts/messages.js';

/** @param {string} id of a reason, '' for none @param {string} why the same as an English sentence */
const reasonWords = (id, why) => sentenceWords(`dongle.why.${id}`, [], why);

/** Why the automatic choice took its last step; '' when it took none. @param {{why: string, why_id: string|null}} usb */
export const whyWords = ({ why, why_id }) => reasonWords(why_id ?? '', why);

/** @param {import('../api.js').Usb['left_out_parts'][0]} part @returns {string} '' for what there are no words for */
function leftOutWords({ id, functions, endpoints }) {
  const what = functions.map((name) => sentenceWords(`dongle.function.${name}`, [], name));
  return sentenceWords(`dongle.left.${id}`, [listWords(what), ...endpoints.map(String)], '');
}

/** Why nothing of ours can be plugged in, or not all of it. @param {import('../api.js').Usb} usb */
export function troubleWords({ state, trouble, left_out, left_out_parts }) {
  const first = state === 'no-helper' ? t('event.usb-no-helper') : trouble;
  const parts = left_out_parts.map(leftOutWords);
  const what = parts.every(Boolean) ? parts : [left_out];
  return [first, ...what.map((one) => t('dongle.left-out', { what: one }))].map(asSentence).join(' ').trim();
}

/** Events whose first argument is a personality, and whose second and third are a reason. */
const CHOICES = new Set(['usb-chosen', 'usb-accepted', 'usb-switched', 'usb-offered', 'usb-kept']);

/** @param {import('../api.js').TargetEvent} event */
export function usbEventWords({ id, args, text }) {
  if (!CHOICES.has(id)) return sentenceWords(`event.${id}`, args, text);
  const [name, reason, why] = args;
  const { label } = personalityWords({ name, words: '' });
  return sentenceWords(`event.${id}`, [label, reason, why && reasonWords(reason, why)], text);
}
