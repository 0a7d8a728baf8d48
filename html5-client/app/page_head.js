/* What stands above every page behind the login: the way to the others, and who is here. */

import { wordmark } from './brand.js';
import { h } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { userMenu } from './user_menu.js';

/** @typedef {'list'|'wall'|'recordings'|''} PageName '': none of these */

/** @type {{name: PageName, href: string, glyph: string}[]} */
const PAGES = [
  { name: 'list', href: '#/', glyph: 'screen' },
  { name: 'wall', href: '#/wall', glyph: 'wall' },
  { name: 'recordings', href: '#/recordings', glyph: 'film' },
];

/** @param {PageName} current */
export function pageHead(current) {
  const links = PAGES.map(({ name, href, glyph }) =>
    h('a', { href, title: t(`app.page.${name}`), 'aria-current': name === current && 'page' }, icon(glyph), h('span', { class: 'page-name' }, t(`app.page.${name}`))),
  );
  return h('header', { class: 'page-head' }, wordmark(), h('nav', { class: 'page-nav', 'aria-label': t('app.pages') }, ...links), userMenu());
}
