/* A line of figures over time, drawn as SVG, with its text beside it. */

import { t } from '../../parts/messages.js';
import { rateWords } from '../../parts/words.js';

const SVG = 'http://www.w3.org/2000/svg';
const KEPT = 120;
const HEIGHT = 36;

export class Spark {
  /** @type {{at: number, value: number}[]} */
  #values = [];
  #line = document.createElementNS(SVG, 'polyline');
  element = document.createElementNS(SVG, 'svg');

  constructor() {
    this.element.setAttribute('class', 'spark');
    this.element.setAttribute('role', 'img');
    this.element.setAttribute('viewBox', `0 0 ${KEPT - 1} ${HEIGHT}`);
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.element.append(this.#line);
  }

  /** @param {number} value bits a second @param {number} now ms */
  add(value, now) {
    this.#values.push({ at: now, value });
    if (this.#values.length > KEPT) this.#values.shift();
  }

  show() {
    const values = this.#values.map(({ value }) => value);
    const most = Math.max(1, ...values);
    const begin = KEPT - values.length;
    this.#line.setAttribute('points', values.map((value, i) => `${begin + i},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`).join(' '));
    const seconds = values.length > 1 ? Math.round((this.#values[values.length - 1].at - this.#values[0].at) / 1000) : 0;
    const words = t('picture.figures-spark', { seconds, now: rateWords(values[values.length - 1] ?? 0), most: rateWords(values.length ? Math.max(...values) : 0) });
    this.element.setAttribute('aria-label', words);
  }
}
