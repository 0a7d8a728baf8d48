/* What the pointer looks like over this target's picture. */

import { t } from '../../parts/messages.js';
import { CURSOR_CHOICES, keepCursor, keptCursor } from './cursor_shape.js';

/** @type {import('../console_context.js').Feature} */
export function plugCursor(context) {
  const { cursor } = context.screen;
  cursor.choose(keptCursor(context.target));
  context.addMenu('view', () => [
    { group: t('picture.pointer') },
    ...CURSOR_CHOICES.map((choice) => ({
      label: t(`picture.pointer-${choice}`),
      chosen: cursor.choice === choice,
      run: () => {
        cursor.choose(choice);
        keepCursor(context.target, choice);
      },
    })),
  ]);
}
