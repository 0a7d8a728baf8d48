/* Whether this page should take the seat by itself. It does when it comes first, and again after a lost connection
 * when it held the seat before; it never takes the seat from somebody without being told to. Pure. */

/** @typedef {{mine: boolean, holder: number, name: string}} Seat */

export class SeatIntent {
  /** @type {boolean|null} null: not yet known */
  #wants = null;
  #viewer = 0;
  #formerViewer = 0;
  #held = false;
  #firstSeat = true;
  mayType = false;

  /** @param {boolean} viewOnly */
  constructor(viewOnly) {
    if (viewOnly) this.#wants = false;
  }

  /** A new connection. @param {{viewer: number, mayType: boolean}} welcome */
  welcomed({ viewer, mayType }) {
    this.#formerViewer = this.#viewer;
    this.#viewer = viewer;
    this.mayType = mayType;
    this.#firstSeat = true;
    this.#held = false;
  }

  /** The user's own decision. @param {boolean} take */
  decided(take) {
    this.#wants = take;
  }

  /** @param {Seat} seat @returns {'take'|'lost'|null} what to do: take it, or tell that somebody else took it */
  told({ mine, holder }) {
    const first = this.#firstSeat;
    const lost = this.#held && !mine && holder !== 0;
    this.#firstSeat = false;
    this.#held = mine;
    if (lost) {
      this.#wants = false;
      return 'lost';
    }
    this.#wants ??= holder === 0 || mine;
    const ours = holder === 0 || holder === this.#formerViewer;
    return first && !mine && ours && this.#wants && this.mayType ? 'take' : null;
  }
}
