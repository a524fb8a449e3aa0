/**
 * Responses to read aloud: the folders of a campaign's library as a tree that
 * opens and closes, a search across all of them, favourites on top. Each row is
 * a button that says whether it is open; arrows move among them as in any tree.
 */
import { h, keep } from './dom.js';
import { t, currentLanguage } from './i18n.js';
import { icon } from './icons.js';
import { region, button, prefs, setPref, redraw, draft, setDraft, explain, toast } from './ui.js';
import { call } from './api.js';
import { look, listOf } from './data.js';
import { prose } from './text.js';

/** @typedef {import('./types.js').Interaction} Interaction */
/** @typedef {import('./types.js').Response_} Text */
/** @typedef {{name: string, path: string, folders: Map<string, Folder>, texts: Text[]}} Folder */
/** @typedef {{i: Interaction, words: string[], few: boolean}} Look what is shown: of which call, found by which words, and whether that is little enough to show whole */

/** What is open: folders of a campaign for the whole shift, texts for one call. @type {Set<string>} */
const opened = new Set(['favourites']);
let turns = 0; // how often something was opened or closed

/** A library is put into folders once, and kept while it is the same. @type {WeakMap<Text[], {root: Folder, hay: Map<string, string>}>} */
const shelves = new WeakMap();

/** @param {Text[]} all */
function shelf(all) {
  let s = shelves.get(all);
  if (!s) shelves.set(all, s = { root: folders(all), hay: new Map(all.map(r => [r.path, `${r.title} ${r.path} ${r.text}`.toLowerCase()])) });
  return s;
}

/** @param {Text[]} all @returns {Folder} */
function folders(all) {
  /** @type {Folder} */
  const root = { name: '', path: '', folders: new Map(), texts: [] };
  for (const r of [...all].sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }))) {
    let at = root;
    for (const name of r.path.split('/').slice(0, -1)) {
      let next = at.folders.get(name);
      if (!next) at.folders.set(name, next = { name, path: `${at.path}${name}/`, folders: new Map(), texts: [] });
      at = next;
    }
    at.texts.push(r);
  }
  return root;
}

/** @param {Interaction} i */
export function responses(i) {
  const q = draft(i.id, 'responses') || '';
  const own = i.campaign ? look(`/campaigns/${encodeURIComponent(i.campaign)}/responses?q=`, 300_000) : null;
  const all = /** @type {Text[]} */ (listOf(own?.data));
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const { root, hay } = shelf(all);
  const found = words.length ? all.filter(r => words.every(w => hay.get(r.path)?.includes(w))) : all;
  const shown = words.length ? folders(found) : root;
  const favourites = words.length ? [] : all.filter(r => marked().includes(r.path));
  const at = { i, words, few: words.length > 0 && found.length < 4 };
  const search = (/** @type {string} */ v) => { setDraft(i.id, 'responses', v || undefined); redraw(); };
  return region(t('Responses'), { key: 'responses', class: 'responses', aside: all.length ? h('span', { class: 'quiet-text figures', role: 'status' }, words.length ? t('responses found', { n: found.length }) : String(all.length)) : null },
    h('label', { class: 'field' }, h('span', { class: 'unseen' }, t('Search')),
      h('input', { type: 'search', placeholder: t('Search'), value: q, oninput: (/** @type {any} */ e) => search(e.target.value),
        onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'ArrowDown') firstRow(e); } })),
    found.length ? keep('responses', [i.id, all, q, turns, prefs.favourites, JSON.stringify(i.content), currentLanguage()], () => h('div', { class: 'tree', onkeydown: walk },
      favourites.length ? h('ul', { key: 'favourites' }, row('favourites', t('favourites'), favourites.length, 'star', () => favourites.map(r => leaf(at, r, 'favourites')))) : null,
      h('ul', { key: 'all' }, branch(at, shown, i.campaign || ''))))
      : h('p', { class: 'quiet-text' }, own?.failed && own.failed !== 'none' ? own.failed : own?.loading && !own.at ? t('starting') : t('no responses')));
}

/** The folders and texts of a folder. @param {Look} at @param {Folder} f @param {string} campaign @returns {import('./dom.js').VNode[]} */
function branch(at, f, campaign) {
  return [
    ...[...f.folders.values()].map(sub => row(`${campaign} ${sub.path}`, sub.name, count(sub), 'folder', () => branch(at, sub, campaign), at.words.length > 0)),
    ...f.texts.map(r => leaf(at, r, '')),
  ];
}

