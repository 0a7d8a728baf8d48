/* A file with an EDID, of bytes or of hexadecimal text, as the gateway takes it. */

import { t } from '../parts/messages.js';

const LONGEST = 4096;

/** @param {Uint8Array} bytes @returns {{hex: string}} */
export function edidHex(bytes) {
  const binary = bytes[0] === 0;
  const hex = () => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { hex: binary ? hex() : new TextDecoder().decode(bytes).trim() };
}

/** @param {File} file @returns {Promise<{hex: string}>} */
export async function edidBody(file) {
  if (file.size > LONGEST) throw new Error(t('dongle.edid-too-long', { name: file.name, size: file.size }));
  return edidHex(new Uint8Array(await file.arrayBuffer()));
}
