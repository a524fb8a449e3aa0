/**
 * What belongs to this page and not to the server: preferences, what is typed
 * and not sent, open panels, toasts; and the small pieces every view is made of.
 */
import { h, say } from './dom.js';
import { t, has, dayTime, phone } from './i18n.js';
import { icon } from './icons.js';
import { post, Problem } from './api.js';
import { documentWords } from './documentproblem.js';
import { state, ownHeadset } from './state.js';

/** @typedef {import('./dom.js').VNode} VNode */
/** @typedef {import('./dom.js').Kid} Kid */

// ---- preferences -------------------------------------------------------

/** @type {{[name: string]: any}} */
export const defaults = {
  theme: 'auto', density: 'normal', keysOn: true, keys: {},
  microphones: [], speakers: [], ringDevice: '', ringVolume: 0.6, speechVolume: 1, echo: true, zip: true, zipVolume: 0.6, favourites: [],
};
const prefKey = 'freiton.preferences';
/** @type {{[name: string]: any}} */
export const prefs = { ...defaults, ...readJSON(localStorage.getItem(prefKey)) };

/** @param {string} name @param {any} value */
export function setPref(name, value) {
  prefs[name] = value;
  localStorage.setItem(prefKey, JSON.stringify(prefs));
  applyPrefs();
  redraw();
}

export function applyPrefs() {
  const root = document.documentElement;
  if (prefs.theme === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', prefs.theme);
  root.setAttribute('data-density', prefs.density);
}

/** @param {string|null} text @returns {any} */
function readJSON(text) {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return {};
  }
}

// ---- the page's own state ------------------------------------------------

export const ui = {
  view: 'desk', // desk, history, directory, messages, floor, reports, persons, audit
  panel: 'contact', // right side on a narrow screen
  /** @type {string} */
  dialog: '', // help, settings, check, correct:ID, erase
  checked: false, // the audit log was asked for its wholeness
  keypad: false,
  transfer: false,
  consult: false,
  callback: false,
  sent: '', // digits
  pad: false,
  notices: false, // all of them are shown
  tools: false, // those of the state bar are open, on a phone
  unfolded: /** @type {Set<string>} */ (new Set()), // long lists shown whole
  quality: false, // its figures are open
  busy: /** @type {Set<string>} */ (new Set()),
  /** What was chosen and is on its way. @type {Map<string, {[name: string]: any}>} */
  pending: new Map(),
  narrow: false, // the right side as tabs
  phone: false, // one column
  signal: 0, // when the server last gave proof of life, ms of our clock
  connection: 'connecting', // connecting, live, lost
  error: '', // on the login page
};

/** @type {() => void} */
let draw = () => {};
/** @type {() => void} */
let atOnce = () => {};
/** @param {() => void} soon @param {() => void} now */
export function drawWith(soon, now) {
  draw = soon;
  atOnce = now;
}
/** Draws before the next line runs; redraw does it with the next picture. */
export function drawNow() {
  atOnce();
}
export function redraw() {
  draw();
}

/** What has just been opened is gone on with: its first field has the focus with the next picture. @param {string} id of the field, or of what holds it */
export function focusIn(id) {
  redraw();
  requestAnimationFrame(() => {
    const el = document.getElementById(id);
    /** @type {HTMLElement|null|undefined} */ (el?.matches('input, textarea') ? el : el?.querySelector('input, select, textarea'))?.focus();
  });
}

// ---- what is typed and not sent: by interaction, in sessionStorage ---------

const draftKey = 'freiton.draft.';
/** @type {Map<string, {[field: string]: string}>} */
const drafts = new Map();
/** @type {Set<string>} */
const unsaved = new Set();

/** @param {string} id @param {string} field */
export function draft(id, field) {
  if (!drafts.has(id)) drafts.set(id, readJSON(sessionStorage.getItem(draftKey + id)));
  return /** @type {string|undefined} */ (drafts.get(id)?.[field]);
}

/** @param {string} id @param {string} field @param {string|undefined} value */
export function setDraft(id, field, value) {
  draft(id, field);
  const d = /** @type {{[field: string]: string}} */ (drafts.get(id));
  if (value === undefined) delete d[field];
  else d[field] = value;
  unsaved.add(id);
}

