/** What is fetched when it is looked at, and kept for a while. */
import { get, Problem } from './api.js';
import { redraw, explain } from './ui.js';
import { state } from './state.js';

/** @typedef {{data: any, at: number, failed: string, loading: boolean, forgot?: boolean}} Kept */
/** @type {Map<string, Kept>} */
const kept = new Map();

/**
 * The answer to a path as last known; asked again when older than ms.
 * @param {string} path
 * @param {number} [ms]
 * @returns {Kept}
 */
export function look(path, ms = 60_000) {
  let k = kept.get(path);
  if (!k) kept.set(path, k = { data: null, at: 0, failed: '', loading: false });
  if (!k.loading && Date.now() - k.at > (k.failed ? Math.max(ms, 10_000) : ms)) fetchInto(path, k);
  return k;
}

/** @param {string} path @param {Kept} k */
async function fetchInto(path, k) {
  k.loading = true;
  k.forgot = false;
  try {
    k.data = await get(path);
    k.failed = '';
  } catch (e) {
    k.failed = e instanceof Problem && (e.status === 404 || e.status === 501) ? 'none' : explain(e);
    if (k.failed === 'none') k.data = null;
  } finally {
    k.at = k.forgot ? 0 : Date.now(); // what came may be older than what happened meanwhile
    k.loading = false;
    redraw();
  }
}

/** What begins so is asked again when it is next looked at. @param {string} prefix */
export function forget(prefix) {
  for (const [path, k] of kept) {
    if (!path.startsWith(prefix)) continue;
    k.at = 0;
    k.forgot = true;
  }
}

export function forgetAll() {
  kept.clear();
}

/** Script, greeting and link of a campaign. @param {string|undefined} name @returns {import('./types.js').Texts} */
export function textsOf(name) {
  if (!name) return {};
  const texts = look(`/campaigns/${encodeURIComponent(name)}/texts`, 300_000).data || {};
  for (const r of texts.not_ready || []) if (!state.notReady.includes(r)) state.notReady.push(r);
  return texts;
}

/** A list, whatever it is wrapped in. @param {any} data @returns {any[]} */
export function listOf(data) {
  if (Array.isArray(data)) return data;
  if (data && typeof data === 'object') for (const v of Object.values(data)) if (Array.isArray(v)) return v;
  return [];
}
