/** Call lists, for the administrator: their counts, and a file to import: understood first, with its columns to correct, then taken in. */
import { h } from './dom.js';
import { t, has, count, moment } from './i18n.js';
import { send, Problem } from './api.js';
import { region, button, select, redraw, draft, setDraft, resultName, toast, explain } from './ui.js';
import { look, listOf, forget } from './data.js';
import { grid, fileLink, waits } from './reports.js';

/** @typedef {import('./types.js').ImportResult} ImportResult */

const form = 'lists';
/** What a column can mean, in the order of the choice. */
const fields = ['phone', 'phone_type', 'id', 'name', 'first_name', 'last_name', 'company', 'customer_id', 'chain', 'position', 'time_zone', 'from', 'until',
  'type', 'status', 'call_result', 'attempts', 'next_dial_at', 'last_call_at', 'owner', 'callback_at', 'do_not_call', 'disposition', 'note',
  'consent_at', 'consent_text', 'consent_source', 'consent_reference', 'consent_revoked'];

/** The file and what is known of it; a tab has one at a time. */
const now = {
  /** @type {File|null} */ file: null,
  /** @type {ImportResult|null} */ seen: null, // by the last check
  /** @type {ImportResult|null} */ done: null,
  /** @type {string[]|null} */ taken: null, // the field of each column, where somebody changed one
  /** @type {AbortController|null} */ running: null,
  changed: false, // since the last check
  sent: 0, // of 1
};

export function lists() {
  const k = look('/lists', 30_000);
  const all = /** @type {{name: string, records: number, by_status: {[name: string]: number}, imported: string}[]} */ (listOf(k.data));
  return h('div', { key: 'lists', class: 'page office' },
    importer(all.map(l => l.name)),
    region(t('Lists'), { key: 'all' }, all.length
      ? grid(t('Lists'), [t('list'), `#${t('Records')}`, t('state'), t('imported at'), t('Export')], all.map(l => ({ key: l.name, cells: [
        l.name, count(l.records), counts(l.by_status, statusName), moment(l.imported), fileLink(t('Export list', { name: l.name }), `/lists/${encodeURIComponent(l.name)}/records`, `${l.name}.csv`)] })))
      : waits(k)));
}

/** @param {string} s */
const statusName = s => has(`record ${s}`) ? t(`record ${s}`) : s;

/** @param {{[name: string]: number}|undefined} m @param {(name: string) => string} name */
const counts = (m, name) => Object.entries(m || {}).filter(([, n]) => n).sort((a, b) => b[1] - a[1]).map(([k, n]) => `${count(n)} ${name(k)}`).join(', ');

/** @param {string[]} names */
function importer(names) {
  const name = draft(form, 'name') || '';
  const ready = Boolean(now.file && /^[\w.-]{1,64}$/.test(name) && !now.running);
  return region(t('Import list'), { key: 'import' },
    h('form', { class: 'stack', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); if (ready) run(true); } },
      h('div', { class: 'row' },
        h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('list name')),
          h('input', { type: 'text', autocomplete: 'off', list: 'list-names', required: true, maxlength: 64, pattern: '[A-Za-z0-9_.\\-]+', title: t('list name hint'), disabled: Boolean(now.running), value: name, oninput: (/** @type {any} */ e) => { setDraft(form, 'name', e.target.value.trim()); forgetCheck(); } }),
          h('datalist', { id: 'list-names' }, names.map(n => h('option', { key: n, value: n })))),
        h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('list file')),
          h('input', { type: 'file', accept: '.csv,.txt,.tsv,.xlsx', disabled: Boolean(now.running), onchange: (/** @type {any} */ e) => { now.file = e.target.files[0] || null; now.taken = null; now.changed = false; forgetCheck(); } })),
        h('button', { type: 'submit', class: `button ${now.seen && !now.changed ? '' : 'primary'}`, disabled: !ready }, t('Check file')),
        now.seen && ready && !now.changed ? button({ name: t('Import', { n: now.seen.imported }), kind: 'primary', disabled: !now.seen.imported && !now.seen.blocked, run: () => run(false) }) : null,
        now.running ? button({ name: t('Cancel'), kind: 'quiet', run: () => now.running?.abort() }) : null),
      h('p', { class: 'quiet-text' }, t('import hint')),
      now.running ? h('div', { class: 'progress', key: 'progress' }, h('progress', { max: 1, value: now.sent, 'aria-label': t('progress') }), h('p', { class: 'quiet-text', role: 'status' }, now.sent < 1 ? t('file sent', { share: count(Math.floor(now.sent * 100)) }) : t('file read'))) : null,
      now.done ? outcome(now.done) : now.seen ? [outcome(now.seen), columns(now.seen)] : null));
}

function forgetCheck() {
  now.seen = now.done = null;
  redraw();
}