/** Writes drafts down: each 2 s, and when the page goes. */
export function saveDrafts() {
  for (const id of unsaved) {
    const d = drafts.get(id);
    if (d && Object.keys(d).length) sessionStorage.setItem(draftKey + id, JSON.stringify(d));
    else sessionStorage.removeItem(draftKey + id);
  }
  unsaved.clear();
}

/** @param {string} id */
export function dropDraft(id) {
  drafts.delete(id);
  unsaved.delete(id);
  sessionStorage.removeItem(draftKey + id);
}

/** Whether a draft belongs to an interaction. @param {string} id */
const ofInteraction = id => /^[0-9A-Z]{26}$/.test(id);

/**
 * Notes that never reached the server, though their interaction is over: it was
 * gone, and started again, meanwhile.
 * @param {(id: string) => boolean} live
 */
export function unsentNotes(live) {
  for (let n = 0; n < sessionStorage.length; n++) {
    const key = sessionStorage.key(n) || '';
    if (key.startsWith(draftKey)) draft(key.slice(draftKey.length), 'note');
  }
  return [...drafts].filter(([id, d]) => ofInteraction(id) && d.note && d.note !== d.sent && !live(id)).map(([id, d]) => ({ id, note: d.note, party: d.party || '' }));
}

/** Interactions with something typed. */
export function draftIDs() {
  return [...drafts.keys()];
}

// ---- toasts ------------------------------------------------------------

/** @typedef {{id: number, kind: 'info'|'good'|'bad', text: string, small?: string, until: number, action?: {name: string, run: () => void}}} Toast */
/** @type {Toast[]} */
export const toasts = [];
let toastID = 0;

/** What toasts have said, newest first, for as long as the page is open. @type {{id: number, at: string, kind: string, text: string, small: string}[]} */
export const toldBefore = [];

/** @param {'info'|'good'|'bad'} kind @param {string} text @param {{small?: string, ms?: number, kept?: boolean, action?: {name: string, run: () => void}}} [more] kept: it can be read elsewhere */
export function toast(kind, text, more = {}) {
  const same = toasts.find(x => x.text === text);
  const ms = more.ms ?? (kind === 'bad' ? 12000 : 6000);
  if (same) same.until = Date.now() + ms;
  else toasts.push({ id: ++toastID, kind, text, small: more.small, until: Date.now() + ms, action: more.action });
  if (!more.kept) toldBefore.unshift({ id: ++toastID, at: new Date().toISOString(), kind, text, small: more.small || '' });
  toldBefore.splice(50);
  while (toasts.length > 9) toasts.shift();
  redraw();
}

/** @param {number} id */
export function dropToast(id) {
  const i = toasts.findIndex(x => x.id === id);
  if (i >= 0) toasts.splice(i, 1);
  redraw();
}

/** What a toast said has become untrue. @param {string} text */
export function dropToastSaying(text) {
  for (const x of toasts.filter(x => x.text === text)) dropToast(x.id);
}

// ---- words of the server ---------------------------------------------------

/** A reason of a status in the reader's words: the floor gives some itself. @param {string|undefined} r */
export function reasonName(r) {
  return { 'preview not accepted': t('reason missed'), 'no sound from the headset': t('reason unheard') }[r || ''] || r || '';
}

/** Reasons of the gate that pass: with them goes when. */
const passing = new Set(['abandoned-lock', 'too-soon', 'attempts-per-day', 'attempts-per-week', 'outside-hours', 'holiday']);

/** A reason in the reader's language. @param {import('./types.js').Reason|null|undefined} r */
export function why(r) {
  if (!r) return '';
  const key = r.code === 'no-headset' && !ownHeadset() ? 'why no-headset worn' : `why ${r.code}`;
  if (r.code === 'no-headset' && r.name) return why({ code: r.name, text: r.text });
  if (!has(key)) return r.text;
  const name = r.code === 'not-ready' ? (r.name ? `: ${reasonName(r.name)}` : '') : r.name || '';
  const text = r.code === 'gate' && r.name ? why({ code: r.name, text: r.text }) : r.text === r.code ? '' : r.text;
  const until = r.until ? dayTime(r.until) : '';
  const words = t(key, { name, text, until });
  return until && passing.has(r.code) ? t('why later', { text: words, until }) : words;
}

/** What is wrong with a link, and the cure. @param {import('./types.js').Link} l */
export function linkWords(l) {
  return l.code && has(`why ${l.code}`) ? t(`why ${l.code}`) : l.text || '';
}

