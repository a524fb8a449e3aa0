/** The other views of the centre: idle desk, call history, directory, floor. */
import { h, keep } from './dom.js';
import { t, dayTime, clockTime, phone, span, currentLanguage } from './i18n.js';
import { icon } from './icons.js';
import { state, now, mine, overseer, director, mayAll, stateWord, stateSince } from './state.js';
import { ui, button, region, select, act, on, onCampaign, why, redraw, draft, setDraft, resultName, reasonName, statusName, ticking } from './ui.js';
import { look, listOf } from './data.js';
import { runWord } from './side.js';
import { was } from './contacts.js';
import { writeTo } from './messages.js';
import { showLadder } from './ladder.js';
import { keysOf } from './keymap.js';
import { party } from './party.js';
import { shift } from './shift.js';
import { sound } from './sound.js';

export function idle() {
  const me = state.me;
  const reason = me?.idle;
  const ready = me?.status === 'ready';
  const offer = mine()?.state === 'offered';
  const worked = state.recent.length > 0;
  const sentence = offer ? t('idle offer', { key: keysOf().accept }) : state.elsewhere ? t('viewer elsewhere', { place: state.elsewhere }) : !me ? t('idle overseer') : me.status === 'logged-off' ? t('idle logged-off') : !ready ? notReadyWords() : why(reason) || t('idle ready');
  return h('div', { class: 'idle-page', key: 'idle' },
    h('div', { class: `idle ${offer ? 'offer' : ready ? 'ready' : ''}` },
      h('span', { class: 'idle-sign' }, icon(offer ? 'ring' : ready ? 'ready' : me || state.elsewhere ? 'not-ready' : 'floor')),
      h('div', null,
        h('h2', null, offer ? t('Interaction preview') : ready && !reason ? t('idle waits') : t('idle title')),
        h('p', { role: 'status' }, sentence),
        me?.notice ? h('p', { class: 'warn-text', key: 'notice', role: 'alert' }, icon('warn'), `${why(me.notice)}.`) : null,
        me && ready && reason?.code === 'joined-nothing' ? joinButtons() : null)),
    me && (!overseer() || worked) ? today() : null, // who also directs has the campaigns to start before anything that is empty
    me && (!overseer() || worked) ? recent() : null,
    overseer() ? floor() : null);
}

/** What to do first: somebody new should find it within seconds. */
function notReadyWords() {
  const all = [...state.campaigns.values()];
  if (state.me?.joined.length) return t('idle not-ready');
  if (all.some(c => c.state === 'running')) return t('idle join');
  return director() && all.length && !all.some(c => c.state === 'loaded') ? t('idle first') : t('idle not-ready');
}

function joinButtons() {
  const open = [...state.campaigns.values()].filter(c => c.state !== 'unloaded');
  return h('div', { class: 'row' }, open.map(c => h('span', { key: c.name, class: 'row' }, h('strong', null, c.name), button({ name: t('Join'), kind: 'primary', busy: onCampaign(c.name, 'join'), run: () => act(onCampaign(c.name, 'join')) }))));
}

/** What the day has brought, in figures. */
function today() {
  const calls = /** @type {import('./types.js').PastCall[]} */ (listOf(look('/history', 15_000).data));
  const work = /** @type {import('./types.js').WorkItem[]} */ (listOf(look('/workbin', 30_000).data));
  const reached = calls.filter(c => c.answered_at);
  const talked = reached.reduce((sum, c) => sum + (c.ended_at ? new Date(c.ended_at).getTime() - new Date(/** @type {string} */ (c.answered_at)).getTime() : 0), 0);
  const due = work.filter(w => w.kind !== 'open' && (!w.at || new Date(w.at).getTime() <= now()));
  return region(t('today'), { key: 'today', class: 'today' }, h('dl', { class: 'tiles' }, [
    [t('today calls'), calls.length === 200 ? '200+' : String(calls.length)], [t('today reached'), String(reached.length)],
    [t('today talked'), span(talked)], [t('today due'), String(due.length)],
  ].map(([name, value]) => h('div', { key: name }, h('dt', null, name), h('dd', { class: 'figures' }, h('strong', null, value))))));
}

