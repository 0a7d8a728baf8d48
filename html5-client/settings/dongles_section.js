/* EDID and USB of the dongles: how each stands, and the way to its dialog. */

import { api } from '../api.js';
import { identity } from '../app/identity.js';
import { h } from '../parts/dom.js';
import { loadPart } from '../parts/load_part.js';
import { t } from '../parts/messages.js';
import { personalityWords, signalWords, usbStateWords } from '../parts/words.js';
import { button, chip } from './section_parts.js';

/** @param {import('./settings_view.js').SectionContext} context @returns {Promise<import('./settings_view.js').Section>} */
export async function create({ move }) {
  const targets = (await api.targets()).filter(({ name, usb, capture }) => (usb || capture) && identity.can('configure', name));
  const open = async (/** @type {import('../api.js').Target} */ target, /** @type {'usb'|'video'} */ first) => {
    const part = await loadPart(() => import('../dongle/dongle_dialog.js'));
    if (part) new part.DongleDialog(target.name, target, first, () => move('dongles')).open();
  };
  const rows = targets.map((target) => {
    const { name, usb, signal } = target;
    const state = usb && usbStateWords(usb.state);
    const label = (/** @type {string} */ words) => t('settings.dongles.of', { what: words, target: name });
    const buttons = [
      usb && button(t('dongle.usb'), () => void open(target, 'usb'), 'small'),
      target.capture && button(t('dongle.video'), () => void open(target, 'video'), 'small'),
    ].filter((one) => one instanceof HTMLButtonElement);
    for (const one of buttons) one.setAttribute('aria-label', label(one.textContent ?? ''));
    const words = [usb && personalityWords({ name: usb.personality, words: '' }).label, target.capture && signalWords(signal.name)].filter(Boolean).join(' · ');
    return h('li', { class: 'row' }, h('div', { class: 'row-words' }, h('span', { class: 'row-name' }, name), h('span', { class: 'small dim' }, words)), state && chip(state.text, state.tone), ...buttons);
  });
  const lead = h('p', { class: 'dim' }, t('settings.dongles.lead'));
  return { element: h('div', { class: 'stack' }, lead, rows.length ? h('ul', { class: 'rows' }, ...rows) : h('p', { class: 'empty dim' }, t('settings.dongles.none'))) };
}
