/** Contacts: the one of an interaction, and the directory of all. */
import { h, keep } from './dom.js';
import { t, dayTime, phone, span, zoneTime, currentLanguage } from './i18n.js';
import { icon } from './icons.js';
import { call } from './api.js';
import { state, mine } from './state.js';
import { region, button, redraw, draft, setDraft, resultName, fieldWords, toast, explain, ticking, focusIn } from './ui.js';
import { look, listOf, forget } from './data.js';
import { dial } from './side.js';

/** @typedef {import('./types.js').Interaction} Interaction */
/** @typedef {import('./types.js').ContactRow} ContactRow */

/** What is typed into a contact, by the key of its drafts. @param {string} key */
const editing = key => draft(key, 'contact') === 'open';

/** @param {string} key @param {ContactRow|null} c */
function close(key, c) {
  for (const f of ['contact', 'c name', 'c number', 'c customer', 'c email', ...(c?.fields || []).map(x => `c = ${x.name}`)]) setDraft(key, f, undefined);
  redraw();
}

/** @param {string} key @param {string} field @param {string} name @param {string} was @param {{[name: string]: any}} [more] */
function input(key, field, name, was, more = {}) {
  return h('label', { class: 'field', key: field }, h('span', { class: 'field-name' }, name),
    h('input', { type: 'text', autocomplete: 'off', maxlength: 2000, disabled: state.viewer, ...more, value: draft(key, field) ?? was, oninput: (/** @type {any} */ e) => setDraft(key, field, e.target.value) }));
}

/**
 * What was typed and differs: only that is sent, so that two who edit do not
 * undo each other.
 * @param {string} key @param {ContactRow} c
 */
function changes(key, c) {
  /** @type {{name?: string, fields: {name: string, value: string}[]}} */
  const change = { fields: [] };
  const name = draft(key, 'c name');
  if (name !== undefined && name !== (c.name || '')) change.name = name;
  for (const f of c.fields || []) {
    const v = draft(key, `c = ${f.name}`);
    if (v !== undefined && v !== f.value) change.fields.push({ name: f.name, value: v });
  }
  return change.name === undefined && !change.fields.length ? null : change;
}

/** @param {string} path @param {string} key @param {ContactRow} c */
async function save(path, key, c) {
  const change = changes(key, c);
  if (!change) return close(key, c);
  try {
    await call('PUT', path, change);
    toast('good', t('contact saved'));
    close(key, c);
    forget('/contacts');
    forget('/interactions/');
    forget('/history');
  } catch (e) { // what was typed stays
    toast('bad', explain(e));
  }
}

/** A field of a contact that is read, and changed where it stands. @param {string} key @param {string} field @param {string} name @param {string} was */
function inPlace(key, field, name, was) {
  return h('label', { class: 'in-place', key: field }, h('span', null, name),
    h('input', { type: 'text', autocomplete: 'off', maxlength: field === 'c name' ? 200 : 2000, readonly: state.viewer, value: draft(key, field) ?? was,
      oninput: (/** @type {any} */ e) => { setDraft(key, field, e.target.value); redraw(); } }));
}