/** @param {string|undefined} r */
export function resultName(r) {
  return r ? (has(`result ${r}`) ? t(`result ${r}`) : r) : '';
}

/** A field's name and value as people read them. @param {import('./types.js').Field} f @returns {[string, string]} */
export function fieldWords(f) {
  const name = has(`field ${f.name}`) ? t(`field ${f.name}`) : f.name;
  if (f.name === 'call_kind' && has(`kind ${f.value}`)) return [name, t(`kind ${f.value}`)];
  if (f.name === 'last_result') return [name, resultName(f.value)];
  if (f.name === 'phone') return [name, phone(f.value)];
  return [name, f.value];
}

/** @param {string} s */
export function statusName(s) {
  return { ready: t('Ready'), 'not-ready': t('Not ready'), 'do-not-disturb': t('Do not disturb'), 'logged-off': t('Log off'), 'after-call-work': t('After-call work') }[s] || s;
}

// ---- commands -----------------------------------------------------------

/** What an error means and what to do, in words. @param {unknown} e */
export function explain(e) {
  if (!(e instanceof Problem)) return t('error any', { text: String(e) });
  if (e.status === 0) return t('error network');
  if (e.document.length) return documentWords(e.document);
  if (e.code && has(`why ${e.code}`)) return why({ code: e.code, text: e.message });
  if (e.code === 'viewer') return t('viewer');
  if (e.code === 'before-answer') return t('contacts hidden');
  if (e.status === 401) return t('error expired');
  if (e.status === 403) return t('error forbidden');
  if (e.status === 429) return t('error throttled', { n: e.after || 30 });
  return t('error any', { text: e.message });
}

/** @type {() => void} */
let expired = () => {};
/** @param {() => void} f */
export function onExpired(f) {
  expired = f;
}

/**
 * Sends a command. Its button is busy meanwhile; what fails is told.
 * @param {string} path
 * @param {any} [body]
 * @param {string} [name] busy under this name
 * @returns {Promise<boolean>}
 */
export async function act(path, body = {}, name = path) {
  if (ui.busy.has(name)) return false;
  ui.busy.add(name);
  redraw();
  try {
    await post(path, body);
    return true;
  } catch (e) {
    if (e instanceof Problem && e.status === 401) expired();
    if (e instanceof Problem && e.code === 'viewer') state.viewer = true;
    toast('bad', explain(e), { small: e instanceof Problem && e.code ? t('error code', { code: e.code }) : '' });
    return false;
  } finally {
    ui.busy.delete(name);
    redraw();
  }
}

/** @param {string} id @param {string} what */
export const on = (id, what) => `/interactions/${encodeURIComponent(id)}/${what}`;
/** @param {string} name @param {string} what */
export const onCampaign = (name, what) => `/campaigns/${encodeURIComponent(name)}/${what}`;

// ---- pieces ---------------------------------------------------------------

/**
 * @typedef {object} Button
 * @property {string} name its accessible name
 * @property {string} [label] shown instead of the name
 * @property {string} [icon]
 * @property {string} [key] shown keyboard key
 * @property {string} [kind] primary, danger, quiet, good
 * @property {boolean} [disabled]
 * @property {boolean} [pressed]
 * @property {boolean} [expanded]
 * @property {boolean} [anyTab] works in a viewer's tab as well
 * @property {boolean} [iconOnly]
 * @property {string} [title]
 * @property {string} [class]
 * @property {string} [busy]
 * @property {string} [id]
 * @property {(e: Event) => void} run
 */

/** @param {Button} b */
export function button(b) {
  const busy = b.busy !== undefined && ui.busy.has(b.busy);
  const off = Boolean(b.disabled) || (state.viewer && !b.anyTab);
  const shown = b.label || b.name;
  return h('button', {
    type: 'button', id: b.id,
    class: `button ${b.kind || ''} ${b.class || ''} ${b.iconOnly ? 'bare' : ''}`,
    'aria-label': b.iconOnly || b.key || shown !== b.name ? b.name : undefined,
    'aria-pressed': b.pressed === undefined ? undefined : String(b.pressed),
    'aria-expanded': b.expanded === undefined ? undefined : String(b.expanded),
    'aria-busy': busy ? 'true' : undefined,
    'aria-keyshortcuts': b.key || undefined,
    disabled: off,
    title: b.title || (b.key ? `${b.name} (${b.key})` : b.iconOnly ? b.name : undefined),
    onclick: (/** @type {Event} */ e) => {
      if (!busy) b.run(e);
    },
  }, b.icon && icon(b.icon), b.iconOnly ? null : h('span', { class: 'label' }, shown), b.key ? h('kbd', { 'aria-hidden': 'true', 'data-key': b.key }) : null);
}

