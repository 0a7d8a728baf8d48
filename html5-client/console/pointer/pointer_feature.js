/* Absolute or relative pointer: what the target takes, and what the user prefers. */

import { kept } from '../../parts/kept.js';
import { t } from '../../parts/messages.js';

/** @type {import('../console_context.js').Feature} */
export function plugPointer(context) {
  let targetAbsolute = true;
  const choice = `relative.${context.target}`;
  let userRelative = kept.read(choice) !== null;
  const show = () => context.screen.input.setAbsolute(targetAbsolute && !userRelative);

  show();
  context.screen.input.mouse.refused = () => context.notice(t('console.no-pointer-lock'), 'danger');
  context.on('pointer-mode', ({ absolute }) => {
    targetAbsolute = absolute;
    show();
  });
  context.addMenu('seat', () => [
    {
      label: t('console.relative-mouse'),
      checked: userRelative || !targetAbsolute,
      disabled: !targetAbsolute,
      run: () => {
        userRelative = !userRelative;
        kept.keep(choice, userRelative ? '1' : null);
        show();
      },
    },
  ]);
}