/** The last ten calls, each to be corrected. */
function recent() {
  return region(t('Call history'), { key: 'recent', class: 'recent' },
    state.recent.length ? h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': t('Call history') }, h('table', null,
      h('thead', null, h('tr', null, [t('time'), t('Contact'), t('Call result'), t('Note'), ''].map((x, n) => h('th', { key: String(n), scope: 'col' }, x)))),
      h('tbody', null, state.recent.map(i => h('tr', { key: i.id },
        h('td', { class: 'figures' }, i.dialed_at ? clockTime(i.dialed_at) : ''),
        h('td', null, h('span', { class: 'line-main' }, party(i)), i.kind === 'inbound' ? h('span', { class: 'tag' }, t('inbound')) : null, h('br'), h('span', { class: 'quiet-text figures' }, phone(i.content?.number))),
        h('td', null, resultName(i.result || i.dialer_result), i.no_call ? h('span', { class: 'tag warn' }, t('Do not call')) : null, i.disposition ? h('span', { class: 'quiet-text' }, h('br'), i.disposition.replaceAll('/', ' / ')) : null),
        h('td', null, h('div', { class: 'cut' }, i.note || '')),
        h('td', null, i.kind === 'inbound' ? '' : button({ name: t('Correct result'), icon: 'pen', kind: 'quiet', class: 'correct', run: () => { ui.dialog = `correct:${i.id}`; redraw(); } })))))))
      : h('p', { class: 'quiet-text' }, t('no calls')));
}

/** Own calls of the day, from the server. */
export function history() {
  const k = look('/history', 15_000);
  const calls = /** @type {import('./types.js').PastCall[]} */ (listOf(k.data));
  const mayCorrect = (/** @type {import('./types.js').PastCall} */ c) => state.recent.find(i => i.id === c.id || (c.attempt && i.attempt === c.attempt));
  return region(t('Call history'), { key: 'history', class: 'page' },
    calls.length ? keep('history', [k.data, state.recent, state.recent.length, state.viewer, currentLanguage()], () => h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': t('Call history') }, h('table', null,
      h('thead', null, h('tr', null, [t('time'), t('Contact'), t('campaign'), t('result'), t('duration'), ''].map((x, n) => h('th', { key: String(n), scope: 'col' }, x)))),
      h('tbody', null, calls.map((c, n) => {
        const own = mayCorrect(c);
        return h('tr', { key: c.attempt || c.id || String(n) },
          h('td', { class: 'figures' }, c.dialed_at ? clockTime(c.dialed_at) : ''),
          h('td', null, h('span', { class: 'line-main' }, c.name || phone(c.number)), c.inbound ? h('span', { class: 'tag' }, t('inbound')) : null, h('br'), h('span', { class: 'quiet-text figures' }, c.name ? phone(c.number) : '')),
          h('td', null, c.campaign || (c.inbound ? '' : t('Manual call'))),
          h('td', null, resultName(c.result), was(c), c.disposition ? h('span', { class: 'quiet-text' }, h('br'), c.disposition.replaceAll('/', ' / ')) : null),
          h('td', { class: 'figures' }, c.answered_at && c.ended_at ? span(new Date(c.ended_at).getTime() - new Date(c.answered_at).getTime()) : '–'),
          h('td', null, own ? button({ name: t('Correct result'), icon: 'pen', kind: 'quiet', class: 'correct', run: () => { ui.dialog = `correct:${own.id}`; redraw(); } }) : null));
      })))))
      : h('p', { class: 'quiet-text' }, k.failed && k.failed !== 'none' ? k.failed : t('no calls')));
}

// ---- the floor ------------------------------------------------------------

export function floor() {
  return h('div', { class: 'floor', key: 'floor' }, state.session?.role === 'client' ? null : tally(), campaignsPanel(), state.session?.role === 'client' ? null : agentsPanel());
}

/** How many of the agents do what. */
function tally() {
  const words = [...state.agents.values()].filter(a => a.status !== 'logged-off').map(a => stateWord(a.interaction ? state.interactions.get(a.interaction) || null : null, a));
  /** @type {[string, string, string[]][]} */
  const kinds = [
    ['Ready', 'ready', ['ready']], ['floor ringing', 'ringing', ['offered', 'incoming', 'dialing', 'ringing', 'take-over', 'asking', 'waiting', 'seeking']],
    ['floor talking', 'talking', ['talking', 'held', 'held-by-contact', 'opening', 'open', 'parked', 'announcing']],
    ['After-call work', 'wrap-up', ['wrap-up', 'overtime']],
  ];
  const rest = words.filter(w => !kinds.some(k => k[2].includes(w))).length;
  return h('dl', { class: 'tiles tally', key: 'tally' },
    [...kinds.map(([name, dot, of]) => ({ name: t(name), dot, n: words.filter(w => of.includes(w)).length })), { name: t('Not ready'), dot: '', n: rest }]
      .map(x => h('div', { key: x.name }, h('dt', null, h('span', { class: `dot ${x.dot}`, 'aria-hidden': 'true' }), x.name), h('dd', { class: 'figures' }, h('strong', null, String(x.n))))));
}

