/* Runs inside a page: finds elements as people name them. Sent to browsers whose driver has no locators of its own, so it
 * must stand alone. */

/**
 * @typedef {{by: 'css'|'role'|'text'|'label'|'title', value: string, name?: string, pattern?: string, exact?: boolean, within?: Wanted, at?: number|null}} Wanted at: which of those, null: all
 */

/** @param {Wanted} wanted @returns {Element[]} */
export function find({ by, value, name, pattern, exact, within }) {
  const roles = {
    button: 'button, [role="button"]',
    heading: 'h1, h2, h3, h4, h5, h6',
    link: 'a[href]',
    menuitem: '[role="menuitem"]',
    radio: 'input[type="radio"]',
    searchbox: 'input[type="search"]',
  };
  const plain = (/** @type {string|null|undefined} */ text) => (text ?? '').replace(/\s+/g, ' ').trim();
  const labels = (/** @type {any} */ element) => [...(element.labels ?? [])].map((label) => plain(label.textContent)).join(' ');
  const nameOf = (/** @type {Element} */ element) =>
    element.getAttribute('aria-label') || labels(element) || plain(element.textContent);
  const shown = (/** @type {Element} */ element) => element.checkVisibility({ visibilityProperty: true });
  const fits = (/** @type {string} */ text, /** @type {string} */ wanted) =>
    exact ? text === wanted : text.toLowerCase().includes(wanted.toLowerCase());

  if (within) {
    const around = find(within);
    const chosen = within.at == null ? around : [around.at(within.at)];
    return find({ by, value, name, pattern, exact }).filter((element) => chosen.some((one) => one !== element && one?.contains(element)));
  }
  if (by === 'css' && value.endsWith(':visible')) return [...document.querySelectorAll(value.replace(/:visible$/, '*'))].filter(shown);
  if (by === 'css') return [...document.querySelectorAll(value)];
  if (by === 'title') return [...document.querySelectorAll('[title]')].filter((element) => element.getAttribute('title') === value);
  if (by === 'label')
    return [...document.querySelectorAll('input, textarea, select, [aria-label]')].filter((element) => fits(nameOf(element), value));
  if (by === 'role')
    return [...document.querySelectorAll(roles[value])]
      .filter(shown)
      .filter((element) => (pattern ? new RegExp(pattern).test(nameOf(element)) : !name || fits(nameOf(element), name)));
  const having = [...document.body.querySelectorAll('*')].filter((element) => (pattern ? new RegExp(pattern).test(plain(element.textContent)) : fits(plain(element.textContent), value)));
  return having.filter((element) => !having.some((other) => other !== element && element.contains(other)));
}
