/* Keeps the console within what is seen of the page. Where a soft keyboard lies over the page instead of making it smaller
 * (iOS), only the visual viewport tells. */

/** What the browser's own bars may take is less. */
const KEYBOARD = 60;

/** @param {HTMLElement} root @param {AbortSignal} signal */
export function keepInSight(root, signal) {
  const seen = window.visualViewport;
  if (!seen) return;
  const fit = () => {
    const zoomed = Math.abs(seen.scale - 1) > 0.01; // then the user looks at a part of the page on purpose
    const covered = !zoomed && document.documentElement.clientHeight - seen.height > KEYBOARD;
    root.style.height = covered ? `${seen.height}px` : '';
    root.style.translate = covered && seen.offsetTop ? `0 ${seen.offsetTop}px` : '';
  };
  seen.addEventListener('resize', fit, { signal });
  seen.addEventListener('scroll', fit, { signal });
}
