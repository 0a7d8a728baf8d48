/* A view whose modules are loaded when it is wanted; until then its place is held, and a failure says so. */

import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';

/** @param {() => Promise<HTMLElement>} load @returns {HTMLElement} */
export function lazyView(load) {
  const place = h('div', { class: 'lazy', 'aria-busy': 'true' });
  const fill = async () => {
    try {
      place.replaceChildren(await load());
    } catch {
      const again = h('button', { class: 'button', type: 'button', onclick: () => void fill() }, t('app.try-again'));
      const reload = h('button', { class: 'button', type: 'button', onclick: () => location.reload() }, t('app.reload'));
      place.replaceChildren(h('div', { class: 'gate' }, h('div', { class: 'gate-card' }, h('p', {}, t('app.not-loaded')), again, reload)));
    }
    place.removeAttribute('aria-busy');
  };
  void fill();
  return place;
}
