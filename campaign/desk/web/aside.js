/** The right side: the contact, responses to read aloud, the contact's history. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { ui, region, button, prefs, setPref, redraw, draft, setDraft, explain, toast } from './ui.js';
import { call } from './api.js';
import { look, listOf } from './data.js';
import { prose } from './text.js';
import { contact, calls } from './contacts.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** @param {Interaction} i */
export function aside(i) {
  const panels = [['contact', t('Contact')], ['responses', t('Responses')], ['past', t('Contact history')]];
  const open = (/** @type {string} */ p) => !ui.narrow || ui.panel === p;
  return h('div', { class: 'aside', key: `aside ${i.id}` },
    ui.narrow ? h('div', { class: 'tabs', role: 'tablist', 'aria-label': t('Contact') + ' …' }, panels.map(([p, name]) => h('button', {
      key: p, type: 'button', role: 'tab', id: `tab-${p}`, 'aria-selected': String(ui.panel === p), tabindex: ui.panel === p ? '0' : '-1', 'aria-controls': 'aside-panel',
      onclick: () => { ui.panel = p; redraw(); },
      onkeydown: (/** @type {KeyboardEvent} */ e) => {
        const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
        if (!step) return;
        const n = (panels.findIndex(x => x[0] === ui.panel) + step + panels.length) % panels.length;
        ui.panel = panels[n][0];
        redraw();
        requestAnimationFrame(() => document.getElementById(`tab-${ui.panel}`)?.focus());
      },
    }, name))) : null,
    h('div', { class: 'aside-panels', id: 'aside-panel', role: ui.narrow ? 'tabpanel' : undefined, 'aria-labelledby': ui.narrow ? `tab-${ui.panel}` : undefined },
      open('contact') ? contact(i) : null,
      open('responses') ? responses(i) : null,
      open('past') ? past(i) : null));
}

/** @param {Interaction} i */
function responses(i) {
  const q = draft(i.id, 'responses') || '';
  const own = i.campaign ? look(`/campaigns/${encodeURIComponent(i.campaign)}/responses?q=`, 300_000) : null;
  const all = /** @type {import('./types.js').Response_[]} */ (listOf(own?.data));
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const favourites = /** @type {string[]} */ (prefs.favourites || []);
  const found = all.filter(r => words.every(w => `${r.title} ${r.path} ${r.text}`.toLowerCase().includes(w)));
  found.sort((a, b) => Number(favourites.includes(b.path)) - Number(favourites.includes(a.path)) || a.path.localeCompare(b.path));
  return region(t('Responses'), { key: 'responses', class: 'responses' },
    h('label', { class: 'field' }, h('span', { class: 'unseen' }, t('Search')),
      h('input', { type: 'search', placeholder: t('Search'), value: q, oninput: (/** @type {any} */ e) => { setDraft(i.id, 'responses', e.target.value); redraw(); } })),
    found.length ? h('ul', { class: 'plain' }, found.map(r => h('li', { key: r.path }, h('details', { open: words.length > 0 && found.length < 4 },
      h('summary', null, h('span', { class: 'line-main' }, r.title), folder(r.path) ? h('span', { class: 'quiet-text' }, folder(r.path)) : null),
      h('div', { class: 'prose small' }, prose(withoutTitle(r), i)),
      h('div', { class: 'row' },
        button({ name: t('copy'), kind: 'quiet', anyTab: true, run: () => navigator.clipboard?.writeText(r.text).then(() => toast('good', t('copied'))) }),
        button({ name: t(favourites.includes(r.path) ? 'unfavourite' : 'favourite'), icon: 'star', kind: 'quiet', anyTab: true, class: favourites.includes(r.path) ? 'is-favourite' : '',
          run: () => setFavourites(favourites.includes(r.path) ? favourites.filter(p => p !== r.path) : [...favourites, r.path]) }))))))
      : h('p', { class: 'quiet-text' }, own?.failed && own.failed !== 'none' ? own.failed : t('no responses')));
}

/** Kept for the user, so that she has them at any desk. @param {string[]} paths */
function setFavourites(paths) {
  setPref('favourites', paths);
  call('PUT', '/session/preferences', { favourites: paths }).catch(e => toast('bad', explain(e)));
}

/** @param {string} path */
function folder(path) {
  const parts = path.split('/').slice(0, -1);
  return parts.join(' / ');
}

/** @param {import('./types.js').Response_} r */
function withoutTitle(r) {
  return r.text.replace(/^#\s+[^\n]*\n+/, '');
}

/** @param {Interaction} i */
function past(i) {
  return region(t('Contact history'), { key: 'past', class: 'past' },
    i.blank ? h('p', { class: 'quiet-text' }, t('blank contact')) : calls(`/interactions/${encodeURIComponent(i.id)}/history`, i.attempt));
}
