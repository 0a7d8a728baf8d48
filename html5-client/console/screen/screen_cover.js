/* What stands over the canvas when there is no picture, or no connection: the reason in words and what can be done. */

import { h } from '../../parts/dom.js';
import { icon } from '../../parts/icons.js';
import { t } from '../../parts/messages.js';
import { captureHelp, signalReason, signalWords } from '../../parts/words.js';

/** @typedef {import('../session/connection.js').ConnectionState} ConnectionState */
/** @typedef {{label: string, run: () => void}} Action */
/** @typedef {{glyph: string, heading: string, why: string, remedies?: string[], log?: string[], action?: Action}} Cover */
/**
 * @typedef {object} ScreenFacts
 * @property {ConnectionState} connection
 * @property {string} failure the decoder did not load
 * @property {{signal: import('../session/protocol.js').SignalName, why: string}|null} noPicture
 * @property {boolean} picture something is on the canvas
 * @property {import('../../api.js').Target|null} target
 * @property {boolean} mayPower
 */
/** @typedef {{retry: () => void, powerOn: () => void, back: () => void, reload: () => void, openDongle: () => void}} Actions */

/** @param {ScreenFacts} facts @param {Actions} actions @returns {Cover|null} */
function coverOf(facts, actions) {
  const { connection, failure, noPicture } = facts;
  if (failure)
    return { glyph: 'warn', heading: t('picture.cover-stopped'), why: failure, action: { label: t('picture.cover-reload'), run: actions.reload } };
  if (connection.state === 'ended')
    return { glyph: 'warn', heading: t('picture.cover-ended'), why: connection.why, action: { label: t('picture.cover-all-targets'), run: actions.back } };
  if (connection.state === 'waiting' || (connection.state === 'connecting' && connection.why))
    return { glyph: 'plug', heading: t('picture.cover-reconnecting'), why: connection.why, action: { label: t('picture.cover-try'), run: actions.retry } };
  if (connection.state === 'connecting') return { glyph: 'wait', heading: t('picture.cover-connecting'), why: '' };
  return noPicture ? noPictureCover(facts, actions) : null;
}

/** @param {ScreenFacts} facts @param {Actions} actions @returns {Cover} */
function noPictureCover({ noPicture, target, mayPower }, actions) {
  const { signal, why } = noPicture ?? { signal: 'ok', why: '' };
  const vm = target?.vm;
  if (vm?.state === 'failed')
    return { glyph: 'warn', heading: t('picture.cover-vm-failed'), why: vm.why || why, log: vm.log };
  const help = target?.capture ? captureHelp(signal) : null;
  return {
    glyph: signal === 'powered-off' ? 'power' : signal === 'starting' || signal === 'ok' ? 'wait' : 'screenOff',
    heading: signalWords(signal),
    why: signalReason(signal, why) || help?.reason || '',
    remedies: help?.remedies,
    action: remedyAction(signal, target, mayPower, actions),
  };
}

/**
 * What is done with one press.
 * @param {import('../session/protocol.js').SignalName} signal
 * @param {import('../../api.js').Target|null} target
 * @param {boolean} mayPower
 * @param {Actions} actions
 * @returns {Action|undefined}
 */
function remedyAction(signal, target, mayPower, actions) {
  const off = signal === 'powered-off' || (signal === 'no-signal' && target?.power === 'off');
  if (off) return mayPower ? { label: t('picture.cover-power-on'), run: actions.powerOn } : undefined;
  const dialog = ['no-signal', 'no-lock', 'out-of-range', 'unsupported'].includes(signal);
  return dialog && target?.capture ? { label: t('picture.cover-dongle'), run: actions.openDongle } : undefined;
}

export class ScreenCover {
  #shown = '';
  element = h('div', { class: 'cover', role: 'status', hidden: true });

  /** @param {ScreenFacts} facts @param {Actions} actions */
  update(facts, actions) {
    const cover = coverOf(facts, actions);
    this.element.dataset.over = facts.picture && !facts.noPicture ? 'picture' : 'nothing';
    const text = JSON.stringify(cover);
    if (text === this.#shown) return;
    this.#shown = text;
    this.element.hidden = !cover;
    this.element.replaceChildren(...(cover ? parts(cover) : []));
  }
}

/** @param {Cover} cover */
function parts({ glyph, heading, why, remedies, log, action }) {
  return [
    h(
      'div',
      { class: 'cover-card' },
      icon(glyph),
      h('h2', {}, heading),
      why && why !== heading && h('p', {}, why),
      remedies && h('ul', { class: 'remedies' }, ...remedies.map((remedy) => h('li', {}, remedy))),
      log && log.length > 0 && h('pre', { class: 'log', tabindex: 0, 'aria-label': t('picture.cover-log') }, log.join('\n')),
      action && h('button', { class: 'button', type: 'button', onclick: action.run }, action.label),
    ),
  ];
}
