/* The list of those who look at a target. */

import { h } from '../../parts/dom.js';
import { openDialog } from '../../parts/dialog.js';
import { t } from '../../parts/messages.js';
import { dateWords } from '../../parts/words.js';

/** @typedef {import('../session/protocol.js').Viewer} Viewer */
/** @typedef {{total: number, list: Viewer[], at: number}} Told */

/** @param {Viewer} viewer @param {number} at when it was told, ms */
function viewerWords({ mine, types, hidden, since, address }, at) {
  const parts = [mine && t('picture.viewer-me'), types && t('picture.viewer-types'), hidden && t('picture.viewer-hidden'), t('picture.viewer-since', { time: dateWords(at - since * 1000) }), address];
  return parts.filter(Boolean).join(' · ');
}

/**
 * @param {() => Told|null} told null: not connected @param {(viewer: Viewer) => void} disconnect @param {() => void} onclose
 * @returns {() => void} shows what is told now
 */
export function openViewers(told, disconnect, onclose) {
  const list = h('ul', { class: 'viewer-list' });
  const more = h('p', { class: 'dim' });
  const show = () => {
    const now = told();
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...(now?.list ?? []).map((viewer) => row(viewer, now?.at ?? 0)));
    const rest = (now?.total ?? 0) - (now?.list.length ?? 0);
    more.textContent = rest > 0 ? t('picture.viewers-more', { count: rest }) : '';
    if (focused && !list.contains(document.activeElement)) dialog.querySelector('button')?.focus();
  };
  /** @param {Viewer} viewer @param {number} at */
  const row = (viewer, at) =>
    h(
      'li',
      {},
      h('div', {}, h('b', {}, viewer.name), h('div', { class: 'small dim' }, viewerWords(viewer, at))),
      viewer.mayEnd && h('button', { type: 'button', class: 'button small danger', 'aria-label': t('picture.viewer-disconnect-who', { name: viewer.name }), onclick: () => disconnect(viewer) }, t('picture.viewer-disconnect')),
    );
  const dialog = openDialog({ title: t('picture.viewers-title'), body: [list, more], onclose });
  show();
  return show;
}
