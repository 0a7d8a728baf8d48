/* Light, dark, or as the system says; remembered in this browser. */

/** @typedef {'system'|'light'|'dark'} Theme */

const KEY = 'lightsout-theme';

/** @returns {Theme} */
export function theme() {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

/** @param {Theme} value */
export function setTheme(value) {
  if (value === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, value);
  applyTheme();
}

export function applyTheme() {
  const value = theme();
  if (value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}
