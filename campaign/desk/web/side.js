/** The left side: campaigns, workbin, the other views, the dial pad. */
import { h, keep } from './dom.js';
import { t, dayTime, phone, currentLanguage } from './i18n.js';
import { icon } from './icons.js';
import { state, mine, overseer, mayAll, mayAudit, mayImport, mayBlock, now } from './state.js';
import { ui, button, region, act, onCampaign, why, redraw, draft, setDraft, firstOf } from './ui.js';
import { look, listOf } from './data.js';
import { sound } from './sound.js';

export function side() {
  return h('aside', { class: 'side', id: 'side', 'aria-label': t('My campaigns') + ' …' },
    state.me ? campaigns() : null,
    state.me ? workbin() : null,
    nav(),
    state.me ? manual() : null);
}

/** @param {import('./types.js').CampaignView} c */
export function runWord(c) {
  return c.pause && c.state === 'running' ? 'paused' : c.state;
}

function campaigns() {
  const me = /** @type {import('./types.js').AgentView} */ (state.me);
  const shown = [...state.campaigns.values()].filter(c => c.state !== 'unloaded' || me.joined.includes(c.name)).sort((a, b) => Number(me.joined.includes(b.name)) - Number(me.joined.includes(a.name)) || b.priority - a.priority || a.name.localeCompare(b.name));
  const list = firstOf('campaigns', shown, Math.max(5, me.joined.length));
  return region(t('My campaigns'), { key: 'campaigns', class: 'campaigns', aside: shown.length > 5 ? h('span', { class: 'count plain-count' }, String(shown.length)) : null },
    shown.length ? h('ul', { class: 'cards' }, list.shown.map(c => keep(`card ${c.name}`, [c, me.joined.includes(c.name), Boolean(mine()), ['join', 'leave', 'record'].map(x => ui.busy.has(onCampaign(c.name, x))).join(), state.viewer, currentLanguage()], () => {
      const joined = me.joined.includes(c.name);
      const run = runWord(c);
      return h('li', { key: c.name, class: `card ${joined ? 'joined' : ''}` },
        h('div', { class: 'card-head' }, h('strong', null, c.name), h('span', { class: `run ${run}` }, t(`run ${run}`))),
        c.pause ? h('p', { class: 'warn-text' }, why(c.pause)) : null,
        h('div', { class: 'card-foot' },
          joined ? h('span', { class: 'joined-sign', title: t('joined') }, icon('check'), h('span', { class: 'unseen' }, t('joined'))) : null,
          h('span', { class: 'quiet-text' }, t(`mode ${c.mode}`)),
          c.mode === 'preview' && joined ? button({ name: t('Get record'), icon: 'list', kind: 'primary', disabled: c.state !== 'running' || Boolean(mine()), busy: onCampaign(c.name, 'record'), run: () => { sound.wake(); act(onCampaign(c.name, 'record')); } }) : null,
          joined
            ? button({ name: t('Leave'), kind: 'quiet', busy: onCampaign(c.name, 'leave'), run: () => act(onCampaign(c.name, 'leave')) })
            : button({ name: t('Join'), disabled: c.state === 'unloaded', busy: onCampaign(c.name, 'join'), run: () => act(onCampaign(c.name, 'join')) })));
    }))) : h('p', { class: 'quiet-text' }, t('no campaigns')), list.more);
}

function workbin() {
  const k = look('/workbin', 30_000);
  const items = /** @type {import('./types.js').WorkItem[]} */ (listOf(k.data));
  const list = firstOf('workbin', items, 6);
  return region(t('Workbin'), { key: 'workbin', class: 'workbin', aside: items.length ? h('span', { class: 'count' }, String(items.length)) : null },
    items.length ? keep('workbin', [k.data, list.shown.length, Math.floor(now() / 10_000), currentLanguage()], () => h('ul', { class: 'lines' }, list.shown.map((w, n) => {
      const open = w.kind === 'open'; // on the desk
      const due = !open && (w.at ? new Date(w.at).getTime() <= now() : true);
      return h('li', { key: `${w.list}-${w.record_id}-${n}`, class: due ? 'due' : '' },
        h('span', { class: 'line-main' }, w.name || phone(w.number)),
        h('span', { class: 'quiet-text' }, [open ? t('state open') : due ? t('callback due') : '', w.at ? dayTime(w.at) : '', w.campaign || ''].filter(Boolean).join(' · ')));
    }))) : h('p', { class: 'quiet-text' }, t('no workbin')), list.more);
}