/** The fields of a contact, each to be changed where it stands. @param {string} key @param {string} path @param {ContactRow} c @param {...import('./dom.js').Kid} more */
function card(key, path, c, ...more) {
  const all = c.numbers?.length ? c.numbers : [{ number: c.number, type: '' }];
  const numbers = all.filter((n, i) => all.findIndex(x => x.number === n.number) === i); // a contact of two lists has it twice
  const own = (c.fields || []).filter(f => f.value !== c.name);
  const fixed = own.filter(f => f.locked && f.value).map(fieldWords);
  const changed = Boolean(changes(key, c));
  return h('form', { class: 'stack contact-card', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); save(path, key, c); } },
    inPlace(key, 'c name', t('field name'), c.name || ''),
    h('dl', { class: 'fields' },
      numbers.map((n, i) => h('div', { key: `# ${i}` }, h('dt', null, n.type || t('Number')), h('dd', { class: 'figures' }, phone(n.number)))),
      c.time_zone ? h('div', { key: 'zone' }, h('dt', null, t('local time')), h('dd', { class: 'figures' }, ticking('span', {}, () => zoneTime(c.time_zone || '')))) : null,
      fixed.map(([name, value], n) => h('div', { key: `${n}`, class: value.length > 22 ? 'long' : '' }, h('dt', null, name), h('dd', null, value)))),
    own.filter(f => !f.locked).map(f => inPlace(key, `c = ${f.name}`, fieldWords({ name: f.name, value: '' })[0], f.value)),
    c.changed ? h('p', { class: 'quiet-text' }, t('changed by', { by: c.changed_by || '', time: dayTime(c.changed) })) : null,
    changed || more.length ? h('div', { class: 'row', key: 'row' },
      changed ? h('button', { type: 'submit', class: 'button primary', disabled: state.viewer, key: 'save' }, t('Save')) : null,
      changed ? button({ name: t('Cancel'), kind: 'quiet', run: () => close(key, c) }) : null, ...more) : null);
}

/** The contact of an interaction. @param {Interaction} i */
export function contact(i) {
  const c = i.content;
  if (i.blank || !c) return region(t('Contact'), { key: 'contact' }, h('p', { class: 'quiet-text' }, t('blank contact')));
  const path = `/interactions/${encodeURIComponent(i.id)}/contact`;
  const k = look(path, 300_000);
  const known = /** @type {ContactRow} */ (k.data?.number ? k.data : { name: c.name, number: c.number, fields: c.fields || [] });
  const hints = [c.window ? t('hint window', { window: c.window }) : '', c.attempts ? t('hint attempts', { n: c.attempts }) : ''].filter(Boolean);
  return region(t('Contact'), { key: 'contact' },
    h('p', { class: 'contact-name' }, icon('person'), h('strong', null, known.name || phone(c.number))),
    hints.length ? h('p', { class: 'quiet-text' }, hints.join(' · ')) : null,
    card(i.id, path, { ...known, time_zone: c.time_zone || known.time_zone }));
}

let searched = '';
/** @type {ReturnType<typeof setTimeout>|undefined} */
let waiting;
const book = 'directory';

export function directory() {
  const q = draft(book, 'q') || '';
  if (!searched && q) searched = q; // restored after a reload
  const k = searched.trim().length > 1 ? look(`/contacts?q=${encodeURIComponent(searched.trim())}`, 30_000) : null;
  const rows = /** @type {ContactRow[]} */ (listOf(k?.data));
  return region(t('Contact directory'), { key: 'directory', class: 'page', aside: button({ name: t('New contact'), icon: 'person', expanded: editing(book), run: () => {
    setDraft(book, 'contact', editing(book) ? undefined : 'open');
    focusIn('new-contact');
  } }) },
    editing(book) ? newContact() : null,
    h('label', { class: 'field search', key: 'search' }, h('span', { class: 'unseen' }, t('Search')), icon('search'),
      h('input', { type: 'search', placeholder: t('search contacts hint'), value: q, oninput: (/** @type {any} */ e) => {
        setDraft(book, 'q', e.target.value);
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          searched = draft(book, 'q') || '';
          redraw();
        }, 250);
      } })),
    rows.length ? h('ul', { class: 'plain people', key: 'people' }, rows.slice(0, 100).map(c => h('li', { key: c.id }, person(c))))
      : h('p', { class: 'quiet-text', role: 'status', key: 'none' }, k?.failed && k.failed !== 'none' ? k.failed : searched.trim().length > 1 && k && !k.loading ? t('no contacts') : t('search contacts hint')));
}

/** @type {Set<string>} those whose calls are shown */
const opened = new Set();
/** @type {Set<string>} those whose fields are shown */
const unrolled = new Set();

