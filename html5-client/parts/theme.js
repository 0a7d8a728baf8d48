/* Light, dark, or as the system says; remembered in this browser. */

/** @typedef {'system'|'light'|'dark'} Theme */

const KEY = 'lightsout-theme';

/** @returns {Theme} */
function kept() {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system'; // a browser that may keep nothing
  }
}

let chosen = kept();

/** @returns {Theme} */
export function theme() {
  return chosen;
}

/** @param {Theme} value */
export function setTheme(value) {
  chosen = value;
  try {
    if (value === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, value);
  } catch {
    // until the page is loaded anew then
  }
  applyTheme();
}

export function applyTheme() {
  const value = theme();
  if (value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}