/** @param {Folder} f @returns {number} */
function count(f) {
  return [...f.folders.values()].reduce((n, sub) => n + count(sub), f.texts.length);
}

/**
 * A folder. One that holds what was searched for is open until it is closed.
 * @param {string} key @param {string} name @param {number} n @param {string} sign
 * @param {() => import('./dom.js').VNode[]} inside @param {boolean} [searched]
 */
function row(key, name, n, sign, inside, searched = false) {
  const as = searched ? `closed ${key}` : key;
  const open = opened.has(as) !== searched;
  return h('li', { key },
    h('button', { type: 'button', class: 'twig', 'aria-expanded': String(open), onclick: () => toggle(as) },
      icon('chevron'), icon(sign), h('span', { class: 'twig-name' }, name), h('span', { class: 'quiet-text figures' }, String(n))),
    open ? h('ul', { class: 'branch' }, inside()) : null);
}

/** A text. @param {Look} at @param {Text} r @param {string} where */
function leaf(at, r, where) {
  const key = `${at.i.id} ${where} ${r.path}`;
  const as = at.few ? `closed ${key}` : key;
  const open = opened.has(as) !== at.few;
  const favourite = marked().includes(r.path);
  return h('li', { key: r.path },
    h('button', { type: 'button', class: 'twig leaf', 'aria-expanded': String(open), onclick: () => toggle(as) }, icon('chevron'), h('span', { class: 'twig-name' }, r.title)),
    open ? h('div', { class: 'leaf-text' },
      h('div', { class: 'prose small' }, prose(r.text.replace(/^#\s+[^\n]*\n+/, ''), at.i)),
      h('div', { class: 'row' },
        button({ name: t('copy'), kind: 'quiet', anyTab: true, run: () => navigator.clipboard?.writeText(r.text).then(() => toast('good', t('copied'))) }),
        button({ name: t(favourite ? 'unfavourite' : 'favourite'), icon: 'star', kind: 'quiet', anyTab: true, class: favourite ? 'is-favourite' : '',
          run: () => setMarked(favourite ? marked().filter(p => p !== r.path) : [...marked(), r.path]) }))) : null);
}

/** @param {string} key */
function toggle(key) {
  if (!opened.delete(key)) opened.add(key);
  turns++;
  redraw();
}

/** The favourites' paths. @returns {string[]} */
const marked = () => prefs.favourites || [];

/** Kept for the user, so that she has them at any desk. @param {string[]} paths */
function setMarked(paths) {
  setPref('favourites', paths);
  call('PUT', '/session/preferences', { favourites: paths }).catch(e => toast('bad', explain(e)));
}

/** @param {KeyboardEvent} e */
function firstRow(e) {
  const first = /** @type {HTMLElement} */ (e.currentTarget).closest('section')?.querySelector('.twig');
  if (!first) return;
  e.preventDefault();
  /** @type {HTMLElement} */ (first).focus();
}

/** Arrows, Home and End, as in a tree. @param {KeyboardEvent} e */
function walk(e) {
  const here = /** @type {HTMLElement} */ (e.target).closest('.twig');
  if (!here || e.altKey || e.ctrlKey || e.metaKey || e.shiftKey) return;
  const rows = /** @type {HTMLElement[]} */ ([.../** @type {HTMLElement} */ (e.currentTarget).querySelectorAll('.twig')]);
  const n = rows.indexOf(/** @type {HTMLElement} */ (here));
  const open = here.getAttribute('aria-expanded') === 'true';
  /** @type {HTMLElement|null|undefined} */
  let to;
  switch (e.key) {
    case 'ArrowDown': to = rows[n + 1]; break;
    case 'ArrowUp': to = rows[n - 1] || here.closest('section')?.querySelector('input'); break;
    case 'Home': to = rows[0]; break;
    case 'End': to = rows[rows.length - 1]; break;
    case 'ArrowRight':
      if (!open) rows[n].click();
      else if (!here.matches('.leaf')) to = rows[n + 1];
      break;
    case 'ArrowLeft':
      if (open) rows[n].click();
      else to = here.parentElement?.parentElement?.closest('li')?.querySelector('.twig');
      break;
    default: return;
  }
  e.preventDefault();
  to?.focus();
}
