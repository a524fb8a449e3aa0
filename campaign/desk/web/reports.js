/** The evening report and the proof of abandoned calls. Each look is in the audit log, so nothing here asks again by itself. */
import { h } from './dom.js';
import { t, has, span, count, share, moment } from './i18n.js';
import { state, mayAll } from './state.js';
import { region, button, select, redraw, draft, setDraft, resultName } from './ui.js';
import { look, forget } from './data.js';

/** @typedef {import('./types.js').DayFigures} DayFigures */
/** @typedef {import('./dom.js').Kid} Kid */

/** Kept until it is asked for again. */
export const once = 1e9;
const form = 'reports';

/**
 * A table that scrolls by itself. A column named with a leading # holds figures.
 * @param {string} name @param {string[]} head @param {{key?: string, class?: string, cells: Kid[]}[]} rows
 */
export function grid(name, head, rows) {
  const figures = head.map(x => x[0] === '#');
  return h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': name }, h('table', { class: 'grid' },
    h('thead', null, h('tr', null, head.map((x, n) => h('th', { key: String(n), scope: 'col', class: figures[n] ? 'number' : '' }, x.replace(/^#/, ''))))),
    h('tbody', null, rows.map((r, i) => h('tr', { key: r.key || String(i), class: r.class }, r.cells.map((c, n) => h('td', { key: String(n), class: figures[n] ? 'number' : '' }, c)))))));
}

/** A link to a file that the server makes. @param {string} name @param {string} path @param {string} [file] */
export function fileLink(name, path, file) {
  return h('a', { class: 'button quiet', href: `/api/v1${path}`, download: file || true }, name);
}

export function printButton() {
  return button({ name: t('Print'), kind: 'quiet', anyTab: true, run: () => window.print() });
}

/** What came, or why nothing did. @param {import('./data.js').Kept} k */
export function waits(k) {
  return h('p', { class: k.failed ? 'error-text' : 'quiet-text', role: 'status', key: 'waits' }, k.failed ? (k.failed === 'none' ? t('nothing there') : k.failed) : t('loading'));
}

/** Today, as a day's field has it. */
function today() {
  const d = new Date(Date.now() + state.offset);
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`;
}

export function reports() {
  const day = draft(form, 'day') || today();
  const k = look(`/reports/day?day=${day}`, once);
  const r = /** @type {import('./types.js').DayReport|null} */ (k.data);
  const again = (/** @type {string|undefined} */ d) => {
    setDraft(form, 'day', d);
    forget('/reports/');
    forget('/campaigns/');
    redraw();
  };
  return h('div', { key: 'reports', class: 'page reports' },
    region(t('Reports'), { key: 'day', heading: `${t('Evening report')}${r ? ` · ${new Date(`${r.day}T12:00`).toLocaleDateString(document.documentElement.lang, { dateStyle: 'full' })}` : ''}` },
      h('div', { class: 'row noprint' },
        h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('Day')),
          h('input', { type: 'date', value: day, max: today(), onchange: (/** @type {any} */ e) => { if (e.target.value) again(e.target.value); } })),
        button({ name: t('Refresh'), anyTab: true, run: () => again(draft(form, 'day')) }),
        printButton()),
      r ? totals(r.total) : waits(k)),
    !r ? null : [
      region(t('Campaigns'), { key: 'campaigns', aside: fileLink(`CSV: ${t('Campaigns')}`, `/reports/day/csv?day=${day}`, `campaigns-${day}.csv`) }, campaigns(r)),
      state.session?.role === 'client' ? null : region(t('Agents'), { key: 'agents', aside: fileLink(`CSV: ${t('Agents')}`, `/reports/agents/csv?day=${day}`, `agents-${day}.csv`) }, agents(r)),
      region(t('Lists'), { key: 'lists', aside: fileLink(`CSV: ${t('Lists')}`, '/reports/list/csv', 'lists.csv') }, lists(r)),
      proofs(r, day),
    ]);
}

/** @param {DayFigures} f */
function totals(f) {
  /** @type {[string, string, string?][]} */
  const tiles = [
    [t('dialled'), count(f.dialled)],
    [t('reached gross'), count(f.reached_gross), t('of all', { share: share(f.dialled ? f.reached_gross / f.dialled : 0) })],
    [t('reached net'), count(f.reached_net), t('of all', { share: share(f.dialled ? f.reached_net / f.dialled : 0) })],
    [t('successes'), count(f.successes), t('refusals', { n: f.refusals })],
    [t('successes per hour'), count(f.successes_per_hour, 1)],
    [t('talk time'), span(f.talk_ms)],
    [t('After-call work'), span(f.after_call_ms)],
    [t('pause time'), span(f.pause_ms)],
    [t('list used'), count(f.used), t('list left', { n: count(f.left), all: count(f.records) })],
    [t('callbacks open'), count(f.callbacks_open), f.callbacks_overdue ? t('overdue n', { n: count(f.callbacks_overdue) }) : t('none overdue')],
    [t('abandoned of live'), share(f.abandoned_of_live), t('n of m', { n: count(f.abandoned), m: count(f.live_answers) })],
    [t('abandoned of all'), share(f.abandoned_of_all), t('n of m', { n: count(f.abandoned), m: count(f.dialled) })],
  ];
  const shown = state.session?.role === 'client' ? tiles.filter(x => x[0] !== t('After-call work') && x[0] !== t('pause time')) : tiles;
  return h('dl', { class: 'tiles' }, shown.map(([name, value, more]) => h('div', { key: name }, h('dt', null, name), h('dd', null, h('strong', { class: 'figures' }, value), more ? h('span', { class: 'quiet-text' }, more) : null))));
}

/** @param {import('./types.js').DayReport} r */
function campaigns(r) {
  if (!r.campaigns.length) return h('p', { class: 'quiet-text' }, t('no campaigns'));
  const head = [t('campaign'), `#${t('dialled')}`, `#${t('reached gross')}`, `#${t('reached net')}`, `#${t('successes')}`, `#${t('successes per hour')}`, `#${t('talk time')}`,
    `#${t('abandoned of live')}`, `#${t('abandoned of all')}`, `#${t('used')}`, `#${t('left')}`, `#${t('callbacks open')}`, `#${t('overdue')}`];
  const cells = (/** @type {DayFigures} */ f, /** @type {string} */ name) => [h('span', { class: 'line-main' }, name), count(f.dialled), count(f.reached_gross), count(f.reached_net), count(f.successes),
    count(f.successes_per_hour, 1), span(f.talk_ms), share(f.abandoned_of_live), share(f.abandoned_of_all), count(f.used), count(f.left), count(f.callbacks_open), count(f.callbacks_overdue)];
  return grid(t('Campaigns'), head, [...r.campaigns.map(f => ({ key: f.campaign, cells: cells(f, f.campaign || '') })), { key: ' all', class: 'sum', cells: cells(r.total, t('all together')) }]);
}

/** @param {import('./types.js').DayReport} r */
function agents(r) {
  if (!r.agents.length) return h('p', { class: 'quiet-text' }, t('nobody worked'));
  const head = [t('agent or team'), `#${t('calls')}`, `#${t('reached net')}`, `#${t('successes')}`, `#${t('successes per hour')}`, `#${t('logged in')}`, `#${t('Ready')}`, `#${t('talk time')}`, `#${t('After-call work')}`, `#${t('pause time')}`, t('pauses')];
  return grid(t('Agents'), head, r.agents.map(a => ({ key: `${a.agent} ${a.team}`, cells: [
    h('span', null, h('span', { class: 'line-main' }, a.agent || t('team', { name: a.team || '–' })), a.agent && a.team ? h('span', { class: 'quiet-text' }, h('br'), a.team) : null),
    count(a.calls), count(a.reached_net), count(a.successes), count(a.successes_per_hour, 1), span(a.logged_in_ms), span(a.ready_ms), span(a.talk_ms), span(a.after_call_ms), span(a.pause_ms),
    Object.entries(a.pauses || {}).sort((x, y) => y[1] - x[1]).map(([why, ms]) => `${why || '–'} ${span(ms)}`).join(', '),
  ] })));
}

/** @param {import('./types.js').DayReport} r */
function lists(r) {
  if (!r.lists.length) return h('p', { class: 'quiet-text' }, t('nothing there'));
  return grid(t('Lists'), [t('list'), `#${t('records')}`, `#${t('used')}`, `#${t('left')}`, `#${t('callbacks open')}`, `#${t('overdue')}`, t('Call result')], r.lists.map(l => ({ key: l.list, cells: [
    h('span', { class: 'line-main' }, l.list), count(l.records), count(l.used), count(l.left), count(l.callbacks_open), count(l.callbacks_overdue),
    Object.entries(l.results || {}).filter(([name, n]) => n && name !== 'unknown').sort((x, y) => y[1] - x[1]).map(([name, n]) => `${resultName(name)} ${count(n)}`).join(', '),
  ] })));
}

/** @param {import('./types.js').DayReport} r @param {string} day */
function proofs(r, day) {
  const names = r.campaigns.map(f => f.campaign || '').filter(Boolean);
  if (!names.length) return null;
  const asked = draft(form, 'proof') || '';
  const name = names.includes(asked) ? asked : '';
  const path = `/campaigns/${encodeURIComponent(name)}/abandonment?day=${day}`;
  const k = name ? look(path, once) : null;
  const p = /** @type {import('./types.js').AbandonmentProof|null} */ (k?.data || null);
  return region(t('Proof of abandoned calls'), { key: 'proof' },
    h('div', { class: 'row noprint' },
      select({ name: t('campaign'), value: name, options: [['', t('choose')], ...names.map(n => /** @type {[string, string]} */ ([n, n]))], change: v => { setDraft(form, 'proof', v); redraw(); } }),
      name ? fileLink(t('Proof as file'), path, `abandonment-${name}-${day}.json`) : null,
      name && mayAll() ? fileLink(`CSV: ${t('attempts of', { name })}`, `/campaigns/${encodeURIComponent(name)}/attempts`, `attempts-${name}.csv`) : null),
    !k ? h('p', { class: 'quiet-text' }, t('proof hint')) : p ? proof(p) : waits(k));
}

/** @param {import('./types.js').AbandonmentProof} p */
function proof(p) {
  const s = (/** @type {number} */ ms) => `${count(ms / 1000, 2)} s`;
  /** @type {[string, Kid][]} */
  const lines = [
    [t('campaign'), `${p.campaign} · ${p.day}`],
    [t('abandoned of live'), `${share(p.abandoned_of_live)} (${t('n of m', { n: count(p.abandoned), m: count(p.live_answers) })})`],
    [t('abandoned of all'), `${share(p.abandoned_of_all)} (${t('n of m', { n: count(p.abandoned), m: count(p.attempts) })})`],
    [t('may be abandoned'), share(p.max_abandoned)],
    [t('answer to agent'), t('answer to agent figures', { half: s(p.answer_to_agent_p50_ms), most: s(p.answer_to_agent_p95_ms), max: s(p.answer_to_agent_max_ms) })],
    [t('later than 2 s'), count(p.over_2s)],
    [t('announcement'), p.announcement ? `${p.announcement} · ${t('announcement figures', { whole: count(p.announced_whole || 0), n: count(p.abandoned) })}` : t('no announcement')],
    [t('held back'), count(p.guard_refusals)],
    ...(p.max_abandoned_moved || []).map(e => /** @type {[string, Kid]} */ ([t('moved'), `${moment(e.at)} · ${e.who}: ${e.old || '–'} → ${e.new || '–'}${e.reason ? `, ${e.reason}` : ''}`])),
    [t('checksum'), h('code', null, p.checksum)],
  ];
  return h('div', { class: 'stack' },
    h('dl', { class: 'fields' }, lines.map(([name, value], n) => h('div', { key: `${n}`, class: 'long' }, h('dt', null, name), h('dd', null, value)))),
    p.fallbacks?.length ? [h('h3', null, `${t('fallbacks')}: ${t('n times', { n: p.fallbacks.length })}`), grid(t('fallbacks'), [t('from'), t('until'), t('why')], p.fallbacks.map(f => ({ cells: [moment(f.from), f.until ? moment(f.until) : t('still'), has(`why ${f.code}`) ? t(`why ${f.code}`, { text: f.text, name: '', until: '' }) : f.text] })))] : null,
    p.calls?.length ? [h('h3', null, t('abandoned calls')), grid(t('abandoned calls'), [t('answered'), `#${t('stayed')}`, t('announcement'), t('ended by')], p.calls.map(c => ({ key: c.attempt, cells: [
      moment(c.answered_at), s(c.stayed_ms), c.announced_at ? `${c.announced_to_end_at ? t('to its end') : t('broken off')} ${moment(c.announced_at)}` : '–', t(`party ${c.ended_by || 'none'}`),
    ] })))] : null);
}
