/* The name with its mark. */

import { base } from '../base.js';
import { h } from '../parts/dom.js';

export const wordmark = () =>
  h('a', { class: 'wordmark', href: '#/' }, h('img', { src: `${base}/favicon.svg`, alt: '', width: 26, height: 26 }), 'lightsout');