function campaignsPanel() {
  const all = [...state.campaigns.values()].sort((a, b) => b.priority - a.priority || a.name.localeCompare(b.name));
  return region(t('Campaigns'), { key: 'floor-campaigns', heading: `${t('Floor')} · ${t('Campaigns')}` },
    all.length ? h('ul', { class: 'cards floor-cards' }, all.map(c => h('li', { key: c.name, class: 'card' }, campaignCard(c)))) : h('p', { class: 'quiet-text' }, t('no campaigns floor')));
}

/** @param {import('./types.js').CampaignView} c */
function campaignCard(c) {
  const run = runWord(c);
  const k = look(`/campaigns/${encodeURIComponent(c.name)}/status`, 4000);
  const s = k.data;
  const left = s?.left ?? 0;
  const all = s?.records ?? 0;
  const move = (/** @type {string} */ what, /** @type {string} */ name, /** @type {boolean} */ may, /** @type {string} */ kind) =>
    button({ name, kind, anyTab: true, disabled: !may, busy: onCampaign(c.name, what), run: () => act(onCampaign(c.name, what)) });
  const results = Object.entries(s?.results || {}).filter(([r, n]) => n && r !== 'unknown' && r !== '').sort((a, b) => b[1] - a[1]);
  return h('div', { class: 'floor-card' },
    h('div', { class: 'card-head' }, h('strong', null, c.name), h('span', { class: `run ${run}` }, t(`run ${run}`)), h('span', { class: 'tag' }, t(`mode ${c.mode}`))),
    c.description ? h('p', { class: 'quiet-text' }, c.description) : null,
    h('p', { class: c.pause ? 'warn-text' : 'why' }, c.state !== 'running' ? '' : why(c.idle) || t('dialling'), c.pacing && c.pacing.code !== c.idle?.code ? ` · ${why(c.pacing)}` : ''),
    !director() ? null : h('div', { class: 'row card-actions' }, // over what changes, so that nothing moves it
      move('load', t('Load'), c.state === 'unloaded', 'primary'), move('start', t('Start'), c.state === 'loaded' || (c.state === 'running' && Boolean(c.pause)), 'good'),
      move('stop', t('Stop'), c.state === 'running', ''), move('unload', t('Unload'), c.state !== 'unloaded', 'quiet'),
      modeSelect(c)),
    c.advice ? h('p', { class: 'advice', key: 'advice' }, icon('chart'), h('span', null, t(`advice ${c.advice.mode}`, { ...c.advice, handling: span(c.advice.handling * 1000) }))) : null,
    h('div', { class: `progress ${s ? '' : 'waits'}` },
      h('progress', { max: all || 1, value: all - left, 'aria-label': t('list progress', { left, all }) }),
      h('span', { class: 'quiet-text figures' }, t('list progress', { left, all }))),
    s && !s.today ? null : shift(s?.today, left, c.waiting || 0),
    h('ul', { class: 'tallies' }, results.map(([r, n]) => h('li', { key: r }, h('span', null, resultName(r)), h('strong', { class: 'figures' }, String(n))))),
    h('p', { class: 'quiet-text' }, [t('agents joined', { n: c.joined?.length || 0 }), c.waiting ? t('waiting records', { n: c.waiting }) : '', c.in_work ? t('in work', { n: c.in_work }) : '', t('priority', { n: c.priority })].filter(Boolean).join(' · ')));
}

/** While it runs, only between progressive and predictive. @param {import('./types.js').CampaignView} c */
function modeSelect(c) {
  const swift = ['progressive', 'predictive'];
  const modes = c.state !== 'running' ? ['preview', 'push-preview', ...swift] : swift.includes(c.mode) ? swift : [c.mode];
  return select({ name: `${t('Mode')}: ${c.name}`, value: c.mode, hideLabel: true, disabled: modes.length < 2, options: modes.map(m => [m, t(`mode ${m}`)]), change: m => { act(onCampaign(c.name, 'mode'), { mode: m }); } });
}

let forcing = ''; // the agent whose status is being set

