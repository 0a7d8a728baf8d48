/* Arrow keys within a toolbar: one stop for Tab, left and right inside (ARIA toolbar pattern). */

/** @param {HTMLElement} toolbar */
const controls = (toolbar) =>
  /** @type {HTMLElement[]} */ ([...toolbar.querySelectorAll(':scope > button, :scope > a, :scope > div > button')]).filter(
    (control) => !control.hidden && !(/** @type {HTMLButtonElement} */ (control).disabled),
  );

/** @param {HTMLElement} toolbar has its controls already */
export function attachToolbar(toolbar) {
  toolbar.setAttribute('role', 'toolbar');
  /** @param {HTMLElement} current */
  const rove = (current) => {
    for (const control of toolbar.querySelectorAll('button, a'))
      if (!control.closest('[role="menu"]')) /** @type {HTMLElement} */ (control).tabIndex = control === current ? 0 : -1;
  };
  rove(controls(toolbar)[0]);
  toolbar.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement && controls(toolbar).includes(target)) rove(target);
  });
  toolbar.addEventListener('keydown', (event) => {
    const all = controls(toolbar);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    if (at < 0 || !(event.key in next)) return;
    event.preventDefault();
    all[(next[event.key] + all.length) % all.length].focus();
  });
}
