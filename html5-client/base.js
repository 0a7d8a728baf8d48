/* Where the page lives: below the gateway's own path, or below the one that a proxy keeps in front of it. */

const here = new URL('.', import.meta.url);

/** "" or "/kvm": stands in front of every path of the gateway. Tests read these modules from files, where it is "". */
export const base = here.protocol === 'file:' ? '' : here.pathname.replace(/\/$/, '');
