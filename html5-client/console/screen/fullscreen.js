/* Fullscreen together with the keyboard lock, where browsers have one: then keys such as Alt+Tab and Escape reach the
 * target too. */

/** @param {Element} element */
async function enterFullscreen(element) {
  // The standard's way (fullscreen option) and Chromium's own; browsers ignore what they do not know.
  const options = /** @type {FullscreenOptions} */ ({ navigationUI: 'hide', keyboardLock: 'browser' });
  await element.requestFullscreen(options);
  const { keyboard } = /** @type {{keyboard?: {lock?: () => Promise<void>}}} */ (/** @type {unknown} */ (navigator));
  try {
    await keyboard?.lock?.();
  } catch {
    // Not allowed here: fullscreen is still good.
  }
}

/** @param {Element} element */
export async function toggleFullscreen(element) {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await enterFullscreen(element);
}