/**
 * A region with its heading.
 * @param {string} name
 * @param {{class?: string, aside?: Kid, key?: string, level?: number, hidden?: boolean, heading?: string}} props
 * @param {...Kid} kids
 */
export function region(name, props, ...kids) {
  return h('section', { class: `region ${props.class || ''}`, 'aria-label': name, key: props.key, hidden: props.hidden },
    h('header', { class: 'region-head' }, h(`h${props.level || 2}`, null, props.heading || name), props.aside || null),
    ...kids);
}

/**
 * The first of a long list, and the button that shows the rest.
 * @template T
 * @param {string} key
 * @param {T[]} all
 * @param {number} few
 */
export function firstOf(key, all, few) {
  const open = ui.unfolded.has(key);
  return {
    shown: open || all.length <= few ? all : all.slice(0, few),
    more: all.length <= few ? null : button({ name: t(open ? 'show fewer' : 'show all', { n: all.length }), kind: 'quiet', class: 'more', expanded: open, anyTab: true, run: () => {
      if (!ui.unfolded.delete(key)) ui.unfolded.add(key);
      redraw();
    } }),
  };
}

/** @param {import('./types.js').Field[]|undefined} fields */
export function fieldList(fields) {
  const shown = (fields || []).map(fieldWords);
  if (!shown.length) return h('p', { class: 'quiet-text' }, t('no fields'));
  return h('dl', { class: 'fields' }, shown.map(([name, value], i) => h('div', { key: `${name}-${i}`, class: value && value.length > 22 ? 'long' : '' }, h('dt', null, name), h('dd', null, value || '–'))));
}

/**
 * A field with a face shows those words in its place, on as many lines as they need.
 * @param {{name: string, value: string, options: [string, string][], change: (value: string) => void, class?: string, disabled?: boolean, hideLabel?: boolean, face?: string, id?: string, groups?: {name: string, options: [string, string][]}[]}} s
 */
export function select(s) {
  const option = (/** @type {[string, string]} */ [value, text]) => h('option', { key: value, value, selected: value === s.value }, text);
  return h('label', { class: `field ${s.class || ''} ${s.face ? 'has-face' : ''}` },
    h('span', { class: s.hideLabel || s.face ? 'unseen' : 'field-name' }, s.name),
    s.face ? h('span', { class: 'face', 'aria-hidden': 'true' }, s.face) : null,
    h('select', { value: s.value, disabled: s.disabled || state.viewer, id: s.id, onchange: (/** @type {any} */ e) => s.change(e.target.value) },
      s.options.map(option),
      (s.groups || []).map(g => h('optgroup', { key: `g ${g.name}`, label: g.name }, g.options.map(option)))));
}

/** @param {{name: string, checked: boolean, change: (on: boolean) => void, disabled?: boolean, class?: string, anyTab?: boolean, key?: string}} c */
export function checkbox(c) {
  return h('label', { class: `check ${c.class || ''}` },
    h('input', { type: 'checkbox', checked: c.checked, disabled: c.disabled || (state.viewer && !c.anyTab), 'aria-keyshortcuts': c.key || undefined, onchange: (/** @type {any} */ e) => c.change(e.target.checked) }),
    h('span', null, c.name), c.key ? h('kbd', { 'aria-hidden': 'true', 'data-key': c.key }) : null);
}

/** A text that shows a time and counts by itself. @param {string} tag @param {import('./dom.js').Props} props @param {() => string} text */
export function ticking(tag, props, text) {
  return h(tag, { ...props, tick: (/** @type {Element} */ el) => {
    const s = text();
    if (el.textContent !== s) el.textContent = s;
  } });
}

/** @param {string} text */
export function announce(text) {
  say(text);
}

/** Remembers a choice until its event has come. @param {string} id @param {{[name: string]: any}} values */
export function setPending(id, values) {
  ui.pending.set(id, { ...ui.pending.get(id), ...values });
}

/** @param {string} id @param {string[]} names */
export function clearPending(id, names) {
  const p = ui.pending.get(id);
  if (!p) return;
  for (const n of names) delete p[n];
}
