/* What this page wants of the seat, and what a change at it means for the one who sits here. It takes a free seat when it
 * comes first, and its own again after a lost connection; it never takes it from somebody without being told to. Pure. */

/** @typedef {import('../session/protocol.js').Seats} Seats */
/** @typedef {'request'|'lost'|'idle'|'refused'|'granted'|null} Advice */

export class SeatIntent {
  /** @type {boolean|null} null: not yet known */
  #wants = null;
  #viewer = 0;
  #formerViewer = 0;
  #held = false;
  #asked = false;
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
    this.#held = this.#asked = false;
  }

  /** The user's own decision. @param {boolean} wants to type */
  decided(wants) {
    this.#wants = wants;
    if (!wants) this.#held = this.#asked = false; // what follows is no surprise
  }

  /**
   * @param {Pick<Seats, 'mine'|'free'|'shared'|'asking'|'holder'>} seat
   * @returns {Advice} request it; or tell that somebody else has it now, that it was idle for too long, that the holder
   *   refused or gave it
   */
  told({ mine, free, shared, asking, holder }) {
    const first = this.#firstSeat;
    const [held, asked] = [this.#held, this.#asked];
    this.#firstSeat = false;
    this.#held = mine;
    this.#asked = asking;
    if (shared) return null;
    if (held && !mine) {
      this.#wants = false;
      return free ? 'idle' : 'lost';
    }
    if (asked && !asking && !free) return mine ? 'granted' : 'refused';
    this.#wants ??= free || mine;
    const ours = free || (holder !== 0 && holder === this.#formerViewer);
    return first && !mine && ours && this.#wants && this.mayType ? 'request' : null;
  }
}
