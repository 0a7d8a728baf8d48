/* What the gateway asks of a password, told while it is typed. The gateway decides; this only saves a round trip. */

const MIN_LENGTH = 12;

/** @param {string} password @param {string} user @returns {{text: string, met: boolean}[]} */
export function passwordRules(password, user) {
  const name = user.trim().toLowerCase();
  return [
    { text: `At least ${MIN_LENGTH} characters`, met: [...password].length >= MIN_LENGTH },
    { text: 'Without the user name in it', met: password !== '' && (!name || !password.toLowerCase().includes(name)) },
  ];
}