function nav() {
  /** @type {[string, string, string][]} */
  const views = [['desk', t('Desk'), 'desk'], ['history', t('Call history'), 'clock'], ['directory', t('Contact directory'), 'book'], ['messages', t('My messages'), 'mail']];
  if (!state.me && !state.elsewhere) views.splice(0, 2);
  if (state.session?.role === 'client') views.splice(0);
  if (overseer()) views.push(['floor', t('Floor'), 'floor'], ['reports', t('Reports'), 'chart']);
  if (mayAll()) views.push(['persons', t('Complaint page'), 'person'], ['ladder', t('SIP ladder'), 'transfer']);
  if (mayImport()) views.push(['lists', t('Lists'), 'list'], ['campaigns', t('Campaigns'), 'campaign'], ['users', t('Users and roles'), 'person']);
  if (mayBlock()) views.push(['dnc', t('Do-not-call list'), 'dnd']);
  if (mayAudit()) views.push(['audit', t('Audit log'), 'list']);
  return h('nav', { key: 'nav', class: 'views', 'aria-label': 'Freiton' }, h('ul', null, views.map(([view, name, sign]) => h('li', { key: view },
    h('button', { type: 'button', class: `view ${ui.view === view ? 'here' : ''}`, 'aria-current': ui.view === view ? 'page' : undefined, 'aria-description': view === 'messages' && state.unread ? t('unread count', { n: state.unread }) : undefined, onclick: () => show(view) },
      icon(sign), h('span', null, name), view === 'messages' && state.unread ? h('span', { class: 'count', 'aria-hidden': 'true' }, String(state.unread)) : null)))));
}

/** @param {string} view */
function show(view) {
  ui.view = view;
  redraw();
  if (ui.phone) requestAnimationFrame(() => document.getElementById('centre')?.scrollIntoView({ block: 'start' })); // the page begins above, out of sight
}

const pad = 'pad';

/** @param {string} number */
export async function dial(number) {
  await sound.wake(); // who was not Ready yet has no headset connected
  return act('/manual', { number: number.replace(/[^\d+*#]/g, '') });
}

function manual() {
  const value = draft(pad, 'number') || '';
  const put = (/** @type {string} */ d) => {
    setDraft(pad, 'number', (draft(pad, 'number') || '') + d);
    redraw();
  };
  const i = mine();
  if (i && i.state !== 'offered') return region(t('Manual call'), { key: 'manual' }, h('p', { class: 'quiet-text' }, t('manual later')));
  return region(t('Manual call'), { key: 'manual' },
    h('form', { class: 'manual', onsubmit: async (/** @type {Event} */ e) => {
      e.preventDefault();
      const n = draft(pad, 'number')?.trim();
      if (n && await dial(n)) {
        setDraft(pad, 'number', undefined);
        redraw();
      }
    } },
      h('label', { class: 'field' }, h('span', { class: 'unseen' }, t('Number')),
        h('input', { type: 'tel', inputmode: 'tel', autocomplete: 'off', placeholder: '+49 …', value, oninput: (/** @type {any} */ e) => { setDraft(pad, 'number', e.target.value); redraw(); } })),
      button({ name: t('Keypad'), icon: 'keypad', iconOnly: true, expanded: ui.pad, run: () => { ui.pad = !ui.pad; redraw(); } }),
      h('button', { type: 'submit', class: 'button good', disabled: state.viewer || !value.trim() }, icon('call'), h('span', { class: 'label' }, t('Call')))),
    ui.pad ? h('div', { class: 'keypad', role: 'group', 'aria-label': t('Keypad') }, '123456789+0#'.split('').map(d => h('button', { type: 'button', class: 'button', key: d, onclick: () => put(d) }, d))) : null);
}
