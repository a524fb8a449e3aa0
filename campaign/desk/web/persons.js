/** The complaint page: all that is kept of a person, to print, to hand out, to forget; and the audit log. */
import { h } from './dom.js';
import { t, has, count, moment, phone, span } from './i18n.js';
import { call } from './api.js';
import { mayErase, mayAudit } from './state.js';
import { ui, region, button, select, redraw, draft, setDraft, resultName, toast, explain } from './ui.js';
import { look, forget } from './data.js';
import { dialog, openDialog, closeDialog } from './dialog.js';
import { grid, fileLink, printButton, waits, once } from './reports.js';

/** @typedef {import('./types.js').Dossier} Dossier */
/** @typedef {import('./dom.js').Kid} Kid */

const form = 'persons';
let asked = ''; // the number whose page is shown
/** @type {import('./types.js').Erasure|null} */
let erased = null;

/** @param {string} number */
const pathOf = number => `/persons/${encodeURIComponent(number)}`;

export function complaint() {
  const k = asked ? look(pathOf(asked), once) : null;
  const d = /** @type {Dossier|null} */ (k?.data || null);
  return h('div', { key: 'persons', class: 'page dossier' },
    region(t('Complaint page'), { key: 'ask', heading: d ? t('kept of', { number: phone(d.number) }) : undefined },
      h('form', { class: 'row noprint', role: 'search', onsubmit: (/** @type {Event} */ e) => {
        e.preventDefault();
        asked = (draft(form, 'number') || '').trim();
        erased = null;
        forget('/persons/');
        redraw();
      } },
        h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('Telephone number')),
          h('input', { type: 'tel', inputmode: 'tel', autocomplete: 'off', required: true, maxlength: 64, value: draft(form, 'number') || '', oninput: (/** @type {any} */ e) => setDraft(form, 'number', e.target.value) })),
        h('button', { type: 'submit', class: 'button primary' }, t('Show')),
        d ? printButton() : null,
        d && mayAudit() ? fileLink(t('Export with recordings'), `${pathOf(asked)}/export`, 'person.zip') : null,
        d && mayErase() ? button({ name: t('Erase …'), kind: 'danger', anyTab: true, run: () => openDialog('erase') }) : null),
      erased ? whatWent(erased) : null,
      d ? summary(d) : k ? waits(k) : h('p', { class: 'quiet-text' }, t('complaint hint'))),
    d ? parts(d) : null);
}

/** @param {Dossier} d */
function summary(d) {
  const empty = !d.records.length && !d.attempts.length && !d.consent.length && !d.do_not_call.length && !d.refusals.length && !d.erasures.length && !d.contacts.length;
  return h('div', { class: 'stack' },
    empty ? h('p', { role: 'status' }, t('nothing kept')) : null,
    h('dl', { class: 'fields' },
      h('div', { class: 'long' }, h('dt', null, t('as of')), h('dd', { class: 'figures' }, moment(d.made_at))),
      h('div', { class: 'long' }, h('dt', null, t('Identities')), h('dd', null, d.persons.join(', '))),
      h('div', { class: 'long' }, h('dt', null, t('Numbers')), h('dd', { class: 'figures' }, d.numbers.map(phone).join(', ')))));
}

/** @param {string} name @param {string[]} head @param {{cells: Kid[], key?: string}[]} rows */
function part(name, head, rows) {
  return region(name, { key: name }, rows.length ? grid(name, head, rows) : h('p', { class: 'quiet-text' }, t('none')));
}

