/* Which system the browser runs on, as far as keyboards differ. */

/** @returns {'windows'|'mac'|'other'} */
export function keyboardSystem() {
  const { platform = '' } = /** @type {{userAgentData?: {platform: string}}} */ (navigator).userAgentData ?? navigator;
  if (/^win/i.test(platform)) return 'windows';
  return /^(mac|iphone|ipad)/i.test(platform) ? 'mac' : 'other';
}
