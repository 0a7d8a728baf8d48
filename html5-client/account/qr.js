/* A QR code of a text (ISO/IEC 18004): byte mode, error correction level M, versions 1 to 13, which is 331 bytes. Pure. */

/** Of each version at level M: bytes of data in all, blocks, bytes of correction in each block. */
const VERSIONS = [
  [16, 1, 10], [28, 1, 16], [44, 1, 26], [64, 2, 18], [86, 2, 24], [108, 4, 16], [124, 4, 18],
  [154, 4, 22], [182, 5, 22], [216, 5, 26], [254, 5, 30], [290, 8, 22], [334, 9, 22],
];
/** Row and column of the centres of alignment patterns, from version 2 on. */
const ALIGNMENTS = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50], [6, 30, 54], [6, 32, 58], [6, 34, 62],
];
const LEVEL_M = 0;
const FORMAT_GENERATOR = 0x537;
const FORMAT_MASK = 0x5412;
const VERSION_GENERATOR = 0x1f25;

// GF(256) by x^8 + x^4 + x^3 + x^2 + 1: powers of 2, and what power a number is.
const POWERS = new Uint8Array(255);
const LOGS = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  POWERS[i] = x;
  LOGS[x] = i;
  x = (x << 1) ^ (x & 128 ? 0x11d : 0);
}

/** @param {number} a @param {number} b */
const times = (a, b) => (a && b ? POWERS[(LOGS[a] + LOGS[b]) % 255] : 0);

/** The Reed-Solomon remainder. @param {Uint8Array} data @param {number} size bytes of correction */
function correction(data, size) {
  let generator = Uint8Array.of(1);
  for (let i = 0; i < size; i++) {
    const next = new Uint8Array(generator.length + 1);
    generator.forEach((factor, at) => {
      next[at] ^= factor;
      next[at + 1] ^= times(factor, POWERS[i]);
    });
    generator = next;
  }
  const rest = new Uint8Array(data.length + size);
  rest.set(data);
  for (let i = 0; i < data.length; i++) {
    const lead = rest[i];
    for (let k = 0; lead && k < generator.length; k++) rest[i + k] ^= times(generator[k], lead);
  }
  return rest.subarray(data.length);
}

