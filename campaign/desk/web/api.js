/**
 * The way to the server: commands by POST, events over one long answer.
 */

/** @typedef {import('./types.js').Session} Session */

/** A refusal of the server (RFC 9457), or that it was not reached (status 0). */
export class Problem extends Error {
  /** @param {number} status @param {string} detail @param {string} [code] @param {number} [after] @param {import('./types.js').DocumentProblem[]} [document] */
  constructor(status, detail, code = '', after = 0, document = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.after = after; // seconds to wait
    this.document = document; // what is wrong with a campaign document
  }
}

const root = '/api/v1';
let csrf = '';

/** This tab's name: the server tells a desk's tabs apart by it. */
export const tab = tabName();

function tabName() {
  const key = 'freiton.tab';
  let name = sessionStorage.getItem(key);
  if (!name) {
    name = crypto.getRandomValues(new Uint32Array(3)).join('-');
    sessionStorage.setItem(key, name);
  }
  return name;
}

/** @param {Session|null} s */
export function useSession(s) {
  csrf = s?.csrf || '';
}

let counter = 0;

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function call(method, path, body) {
  /** @type {{[name: string]: string}} */
  const headers = { Accept: 'application/json', 'X-Tab': tab };
  const document = typeof body === 'string'; // YAML, as it is
  if (body !== undefined) headers['Content-Type'] = document ? 'application/yaml' : 'application/json';
  if (method !== 'GET') {
    headers['X-CSRF-Token'] = csrf;
    headers['Idempotency-Key'] = `${tab}-${Date.now()}-${++counter}`;
  }
  /** @type {Response} */
  let answer;
  for (let again = method === 'GET' ? 0 : 1; ; again--) {
    try {
      answer = await fetch(root + path, {
        method, headers, body: body === undefined || document ? body : JSON.stringify(body), credentials: 'same-origin',
      });
      break;
    } catch (e) { // a repeated command has the same key and is done once
      if (again <= 0) throw new Problem(0, String(e));
    }
  }
  const text = await answer.text();
  /** @type {any} */
  let data = null;
  if (answer.headers.get('Content-Type')?.startsWith('application/yaml')) data = text;
  else {
    try {
      data = text ? JSON.parse(text) : null;
    } catch { /* not ours */ }
  }
  if (!answer.ok) {
    throw new Problem(answer.status, data?.detail || data?.title || answer.statusText, data?.code || '',
      Number(answer.headers.get('Retry-After')) || 0, data?.document || []);
  }
  return data;
}

/**
 * Sends a file, and tells how much of it has gone: 0 to 1.
 * @param {string} path @param {File} file @param {(share: number) => void} progress @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export function send(path, file, progress, signal) {
  return new Promise((resolve, reject) => {
    const x = new XMLHttpRequest(); // fetch does not tell how far it is
    x.open('POST', root + path);
    for (const [name, value] of Object.entries({ Accept: 'application/json', 'X-Tab': tab, 'X-CSRF-Token': csrf, 'Content-Type': 'text/csv' })) x.setRequestHeader(name, value);
    x.responseType = 'json';
    x.upload.onprogress = e => progress(e.total ? e.loaded / e.total : 0);
    x.upload.onload = () => progress(1);
    x.onload = () => x.status < 300 ? resolve(x.response) : reject(new Problem(x.status, x.response?.detail || x.response?.title || x.statusText, x.response?.code || ''));
    x.onerror = () => reject(new Problem(0, 'upload'));
    x.onabort = () => reject(new Problem(0, '', 'aborted'));
    signal.addEventListener('abort', () => x.abort());
    x.send(file);
  });
}

/** @param {string} path */
export const get = path => call('GET', path);
/** @param {string} path @param {any} [body] */
export const post = (path, body = {}) => call('POST', path, body);

/**
 * Follows the events behind since: a number and the epoch of the numbers. It ends when the stream does.
 * Read with fetch, for an EventSource hides the comments that prove life.
 * @param {() => string} since
 * @param {{event: (name: string, data: any) => void, alive: () => void, open: () => void}} on
 * @param {AbortSignal} signal
 */
export async function follow(since, on, signal) {
  const n = since();
  const answer = await fetch(`${root}/events?since=${encodeURIComponent(n)}&tab=${encodeURIComponent(tab)}`, {
    headers: { Accept: 'text/event-stream', 'Last-Event-ID': n, 'X-Tab': tab },
    credentials: 'same-origin', signal, cache: 'no-store',
  });
  if (!answer.ok || !answer.body) throw new Problem(answer.status, answer.statusText);
  on.open();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let name = '';
  /** @type {string[]} */
  let data = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    on.alive();
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() || '';
    for (const line of lines) {
      if (line === '') {
        if (data.length) on.event(name || 'message', JSON.parse(data.join('\n')));
        name = '';
        data = [];
      } else if (line.startsWith('event:')) name = line.slice(6).trim();
      else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
  }
}
