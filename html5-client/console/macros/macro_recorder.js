/* Writes down what goes from this page to the target, as long as it runs: keys with their times, the pointer where it is
 * absolute; what a macro cannot play is told. What is typed while it runs is in the macro, passwords too, so it says so all the time. */

import { recordedSteps } from './macro_steps.js';

const MOST = 20000;

export class MacroRecorder {
  /** @type {import('./macro_steps.js').Seen[]} */
  #seen = [];
  #on = false;
  #lost = () => {};
  /** @type {Set<number>} */
  #down = new Set();

  /** @param {import('../screen/console_screen.js').ConsoleScreen} screen */
  constructor(screen) {
    this.screen = screen;
  }

  get on() {
    return this.#on;
  }

  /** How much there is by now. */
  get count() {
    return this.#seen.length;
  }

  /** @param {() => void} lost something was done that no macro can play */
  begin(lost) {
    this.#lost = this.screen.input.absolute ? lost : () => {};
    if (!this.screen.input.absolute) lost();
    this.#seen = [];
    this.#on = true;
    this.screen.sending = (command) => this.#take(command);
  }

  /** @param {boolean} timed @returns {import('./macro_steps.js').Step[]} */
  end(timed) {
    this.#on = false;
    this.screen.sending = null;
    const steps = recordedSteps(this.#seen, timed);
    this.#seen = [];
    return steps;
  }

  /** @param {import('../session/console_session.js').Command} command */
  #take(command) {
    if (this.#seen.length >= MOST) return;
    const at = performance.now();
    if (command.type === 'key') this.#key(at, command.usage, command.down);
    else if (command.type === 'release-all') for (const usage of [...this.#down]) this.#key(at, usage, false);
    else if (command.type === 'pointer-absolute') {
      const { buttons, x, y, wheel, pan } = command.pointer;
      if (pan) this.#lost();
      this.#seen.push({ at, buttons, x, y, wheel });
    } else if (command.type === 'pointer-relative') this.#lost();
  }

  /** @param {number} at @param {number} usage @param {boolean} down */
  #key(at, usage, down) {
    if (down) this.#down.add(usage);
    else this.#down.delete(usage);
    this.#seen.push({ at, usage, down });
  }
}