/** Mode, length, the bytes, an end, and padding. @param {Uint8Array} bytes @param {number} version */
function dataBytes(bytes, version) {
  const [room] = VERSIONS[version - 1];
  /** @type {number[]} */
  const bits = [];
  const put = (/** @type {number} */ value, /** @type {number} */ n) => {
    for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = new Uint8Array(room);
  for (let i = 0; i < room; i++)
    data[i] = i * 8 < bits.length ? bits.slice(i * 8, i * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0) : (i - bits.length / 8) % 2 ? 0x11 : 0xec;
  return data;
}

/** Blocks with their corrections, a byte of each in turn. @param {Uint8Array} data @param {number} version */
function codewords(data, version) {
  const [room, blocks, size] = VERSIONS[version - 1];
  const short = Math.floor(room / blocks);
  const longer = room % blocks; // so many blocks at the end have a byte more
  const parts = Array.from({ length: blocks }, (_, i) => {
    const start = i * short + Math.max(0, i - (blocks - longer));
    return data.subarray(start, start + short + (i >= blocks - longer ? 1 : 0));
  });
  const checks = parts.map((part) => correction(part, size));
  /** @type {number[]} */
  const out = [];
  for (let i = 0; i <= short; i++) for (const part of parts) if (i < part.length) out.push(part[i]);
  for (let i = 0; i < size; i++) for (const check of checks) out.push(check[i]);
  return out;
}

/** value with its remainder behind it. @param {number} value @param {number} generator @param {number} degree */
function withRemainder(value, generator, degree) {
  let rest = value << degree;
  for (let bit = 31 - Math.clz32(rest); rest && bit >= degree; bit = 31 - Math.clz32(rest)) rest ^= generator << (bit - degree);
  return (value << degree) | rest;
}

/** A square of modules under construction; what is fixed is no place for data. */
class Grid {
  /** @param {number} version */
  constructor(version) {
    this.version = version;
    this.size = 17 + 4 * version;
    this.dark = new Uint8Array(this.size ** 2);
    this.fixed = new Uint8Array(this.size ** 2);
    this.#patterns();
  }

  /** @param {number} row @param {number} column @param {boolean|number} dark */
  #fix(row, column, dark) {
    if (row < 0 || column < 0 || row >= this.size || column >= this.size) return;
    this.dark[row * this.size + column] = dark ? 1 : 0;
    this.fixed[row * this.size + column] = 1;
  }

  #patterns() {
    const { size } = this;
    for (let i = 0; i < size; i++) {
      this.#fix(6, i, i % 2 === 0);
      this.#fix(i, 6, i % 2 === 0);
    }
    for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]])
      for (let y = -4; y <= 4; y++)
        for (let x = -4; x <= 4; x++) {
          const ring = Math.max(Math.abs(x), Math.abs(y));
          this.#fix(row + y, column + x, ring !== 2 && ring !== 4);
        }
    const centres = ALIGNMENTS[this.version - 1];
    for (const row of centres)
      for (const column of centres) {
        const finder = (row === 6 && column === 6) || (row === 6 && column === size - 7) || (row === size - 7 && column === 6);
        if (finder) continue;
        for (let y = -2; y <= 2; y++) for (let x = -2; x <= 2; x++) this.#fix(row + y, column + x, Math.max(Math.abs(x), Math.abs(y)) !== 1);
      }
    this.format(0);
    this.#versionBits();
  }

  #versionBits() {
    if (this.version < 7) return;
    const bits = withRemainder(this.version, VERSION_GENERATOR, 12);
    for (let i = 0; i < 18; i++) {
      const [near, far] = [Math.floor(i / 3), this.size - 11 + (i % 3)];
      this.#fix(near, far, (bits >> i) & 1);
      this.#fix(far, near, (bits >> i) & 1);
    }
  }

  /** Level and mask, twice. @param {number} mask */
  format(mask) {
    const bits = withRemainder((LEVEL_M << 3) | mask, FORMAT_GENERATOR, 10) ^ FORMAT_MASK;
    const { size } = this;
    for (let i = 0; i < 15; i++) {
      const bit = (bits >> i) & 1;
      const near = i < 6 ? i : i < 8 ? i + 1 : 15 - i; // around the upper left finder, over the timing lines
      if (i < 8) this.#fix(near, 8, bit);
      else this.#fix(8, i === 8 ? 7 : near - 1, bit);
      if (i < 8) this.#fix(8, size - 1 - i, bit);
      else this.#fix(size - 15 + i, 8, bit);
    }
    this.#fix(size - 8, 8, 1);
  }

  /** In pairs of columns from the right, upward and downward in turn. @param {number[]} bytes */
  fill(bytes) {
    const { size } = this;
    let at = 0;
    for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
      if (right === 6) right = 5; // the timing column
      for (let step = 0; step < size; step++)
        for (const column of [right, right - 1]) {
          const place = (up ? size - 1 - step : step) * size + column;
          if (this.fixed[place]) continue;
          this.dark[place] = ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
          at++;
        }
    }
  }

  /** @param {number} mask */
  masked(mask) {
    const { size } = this;
    const rule = MASKS[mask];
    return this.dark.map((dark, i) => (this.fixed[i] ? dark : dark ^ (rule(Math.floor(i / size), i % size) ? 1 : 0)));
  }
}

/** @type {((row: number, column: number) => boolean)[]} */
const MASKS = [
  (y, x) => (y + x) % 2 === 0,
  (y) => y % 2 === 0,
  (_, x) => x % 3 === 0,
  (y, x) => (y + x) % 3 === 0,
  (y, x) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (y, x) => ((y * x) % 2) + ((y * x) % 3) === 0,
  (y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2 === 0,
  (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
];

/** How hard it is to read: long runs, squares, what looks like a finder, too much of one kind. @param {Uint8Array} dark @param {number} size */
function penalty(dark, size) {
  let sum = 0;
  for (const [across, along] of [[1, size], [size, 1]])
    for (let line = 0; line < size; line++) {
      let text = '';
      for (let i = 0; i < size; i++) text += dark[line * along + i * across];
      for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
      for (const finder of ['00001011101', '10111010000'])
        for (let at = text.indexOf(finder); at >= 0; at = text.indexOf(finder, at + 1)) sum += 40;
    }
  for (let i = 0; i < size * (size - 1); i++)
    if (i % size < size - 1 && dark[i] === dark[i + 1] && dark[i] === dark[i + size] && dark[i] === dark[i + size + 1]) sum += 3;
  const share = dark.reduce((count, module) => count + module, 0) / size ** 2;
  return sum + 10 * Math.floor(Math.abs(share - 0.5) * 20);
}

/**
 * @param {string} text
 * @returns {{size: number, dark: Uint8Array}} modules of a square, row by row, without the light margin of four
 */
export function qrCode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = 1 + VERSIONS.findIndex(([room], i) => bytes.length + (i < 9 ? 2 : 3) <= room);
  if (!version) throw new RangeError('The text is too long for a QR code.');
  const grid = new Grid(version);
  grid.fill(codewords(dataBytes(bytes, version), version));
  const tries = MASKS.map((_, mask) => {
    grid.format(mask);
    const dark = grid.masked(mask);
    return { dark, worth: penalty(dark, grid.size) };
  });
  const best = tries.reduce((a, b) => (b.worth < a.worth ? b : a));
  return { size: grid.size, dark: best.dark };
}
