/* Shortcuts of the console itself: Alt+Shift and a letter, while the keys do not go to the target, nor into a field. */

/** @typedef {import('./console_context.js').ConsoleContext} ConsoleContext */

/** @param {EventTarget|null} element */
const takesText = (element) => element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

/** @param {ConsoleContext} context @param {string} code of the key, where it is on the keyboard @param {() => void} run */
export function addShortcut(context, code, run) {
  document.addEventListener(
    'keydown',
    (event) => {
      const plain = event.altKey && event.shiftKey && !event.ctrlKey && !event.metaKey && event.code === code;
      if (!plain || event.repeat || context.state.captured || takesText(event.target) || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      run();
    },
    { signal: context.signal },
  );
}
