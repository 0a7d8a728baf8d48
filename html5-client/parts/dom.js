/* Builds elements. Nothing here ever takes HTML from a string, and no string turns the direction of what stands beside it. */

/** @typedef {Node|string|null|undefined|false} Child */
/** @typedef {Record<string, string|number|boolean|null|undefined|((event: any) => void)>} Properties */

// Control characters, those that mark, embed, override and isolate directions (all of Unicode's Bidi_Control), and ends of lines and
// paragraphs: a name must not reorder the sentence around it.
const UNRULY = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** Attributes that are read out or shown. */
const SPOKEN = ['aria-label', 'title', 'alt', 'placeholder'];

/** @param {string} text */
const shown = (text) => text.replace(UNRULY, '\ufffd');

/**
 * h('button', {class: 'button', onclick: run, disabled: true}, 'Run'): `on...` functions listen, true sets an empty
 * attribute, false, null and undefined leave the attribute out, the rest are attributes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, SPOKEN.includes(name) ? shown(String(value)) : String(value));
  }
  element.append(...children.filter((child) => child || child === '').map((child) => (typeof child === 'string' ? shown(child) : /** @type {Node} */ (child))));
  return element;
}

let ids = 0;

/** An id nobody else has, for labels and descriptions. @param {string} stem */
export const newId = (stem) => `${stem}-${++ids}`;

/**
 * Writes only what changed, so that live regions do not speak twice and selections stay.
 * @param {Element} element @param {string} text
 */
export function setText(element, text) {
  const wanted = shown(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}
