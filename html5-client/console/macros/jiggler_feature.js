/* The jiggler: a badge where it is on, and a way to stop it for now or for good. */

import { sentence } from '../../api.js';
import { h } from '../../parts/dom.js';
import { attachMenu } from '../../parts/menu.js';
import { t } from '../../parts/messages.js';
import { configureTarget, setJiggler } from './macro_api.js';

const USUAL = 60;

/** @type {import('../console_context.js').Feature} */
export function plugJiggler(context) {
  const { state, target } = context;
  const seconds = () => /** @type {{jiggler?: number}|null} */ (state.info)?.jiggler ?? 0;
  const badge = h('button', { type: 'button', class: 'chip jiggler' }, t('keys.jiggler'));
  const place = h('div', { class: 'jiggler-place', hidden: true }, badge);

  /** @param {number} wanted */
  const set = async (wanted) => {
    try {
      await setJiggler(target, wanted);
      context.refresh();
    } catch (error) {
      context.notice(sentence(error), 'danger');
    }
  };
  const forGood = async () => {
    try {
      await configureTarget(target, { jiggler: '0' });
      await set(0);
    } catch (error) {
      context.notice(sentence(error), 'danger');
    }
  };
  attachMenu(badge, () => [
    { group: t('keys.jiggler-after', { count: seconds() }) },
    { label: t('keys.jiggler-off'), run: () => void set(0), disabled: !context.can('input') },
    ...(context.can('configure') ? [{ label: t('keys.jiggler-off-for-good'), run: () => void forGood() }] : []),
  ]);
  context.addTitleItem(place);
  context.onChange(() => (place.hidden = !seconds()));
  context.addMenu('tools', () => (context.can('input') ? [{ label: t('keys.jiggler-on'), checked: seconds() > 0, run: () => void set(seconds() ? 0 : USUAL) }] : []));
}
