/* What is said of a text that is typed: how long it takes, what cannot be typed, how it ended. Pure but for the words. */

import { hasMessage, t } from '../../parts/messages.js';
import { sizeWords, spanWords } from '../../parts/words.js';

/** @typedef {import('./typing_api.js').Typing} Typing */
/** @typedef {import('./typing_api.js').Missing} Missing */

/** Bytes of the request in which the text travels; the gateway takes no more. */
export const MOST = 65000;

/** Characters as people count them here: line ends are one. @param {string} text */
export const countCharacters = (text) => {
  let count = 0;
  for (const c of text) if (c !== '\r') count++;
  return count;
};

/** The text's size in a request; anything clearly too long is not measured. @param {string} text */
export function requestSize(text) {
  if (text.length > 4 * MOST) return text.length;
  return new TextEncoder().encode(JSON.stringify(text)).length;
}

/** Why it cannot be typed, or ''. @param {string} text */
export const tooLongWords = (text) => {
  const size = requestSize(text);
  return size > MOST ? t('paste.too-long', { size: sizeWords(size), most: sizeWords(MOST) }) : '';
};

/** A name for what cannot be seen, else the character itself. @param {Missing} missing */
export function missingName({ character, name }) {
  if (!name) return character ?? '';
  const key = `paste.name.${name.replaceAll(' ', '-').toLowerCase()}`;
  return hasMessage(key) ? t(key) : name;
}

/** Seconds until it is done, or null. @param {Typing} typing */
export function secondsLeft({ remaining, per_second }) {
  return per_second > 0 ? Math.ceil(remaining / per_second) : null;
}

/** @param {Typing} typing */
export function progressWords(typing) {
  if (typing.state === 'waiting') return t('paste.waiting');
  const typed = t('paste.typed', { typed: typing.characters - typing.remaining, count: typing.characters });
  const left = secondsLeft(typing);
  const slowed = typing.slowed ? ` ${t('paste.slowed')}` : '';
  return left === null || left < 2 ? typed + slowed : `${typed}, ${t('paste.left', { time: spanWords(left) })}${slowed}`;
}

/** How it ended. @param {Typing} typing @returns {{text: string, tone: 'ok'|'warn'|'danger'}} */
export function endWords({ state, remaining, echo }) {
  if (state === 'stopped') return { text: t('paste.stopped', { count: remaining }), tone: 'warn' };
  if (state === 'given-up') return { text: t('paste.given-up', { count: remaining }), tone: 'danger' };
  if (echo.result === 'partly') return { text: t('paste.done-partly', { count: echo.lost, line: echo.line ?? 1, column: echo.column ?? 1 }), tone: 'warn' };
  return { text: t(`paste.done-${echo.result}`), tone: 'ok' };
}
