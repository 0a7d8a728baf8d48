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
      place.replaceChildren(h('div', { class: 'gate' }, h('p', {}, t('app.no-answer')), again));
    }
    place.removeAttribute('aria-busy');
  };
  void fill();
  return place;
}