/** @param {ContactRow} c */
function person(c) {
  const path = `/contacts/${encodeURIComponent(c.id || '')}`;
  const key = `contact ${c.id}`;
  const open = unrolled.has(key) || Boolean(changes(key, c));
  return h('details', { open: open || undefined, ontoggle: (/** @type {any} */ e) => {
    if (e.target.open === unrolled.has(key)) return;
    if (e.target.open) unrolled.add(key);
    else unrolled.delete(key);
    redraw();
  } },
    h('summary', null, h('span', { class: 'line-main' }, c.name || phone(c.number)), h('span', { class: 'quiet-text figures' }, phone(c.number)), c.list ? h('span', { class: 'tag' }, c.list) : null),
    !open ? null : card(key, path, c,
      state.me && c.number ? button({ name: t('Call'), icon: 'call', kind: 'good', disabled: Boolean(mine()), run: () => { dial(c.number || ''); } }) : null,
      button({ name: t('Contact history'), icon: 'clock', kind: 'quiet', anyTab: true, expanded: opened.has(key), run: () => { if (!opened.delete(key)) opened.add(key); redraw(); } })),
    opened.has(key) ? region(t('Contact history'), { level: 3, class: 'past' }, calls(`${path}/history`)) : null);
}

/** A list of calls. @param {string} path @param {string} [but] an attempt that is left out */
export function calls(path, but) {
  const k = look(path, 120_000);
  const all = /** @type {import('./types.js').PastCall[]} */ (listOf(k.data)).filter(c => !but || c.attempt !== but);
  if (!all.length) return h('p', { class: 'quiet-text' }, k.loading && !k.at ? t('starting') : k.failed && k.failed !== 'none' ? k.failed : t('no history'));
  return keep(`calls ${path.startsWith('/interactions/') ? 'here' : path}`, [k.data, but, currentLanguage()], () => h('ol', { class: 'plain' }, all.map((c, n) => h('li', { key: c.attempt || String(n) },
    h('p', { class: 'line-main' }, resultName(c.result) || t('result unknown'), c.disposition ? ` · ${c.disposition.replaceAll('/', ' / ')}` : ''),
    was(c),
    h('p', { class: 'quiet-text' }, [c.inbound ? t('inbound') : '', c.dialed_at ? dayTime(c.dialed_at) : '', c.agent || '', c.answered_at && c.ended_at ? span(new Date(c.ended_at).getTime() - new Date(c.answered_at).getTime()) : ''].filter(Boolean).join(' · ')),
    c.note ? h('p', { class: 'past-note' }, c.note) : null))));
}

/** What the outcome was before it was corrected. @param {import('./types.js').PastCall} c */
export function was(c) {
  const o = c.was?.[0];
  return o ? h('p', { class: 'quiet-text' }, t('old value', { value: [resultName(o.result), o.disposition?.replaceAll('/', ' / '), o.note].filter(Boolean).join(', ') || '–' })) : null;
}

function newContact() {
  return h('form', { class: 'stack new-contact', key: 'new', id: 'new-contact', 'aria-label': t('New contact'), onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    const email = draft(book, 'c email')?.trim();
    try {
      const c = await call('POST', '/contacts', {
        name: draft(book, 'c name') || '', number: draft(book, 'c number') || '', customer_id: draft(book, 'c customer')?.trim() || undefined,
        fields: email ? [{ name: 'E-Mail', value: email }] : undefined,
      });
      toast('good', t('contact saved'));
      close(book, null);
      forget('/contacts');
      setDraft(book, 'q', c.name);
      searched = c.name;
      redraw();
    } catch (x) {
      toast('bad', explain(x));
    }
  } },
    input(book, 'c name', t('field name'), '', { required: true, maxlength: 200 }),
    input(book, 'c number', t('contact number'), '', { required: true, type: 'tel', inputmode: 'tel' }),
    input(book, 'c customer', t('field customer_id'), ''),
    input(book, 'c email', t('field email'), '', { type: 'email' }),
    h('div', { class: 'row' },
      h('button', { type: 'submit', class: 'button primary', disabled: state.viewer }, t('Save')),
      button({ name: t('Cancel'), kind: 'quiet', run: () => close(book, null) })));
}