/** What the columns were taken for; a choice is tried by the next check. @param {ImportResult} r */
function columns(r) {
  const taken = now.taken || (r.columns || []).map(c => c.field || '');
  /** @type {[string, string][]} */
  const options = [['', t('kept as it is')], ...fields.map(f => /** @type {[string, string]} */ ([f, t(`import ${f}`)]))];
  return h('div', { class: 'stack', key: 'columns' }, h('h3', null, t('Columns')),
    grid(t('Columns'), [t('column'), t('is')], (r.columns || []).map((c, n) => ({ key: String(n), cells: [c.column || `#${n + 1}`,
      select({ name: t('meaning of', { column: c.column || `#${n + 1}` }), hideLabel: true, value: taken[n] || '', options: options.some(o => o[0] === taken[n]) ? options : [...options, [taken[n], taken[n]]],
        change: v => { now.taken = [...taken]; now.taken[n] = v; now.changed = true; redraw(); } })] }))),
    now.changed ? h('p', { class: 'warn-text', role: 'status' }, t('check again')) : null);
}

/** What came, or would come, of the file. @param {ImportResult} r */
function outcome(r) {
  const dry = r.dry_run;
  const list = Object.entries(r.in_lists || {}).map(([name, n]) => `${name} ${count(n)}`).join(', ');
  const lines = [
    r.skipped ? t('import duplicates', { n: r.skipped, twice: count(r.twice || 0), here: count(r.skipped - (r.twice || 0)) }) : '',
    r.elsewhere ? t('import elsewhere', { n: r.elsewhere, lists: list }) : '',
    r.duplicate_ids ? t('import ids', { n: r.duplicate_ids }) : '',
    r.repaired ? t('import repaired', { n: r.repaired }) : '',
    r.filled ? t('import filled', { n: r.filled }) : '',
    r.called ? t('import called', { n: r.called }) : '',
    counts(r.owners, n => n) ? t('import owners', { text: counts(r.owners, n => n) }) : '',
    r.unknown_owners?.length ? t('import strangers', { names: r.unknown_owners.join(', ') }) : '',
    r.blocked ? t('import blocked', { n: r.blocked }) : '',
    Object.keys(r.statuses || {}).length > 1 ? counts(r.statuses, statusName) : '',
    counts(r.results, resultName),
  ].filter(Boolean);
  return h('div', { class: 'stack', key: dry ? 'dry' : 'done' },
    h('p', { class: 'line-main', role: 'status' }, t(dry ? 'import would' : 'import did', { lines: count(r.lines), n: r.imported, bad: count(r.bad) })),
    lines.length ? h('ul', { class: 'plain' }, lines.map(s => h('li', { key: s }, s))) : null,
    r.bad_lines?.length ? h('details', { key: 'bad', open: r.bad_lines.length < 6 || undefined }, h('summary', null, t('told lines', { n: r.bad_lines.length })),
      grid(t('told lines', { n: r.bad_lines.length }), [`#${t('line')}`, t('column'), t('Reason')], r.bad_lines.slice(0, 200).map((b, n) => ({ key: String(n), cells: [String(b.line), b.column || '–', b.reason] })))) : null);
}

/** The columns as the API has them; nothing where nobody changed one. */
function mapping() {
  /** @type {Map<string, string[]>} */
  const m = new Map();
  if (!now.taken) return [];
  for (const c of before) if (c.field) m.set(c.field, []); // also what was taken away
  now.taken.forEach((f, n) => f && m.set(f, [...(m.get(f) || []), `#${n + 1}`]));
  return [...m].map(([f, cols]) => `map=${encodeURIComponent(`${f}=${cols.join(',')}`)}`);
}

/** @type {import('./types.js').ImportColumn[]} what the file's columns mean by their names alone */
let before = [];

/** @param {boolean} dry */
async function run(dry) {
  const file = /** @type {File} */ (now.file);
  const name = draft(form, 'name') || '';
  const query = [`dry_run=${dry}`, `name=${encodeURIComponent(file.name)}`, ...mapping()];
  now.running = new AbortController();
  now.sent = 0;
  now.done = null;
  redraw();
  try {
    const r = await send(`/lists/${encodeURIComponent(name)}/records?${query.join('&')}`, file, share => { now.sent = share; redraw(); }, now.running.signal);
    if (dry) {
      if (!now.taken) before = r.columns || [];
      now.seen = r;
      now.changed = false;
    } else {
      now.done = r;
      now.file = now.seen = now.taken = null;
      toast('good', t('list imported', { name }));
    }
  } catch (e) { // what went in before stays, and the same file again is no harm
    toast('bad', e instanceof Problem && e.code === 'aborted' ? t('import aborted') : explain(e));
  } finally {
    now.running = null;
    forget('/lists');
    redraw();
  }
}
