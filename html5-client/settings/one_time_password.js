/* A password that is made here, shown once, and meant to be changed by who gets it. */

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'; // 32 that look different from each other
const GROUPS = 4;
const LONG = 5;

/** 100 random bits, in groups that can be read out. */
export function oneTimePassword() {
  const bytes = crypto.getRandomValues(new Uint8Array(GROUPS * LONG));
  const letters = [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return letters.replace(new RegExp(`(.{${LONG}})(?=.)`, 'g'), '$1-');
}