/** @param {import('./types.js').AgentView} a @param {import('./types.js').Interaction|null} i */
function overAgent(a, i) {
  if (!director()) return null;
  return h('div', { class: 'row' },
    i?.state === 'offered' && i.declined > 0 ? button({ name: t('Set aside'), kind: 'quiet', run: () => act(on(i.id, 'aside')) }) : null,
    mayAll() && i?.content?.number ? button({ name: `${t('SIP ladder')}: ${a.agent}`, label: 'SIP', kind: 'quiet', anyTab: true, run: () => showLadder(i.content?.number || '') }) : null,
    button({ name: `${t('message to')} ${a.agent}`, label: t('message short'), kind: 'quiet', run: () => writeTo(a.agent) }),
    button({ name: `${t('Set status')}: ${a.agent}`, label: t('Set status'), kind: 'quiet', expanded: forcing === a.agent, run: () => { forcing = forcing === a.agent ? '' : a.agent; redraw(); } }),
    forcing === a.agent ? h('form', { class: 'row', key: 'force', onsubmit: async (/** @type {Event} */ e) => {
      e.preventDefault();
      const reason = draft('force', 'reason')?.trim();
      if (!reason || !await act(`/agents/${encodeURIComponent(a.agent)}/status`, { status: draft('force', 'status') || 'not-ready', reason })) return;
      forcing = '';
      setDraft('force', 'reason', undefined);
      redraw();
    } },
      select({ name: t('state'), value: draft('force', 'status') || 'not-ready', options: [['not-ready', t('Not ready')], ['ready', t('Ready')], ['do-not-disturb', t('Do not disturb')], ['logged-off', t('Log off')]], change: v => { setDraft('force', 'status', v); redraw(); } }),
      h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('Reason')),
        h('input', { type: 'text', required: true, maxlength: 100, value: draft('force', 'reason') || '', oninput: (/** @type {any} */ e) => setDraft('force', 'reason', e.target.value) })),
      h('button', { type: 'submit', class: 'button primary' }, t('Save'))) : null);
}

/** @param {{mos: number, side: string}|undefined} q */
function soundOf(q) {
  if (!q) return '';
  const word = q.mos < 3.1 ? 'bad' : q.mos < 3.6 ? 'fair' : 'good';
  return h('span', { class: `chip quality ${word}`, title: `${t(`quality leg ${q.side}`)}: MOS ${q.mos.toFixed(1)}` }, h('span', { class: 'bars', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), t(`quality ${word}`));
}

function agentsPanel() {
  const talks = [...state.interactions.values()].some(i => i.state === 'talking');
  const heard = /** @type {{agent: string, mos: number, side: string}[]} */ (talks ? listOf(look('/floor/quality', 4000).data) : []);
  const all = [...state.agents.values()].filter(a => a.status !== 'logged-off').sort((a, b) => a.agent.localeCompare(b.agent));
  return region(t('Agents'), { key: 'floor-agents', heading: `${t('Floor')} · ${t('Agents')}` },
    all.length ? h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': t('Agents') }, h('table', null,
      h('thead', null, h('tr', null, [t('Agents'), t('state'), t('since'), t('campaign'), t('why idle'), t('quality'), ''].map((x, n) => h('th', { key: String(n), scope: 'col' }, x)))),
      h('tbody', null, all.map(a => {
        const i = a.interaction ? state.interactions.get(a.interaction) || null : null;
        const word = stateWord(i, a);
        const since = stateSince(i, a);
        return h('tr', { key: a.agent },
          h('td', { class: 'line-main' }, a.agent, a.engaged ? h('span', { class: 'tag' }, 'ASM') : null),
          h('td', null, h('span', { class: `dot ${word}`, 'aria-hidden': 'true' }), t(`state ${word}`), word === 'not-ready' && a.reason ? `: ${reasonName(a.reason)}` : '', i?.extended ? h('span', { class: 'tag' }, t('extended times', { n: i.extended })) : null),
          since ? ticking('td', { class: 'figures', key: 'since' }, () => span(now() - new Date(since).getTime())) : h('td', { key: 'none' }),
          h('td', null, i?.campaign || a.joined.join(', ')),
          h('td', { class: 'quiet-text' }, i ? party(i) : why(a.idle)),
          h('td', { key: 'quality' }, soundOf(heard.find(q => q.agent === a.agent))),
          h('td', { key: 'over' }, overAgent(a, i)));
      }))))
      : h('p', { class: 'quiet-text' }, t('no agents')));
}
