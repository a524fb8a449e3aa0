/**
 * What comes and goes by itself: the popups of campaigns, warnings, toasts. They
 * stand in one pile at the foot of the left side, or of a phone's screen, which
 * grows upwards: whatever comes moves nothing that somebody is about to press,
 * neither on the page nor in the pile. So what has something to press lies
 * below, what only tells above it, the newest on top.
 */
import { h } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icons.js';
import { state, now, mine, overseer, ownHeadset } from './state.js';
import { ui, unsentNotes, dropDraft, button, act, onCampaign, redraw, toasts, dropToast, resultName, toast, ticking, linkWords } from './ui.js';
import { party } from './party.js';
import { sound } from './sound.js';
import { openCheck } from './devicecheck.js';

/** @typedef {import('./dom.js').VNode} VNode */
/** @typedef {import('./dom.js').Kid} Kid */
/**
 * @typedef {object} Notice
 * @property {string} key
 * @property {boolean} presses it asks for something, or has room anyhow: it is never folded away
 * @property {(folded: boolean) => VNode} make
 */

/** When each notice of the pile came, by its key. @type {Map<string, number>} */
let came = new Map();
let last = 0;

/** @param {Notice[]} all newest first */
function byArrival(all) {
  came = new Map(all.map(x => [x.key, came.get(x.key) ?? ++last]));
  const at = (/** @type {Notice} */ x) => came.get(x.key) || 0;
  return all.sort((a, b) => Number(a.presses) - Number(b.presses) || at(b) - at(a));
}

/**
 * The pile. What only tells is folded away where there is no room for it: it
 * is read aloud when it comes all the same, and one button shows all.
 * @param {{takeOver: () => void, popups: boolean}} on
 */
export function notices(on) {
  const pile = byArrival([...on.popups ? popups() : [], ...warnings(on.takeOver), ...told()]);
  const room = ui.notices ? pile.length : ui.phone ? 1 : Math.max(1, 3 - pile.filter(x => x.presses).length);
  const folded = pile.filter((x, n) => !x.presses && n >= room);
  if (pile.length <= 1) ui.notices = false;
  return h('div', { class: `notices ${ui.notices ? 'all' : ''}` },
    folded.length || (ui.notices && pile.length > 1) ? button({ name: t(ui.notices ? 'notices fewer' : 'notices more', { n: folded.length }), class: 'notices-more', anyTab: true, expanded: ui.notices, run: () => { ui.notices = !ui.notices; redraw(); } }) : null,
    pile.map(x => x.make(folded.includes(x))));
}

// ---- the two popups of a campaign -------------------------------------------

/** They take no focus, and no key presses them by itself. @returns {Notice[]} */
function popups() {
  const all = [...state.me?.popups || []].sort((a, b) => Number(b.stage === 'started') - Number(a.stage === 'started')); // where calls come already is asked first
  const shown = all.slice(0, ui.phone ? 1 : 2);
  return shown.map((p, n) => ({ key: `${p.campaign} ${p.stage}`, presses: true, make: () => h('div', {
    key: `${p.campaign} ${p.stage}`, class: 'popup', role: 'dialog', 'aria-modal': 'false',
    'aria-label': t(p.stage === 'loaded' ? 'Campaign loaded' : 'Campaign started', { name: p.campaign }),
  },
  h('h2', null, icon('campaign'), t(p.stage === 'loaded' ? 'Campaign loaded' : 'Campaign started', { name: p.campaign })),
  h('p', null, h('span', { class: 'tag' }, t(`mode ${p.mode}`)), p.description ? ` ${p.description}` : ''),
  h('p', { class: 'quiet-text' }, t(`popup ${p.stage}`), n === shown.length - 1 && all.length > shown.length ? ` ${t('popups more', { n: all.length - shown.length })}` : ''),
  h('div', { class: 'row end' }, button({ name: t('OK'), kind: 'primary', busy: onCampaign(p.campaign, 'popup'), run: () => act(onCampaign(p.campaign, 'popup'), { stage: p.stage }) }))) }));
}

// ---- toasts -------------------------------------------------------------

