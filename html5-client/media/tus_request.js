/* A request with a progress of what was sent, which fetch does not tell. */

/** So long without a byte moving, and the connection counts as dead. */
const STALLED_MS = 45000;

/** @param {import('./tus.js').TusRequest} request @returns {Promise<import('./tus.js').TusAnswer>} */
export function tusRequest({ method, url, headers, body, progress, signal }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    const abort = () => request.abort();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => {
      alive();
      progress?.(loaded);
    };
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve({ status: request.status, header: (name) => request.getResponseHeader(name), body: jsonOf(request.responseText) });
    };
    if (signal.aborted) return resolve({ status: 0, header: () => null, body: null });
    signal.addEventListener('abort', abort);
    alive();
    request.send(body ?? null);
  });
}

/** @param {string} text */
function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
