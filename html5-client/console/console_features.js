/* The features of a console, in the order in which they are plugged in: a line each. What is heavy or rarely wanted is
 * loaded by its feature with import(), when it is wanted. */

import { plugCursor } from './pointer/cursor_feature.js';
import { plugDongle } from '../dongle/dongle_feature.js';
import { plugCapture } from './keys/capture_feature.js';
import { plugFigures } from './figures/figures_feature.js';
import { plugJiggler } from './macros/jiggler_feature.js';
import { plugKeys } from './keys/keys_feature.js';
import { plugLocks } from './keys/locks_feature.js';
import { plugMacros } from './macros/macros_feature.js';
import { plugMedia } from '../media/media_feature.js';
import { plugPaste } from './typing/paste_feature.js';
import { plugPointer } from './pointer/pointer_feature.js';
import { plugPower } from './power_feature.js';
import { plugRegion } from './region/region_feature.js';
import { plugRecord } from '../recordings/record_feature.js';
import { plugScreenshot } from './region/screenshot_feature.js';
import { plugSeat } from './seat/seat_feature.js';
import { plugSize } from './screen/size_feature.js';
import { plugSoftKeyboard } from './typing/soft_keyboard_feature.js';
import { plugTouch } from './touch/touch_feature.js';
import { plugViewers } from './seat/viewers_feature.js';

/** @type {import('./console_context.js').Feature[]} */
export const FEATURES = [plugSeat, plugPower, plugPointer, plugTouch, plugKeys, plugMacros, plugLocks, plugCapture, plugJiggler, plugPaste, plugSoftKeyboard, plugMedia, plugSize, plugFigures, plugDongle, plugRegion, plugScreenshot, plugCursor, plugViewers, plugRecord];