/** @returns {Notice[]} */
function told() {
  const undo = state.me?.undo_until ? new Date(state.me.undo_until).getTime() : 0;
  const done = state.recent[0];
  /** @type {Notice[]} */
  const all = toasts.map(x => ({ key: `t${x.id}`, presses: Boolean(x.action), make: folded => h('div', { class: `toast ${x.kind} ${folded ? 'folded' : ''}`, key: `t${x.id}`, role: 'alert' },
    icon(x.kind === 'bad' ? 'warn' : x.kind === 'good' ? 'check' : 'campaign'),
    h('div', { class: 'toast-text' }, h('p', null, x.text), x.small ? h('p', { class: 'quiet-text' }, x.small) : null),
    x.action ? button({ name: x.action.name, run: x.action.run, anyTab: true }) : null,
    folded ? null : button({ name: t('Close'), icon: 'remove', iconOnly: true, kind: 'quiet', anyTab: true, run: () => dropToast(x.id) })) }));
  if (undo > now() && done) {
    all.push({ key: 'undo', presses: true, make: () => h('div', { class: 'toast good', key: 'undo', role: 'alert' },
      icon('check'),
      h('div', { class: 'toast-text' }, h('p', null, t('done toast', { name: party(done) })), h('p', { class: 'quiet-text' }, [resultName(done.result || done.dialer_result), done.no_call ? t('Do not call') : ''].filter(Boolean).join(' · '))),
      button({ name: t('Undo'), icon: 'undo', busy: '/undo', run: () => act('/undo') }),
      ticking('span', { class: 'figures undo-time', 'aria-hidden': 'true' }, () => `${Math.max(0, Math.ceil((undo - now()) / 1000))} s`)) });
  }
  return all;
}

// ---- warnings: what is wrong as long as it is ---------------------------------

/** @param {() => void} takeOver @returns {Notice[]} */
function warnings(takeOver) {
  /** @type {[string, string, Kid][]} */
  const all = [];
  if (state.viewer) all.push(['viewer', state.elsewhere ? t('viewer elsewhere', { place: state.elsewhere }) : t('viewer'), button({ name: t('Take over here'), kind: 'primary', anyTab: true, run: takeOver })]);
  if (state.session && state.session.has_password === false) all.push(['password', t('set password'), button({ name: t('set password now'), anyTab: true, run: () => { ui.dialog = 'settings'; redraw(); } })]);
  if (ui.connection === 'lost') all.push(['server', t('lost server'), null]);
  if (state.links.pbx?.state === 'lost') all.push(['pbx', [t(overseer() ? 'lost pbx overseer' : 'lost pbx'), linkWords(state.links.pbx)].filter(Boolean).join(' '), null]);
  if (state.me && sound.problem() && !(ui.connection === 'lost' && sound.problem() === 'mic unreachable')) all.push(['mic', sound.problemText(), ownHeadset() ? button({ name: t('Check sound'), anyTab: true, run: () => openCheck() }) : null]);
  else if (state.me && sound.silent()) all.push(['silent', t('mic silent'), button({ name: t('Check sound'), anyTab: true, run: () => openCheck() })]);
  if (ui.connection === 'live' && state.ready) {
    for (const { id, note, party } of unsentNotes(one => state.interactions.has(one))) {
      all.push([`unsent ${id}`, t('unsent note', { name: party, note }), h('div', { class: 'row' },
        button({ name: t('copy'), kind: 'quiet', anyTab: true, run: () => navigator.clipboard?.writeText(note).then(() => toast('good', t('copied'))) }),
        button({ name: t('Close'), kind: 'quiet', anyTab: true, run: () => { dropDraft(id); redraw(); } }))]);
    }
  }
  if (state.draining) all.push(['drain', t('draining'), null]);
  const i = mine();
  if (i?.overtime) all.push(['overtime', t('overtime'), null]);
  return all.map(([key, text, more]) => ({ key, presses: Boolean(more) || !ui.phone, make: folded => h('div', { key, class: `banner ${key} ${folded ? 'folded' : ''}`, role: 'status' }, icon('warn'), h('p', null, text), more) }));
}
