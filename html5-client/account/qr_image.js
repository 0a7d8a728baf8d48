/* A QR code as an SVG element, always dark on light: readers want it so. */

import { qrCode } from './qr.js';

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = 4;
/** Of a module, so that each is as wide as the others. */
const PIXELS = 4;

/** @param {string} text @param {string} label */
export function qrImage(text, label) {
  const { size, dark } = qrCode(text);
  const side = size + 2 * MARGIN;
  const image = document.createElementNS(SVG, 'svg');
  const modules = document.createElementNS(SVG, 'path');
  let path = '';
  dark.forEach((on, i) => {
    if (on) path += `M${MARGIN + (i % size)} ${MARGIN + Math.floor(i / size)}h1v1h-1z`;
  });
  modules.setAttribute('d', path);
  for (const [name, value] of [['viewBox', `0 0 ${side} ${side}`], ['width', side * PIXELS], ['height', side * PIXELS], ['role', 'img'], ['aria-label', label], ['class', 'qr'], ['shape-rendering', 'crispEdges']])
    image.setAttribute(String(name), String(value));
  image.append(modules);
  return image;
}
