/* Typing a text on the target: by its button, and by pasting onto the picture. */

import { t } from '../../parts/messages.js';
import { openPasteDialog } from './paste_dialog.js';

/** @type {import('../console_context.js').Feature} */
export function plugPaste(context) {
  const enabled = () => context.state.admitted;
  const open = (text = '') => enabled() && openPasteDialog(context, text);
  context.addTool({ name: 'paste', order: 30, keep: 50, glyph: 'clipboard', label: t('paste.tool'), run: () => open(), enabled });
  context.screen.pasted = (text) => void open(text);
  context.provide('paste', open);
}