/** @param {Dossier} d */
function parts(d) {
  const at = (/** @type {string|undefined} */ s) => s ? moment(s) : '–';
  return [
    part(t('Consent'), [t('given'), t('wording'), t('source'), t('reference'), t('revoked'), t('record')], d.consent.map(c => ({ cells: [at(c.at), c.text, c.source, c.reference, at(c.revoked), c.locked ? t('locked proof') : `${c.list || ''} ${c.record || ''}`] }))),
    part(t('calls'), [t('when'), t('Number'), t('who'), t('campaign'), t('Call result'), `#${t('rang')}`, `#${t('agent after')}`, `#${t('duration')}`, t('ended by'), t('Note'), t('Recording')], d.attempts.map(a => ({ key: a.id, cells: [
      at(a.dialed_at), phone(a.phone), a.agent || '–', a.campaign || t('Manual call'), [resultName(a.call_result), a.disposition?.replaceAll('/', ' / ')].filter(Boolean).join(', '),
      span(a.ring_ms), a.joined_at ? `${count((a.agent_delay_ms || 0) / 1000, 1)} s` : '–', span(a.contact_ms || 0), t(`party ${a.ended_by || 'none'}`), a.note || '',
      a.recording ? h('audio', { controls: true, preload: 'none', src: `/api/v1/attempts/${encodeURIComponent(a.id)}/recording`, 'aria-label': `${t('Recording')} ${at(a.dialed_at)}` }) : '–',
    ] }))),
    part(t('gate refused'), [t('first'), t('last'), `#${t('times')}`, t('Number'), t('campaign'), t('Reason')], d.refusals.map(r => ({ cells: [at(r.at), at(r.last), count(r.times), phone(r.number), r.campaign || t('Manual call'), has(`why ${r.code}`) ? t(`why ${r.code}`, { text: r.text, name: '', until: '' }) : r.text] }))),
    part(t('Do-not-call list'), [t('since'), t('number or person'), t('scope'), t('by'), t('wording')], d.do_not_call.map(b => ({ cells: [at(b.at), b.hashed ? t('hashed') : [phone(b.number), b.person].filter(Boolean).join(' '), b.campaign || b.client || t('everything'), b.by || '–', b.wording || '–'] }))),
    part(t('Records'), [t('list'), t('record'), t('Number'), t('Contact'), t('state'), t('Call result'), `#${t('Attempts')}`, t('fields'), t('Note')], [
      ...d.records.map(r => ({ cells: [r.list, r.id, phone(r.phone), r.name || '–', has(`record ${r.status}`) ? t(`record ${r.status}`) : r.status, resultName(r.call_result), count(r.attempts), fieldsOf(r.fields), r.note || ''] })),
      ...d.contacts.map(c => ({ cells: [t('changed by', { by: c.by || '', time: at(c.changed) }), c.customer_id || '', phone(c.number), c.name || '', '', '', '', fieldsOf(c.fields), ''] }))]),
    part(t('seen by'), [t('when'), t('who'), t('what'), t('about'), t('old'), t('new')], d.audit.map(e => ({ cells: auditCells(e) }))),
    d.exports.length ? part(t('files that left'), [t('when'), t('who'), t('what'), t('about'), t('old'), t('new')], d.exports.map(e => ({ cells: auditCells(e) }))) : null,
    d.erasures.length ? part(t('Deletions'), [t('when'), t('who'), t('Reason'), t('what'), t('state')], d.erasures.map(e => ({ key: e.id, cells: [at(e.at), e.by, e.reason || '–', countsOf(e.counts), t(e.done_at ? 'finished' : 'not finished')] }))) : null,
  ];
}

/** @param {{[name: string]: string}|undefined} f */
function fieldsOf(f) {
  return Object.entries(f || {}).map(([k, v]) => `${k}: ${v}`).join(' · ');
}

/** @param {{[name: string]: number}|undefined} counts */
function countsOf(counts) {
  return Object.entries(counts || {}).filter(([, n]) => n).map(([k, n]) => `${has(`erased ${k}`) ? t(`erased ${k}`) : k} ${count(n)}`).join(', ');
}

/** @param {import('./types.js').Erasure} e */
function whatWent(e) {
  return h('div', { class: 'card', role: 'status', key: 'went' },
    h('p', { class: 'line-main' }, t('was erased')),
    h('p', null, countsOf(e.counts) || t('none')),
    e.exports?.length ? h('p', { class: 'warn-text' }, t('exports left', { n: e.exports.length })) : null,
    e.exports?.length ? h('ul', { class: 'plain' }, e.exports.map(x => h('li', { key: x, class: 'quiet-text' }, x))) : null);
}

/** Asks before somebody is forgotten, and says what stays. */
export function eraseDialog() {
  const d = /** @type {Dossier|null} */ (asked ? look(pathOf(asked), once).data : null);
  if (!d || !mayErase()) return null;
  const several = d.persons.length > 1;
  const whom = draft(form, 'whom') || '';
  const reason = draft(form, 'reason') || '';
  return dialog(t('Erase person'), 'erase',
    h('form', { class: 'stack', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); erase(several ? whom : '', reason); } },
      h('p', null, t('erase what', { number: phone(d.number) })),
      h('p', null, t('erase stays')),
      h('ul', { class: 'bullets' },
        h('li', null, t('stays consent', { n: d.consent.length })),
        h('li', null, t('stays dnc', { n: d.do_not_call.length })),
        h('li', null, t('stays attempts', { n: d.attempts.length })),
        h('li', null, t('stays audit')),
        h('li', null, t('stays exports', { n: d.exports.length }))),
      several ? select({ name: t('erase whom'), value: whom, options: [['', t('choose')], ...d.persons.map(p => /** @type {[string, string]} */ ([p, p])), ['all', t('everybody with it')]], change: v => { setDraft(form, 'whom', v); redraw(); } }) : null,
      h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('Reason')),
        h('input', { type: 'text', required: true, maxlength: 200, autocomplete: 'off', placeholder: t('erase reason'), value: reason, oninput: (/** @type {any} */ e) => { setDraft(form, 'reason', e.target.value); redraw(); } })),
      h('div', { class: 'row' },
        h('button', { type: 'submit', class: 'button danger', disabled: !reason.trim() || (several && !whom) || ui.busy.has('erase') }, t('Erase for good')),
        button({ name: t('Cancel'), kind: 'quiet', anyTab: true, run: closeDialog }))));
}

