/* The field for a code of a second factor: six digits, or a recovery code. */

import { field } from './field.js';

/** @param {string} label @param {string} hint */
export function codeField(label, hint) {
  const code = field({ label, name: 'code', autocomplete: 'one-time-code', hint, mono: true });
  code.input.setAttribute('maxlength', '64');
  return code;
}

/** What was typed, without the blanks between groups of digits. @param {string} typed */
export const codeOf = (typed) => typed.replace(/\s+/g, '');