/** @param {string} whom @param {string} reason */
async function erase(whom, reason) {
  if (ui.busy.has('erase')) return;
  ui.busy.add('erase');
  redraw();
  const q = new URLSearchParams({ reason: reason.trim() });
  if (whom === 'all') q.set('all', 'true');
  else if (whom) q.set('person', whom);
  try {
    erased = await call('DELETE', `${pathOf(asked)}?${q}`);
    for (const f of ['whom', 'reason']) setDraft(form, f, undefined);
    closeDialog();
  } catch (e) {
    toast('bad', explain(e));
  } finally {
    ui.busy.delete('erase');
    forget('/');
    redraw();
  }
}

/** The counts that stand in the entry of an erasure. @param {string|undefined} text */
function wentOf(text) {
  try {
    return countsOf(JSON.parse(text || '{}'));
  } catch {
    return text || '';
  }
}

// ---- the audit log ---------------------------------------------------------

const filter = 'audit';
/** Entries shown at once, newest first. */
const pageOf = 200;
let query = '';

/** @param {import('./types.js').AuditEntry} e @returns {Kid[]} */
function auditCells(e) {
  const now = e.what === 'person-erased' ? wentOf(e.new) : e.what === 'campaign-switched' ? { load: t('Load'), start: t('Start'), stop: t('Stop'), unload: t('Unload') }[e.new || ''] || e.new : e.new;
  return [moment(e.at), e.who || '–', has(`audit ${e.what}`) ? t(`audit ${e.what}`) : e.what, e.about || '', e.old || '', [now, e.reason].filter(Boolean).join(' · ')];
}

/** What can be filtered by. */
const kinds = ['dialled', 'refused', 'result-changed', 'dnc-added', 'dnc-removed', 'dnc-imported', 'dnc-exported', 'list-imported', 'list-exported', 'attempts-exported', 'record-retried',
  'campaign-changed', 'campaign-switched', 'max-abandoned', 'paced-down', 'user-changed', 'login', 'login-failed', 'status-forced', 'person-shown', 'person-exported', 'person-erased', 'recording-played', 'sip-read',
  'report-read', 'audit-read', 'retention', 'backup'];

/** @param {string} field */
const typed = field => (draft(filter, field) || '').trim();

function queryOf() {
  const q = new URLSearchParams();
  for (const f of ['who', 'what', 'number']) if (typed(f)) q.set(f, typed(f));
  if (typed('since')) q.set('since', new Date(`${typed('since')}T00:00`).toISOString());
  if (typed('until')) {
    const end = new Date(`${typed('until')}T00:00`);
    end.setDate(end.getDate() + 1);
    q.set('until', end.toISOString());
  }
  return q.toString();
}

/** @param {string} name @param {string} field @param {string} type */
function field(name, field, type) {
  return h('label', { class: 'field', key: field }, h('span', { class: 'field-name' }, name),
    h('input', { type, autocomplete: 'off', maxlength: 64, value: draft(filter, field) || '', oninput: (/** @type {any} */ e) => setDraft(filter, field, e.target.value) }));
}

export function auditLog() {
  const path = `/audit${query ? `?${query}` : ''}`;
  const k = look(path, once);
  const all = /** @type {import('./types.js').AuditEntry[]} */ (k.data || []);
  const shown = all.slice(-pageOf).reverse();
  const check = ui.checked ? look('/audit/check', once) : null;
  return region(t('Audit log'), { key: 'audit', class: 'page' },
    h('form', { class: 'filter noprint', role: 'search', onsubmit: (/** @type {Event} */ e) => {
      e.preventDefault();
      query = queryOf();
      forget('/audit');
      redraw();
    } },
      field(t('from'), 'since', 'date'), field(t('until'), 'until', 'date'), field(t('who'), 'who', 'text'),
      select({ name: t('what'), value: typed('what'), options: [['', t('everything')], ...kinds.map(w => /** @type {[string, string]} */ ([w, t(`audit ${w}`)]))], change: v => { setDraft(filter, 'what', v); redraw(); } }),
      field(t('Telephone number'), 'number', 'tel'),
      h('div', { class: 'row' }, h('button', { type: 'submit', class: 'button primary' }, t('Show')),
        button({ name: t('Check log'), anyTab: true, run: () => { ui.checked = true; forget('/audit/check'); redraw(); } }),
        fileLink('CSV', `/audit/csv${query ? `?${query}` : ''}`, 'audit.csv'), printButton())),
    check ? h('p', { class: check.data && !check.data.whole ? 'error-text' : 'why', role: 'status', key: 'check' },
      !check.data ? check.failed || t('loading') : check.data.whole ? t('log whole', { n: count(check.data.entries), sum: (check.data.sum || '').slice(0, 16) }) : t('log broken', { n: check.data.broken_at })) : null,
    !k.data ? waits(k) : !all.length ? h('p', { class: 'quiet-text', role: 'status' }, t('nothing there')) : [
      h('p', { class: 'quiet-text', role: 'status', key: 'n' }, t('entries shown', { n: count(shown.length), all: count(all.length) })),
      grid(t('Audit log'), [t('when'), t('who'), t('what'), t('about'), t('old'), t('new')], shown.map(e => ({ key: String(e.n), cells: auditCells(e) })))]);
}
