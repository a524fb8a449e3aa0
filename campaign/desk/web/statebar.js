/** The bar that is always there: who I am to the system, and whether it lives. */
import { h } from './dom.js';
import { t, span, currentLanguage } from './i18n.js';
import { icon } from './icons.js';
import { state, now, mine, stateWord, stateSince, ownHeadset } from './state.js';
import { ui, button, select, act, statusName, reasonName, linkWords, prefs, redraw, ticking } from './ui.js';
import { sound } from './sound.js';
import { goReady } from './devicecheck.js';
import { openDialog } from './dialog.js';

/** @type {{[word: string]: [string, string]}} word → colour class, icon */
const looks = {
  ready: ['ready', 'ready'], offered: ['ringing', 'ring'], incoming: ['ringing', 'ring'], dialing: ['ringing', 'call'], ringing: ['ringing', 'ring'],
  opening: ['open', 'list'], open: ['open', 'list'], asking: ['open', 'clock'], waiting: ['open', 'clock'],
  talking: ['talking', 'call'], held: ['held', 'hold'], 'held-by-contact': ['held', 'hold'],
  seeking: ['ringing', 'call'], parked: ['fault', 'warn'], announcing: ['fault', 'warn'], voicemail: ['pause', 'call'], 'take-over': ['ringing', 'ring'],
  'wrap-up': ['wrap', 'wrap-up'], overtime: ['wrap', 'wrap-up'], stopping: ['pause', 'hangup'], result: ['pause', 'hangup'], refused: ['pause', 'dnd'],
  'not-ready': ['pause', 'not-ready'], 'do-not-disturb': ['pause', 'dnd'], 'logged-off': ['pause', 'off'],
  lost: ['fault', 'warn'], overseer: ['pause', 'floor'],
};

/** The state word that the page may stand by: lost while nothing proves it. */
export function shownWord() {
  return ui.connection === 'lost' ? 'lost' : stateWord(mine(), state.me);
}

/** The state that the server gives no beginning of, and when this page saw it first. */
let seen = { key: '', at: '' };

/** @param {string} key */
function firstSeen(key) {
  if (seen.key !== key) seen = { key, at: new Date(now()).toISOString() };
  return seen.at;
}

export function statePill() {
  const i = mine();
  const word = shownWord();
  const [look, sign] = looks[word] || ['pause', 'off'];
  const since = stateSince(i, state.me) || firstSeen(`${i?.id || ''} ${word}`);
  const me = state.me;
  const next = me?.after ? t('then', { status: reasonName(me.after_reason) || statusName(me.after) }) : '';
  const reason = !i && me?.status === 'not-ready' ? me.reason : '';
  return h('div', { class: `pill ${look}` },
    h('span', { class: 'pill-sign' }, icon(sign)),
    h('div', { class: 'pill-words' },
      h('span', { class: 'pill-word', role: 'status' }, t(`state ${word}`)),
      h('span', { class: 'pill-more' },
        since ? ticking('span', { class: 'figures', role: 'timer', 'aria-live': 'off', key: 'since' }, () => span(now() - new Date(since).getTime())) : null,
        reason && !ui.phone ? h('span', { key: 'reason' }, reasonName(reason)) : null, // on a phone the field beside says so
        next && !ui.phone ? h('span', { key: 'next' }, next) : null)));
}

/** Reasons an agent may give. */
function reasons() {
  const all = [...state.notReady];
  const own = state.me?.reason;
  if (own && !all.includes(own)) all.push(own);
  return all;
}

let reason = '';

function myStatus() {
  const me = state.me;
  if (!me) return null;
  const busy = Boolean(mine());
  const present = me.status;
  /** @param {string} status @param {string} name @param {string} sign */
  const choice = (status, name, sign) => button({
    name, icon: sign, class: `choice ${status}`, pressed: present === status, busy: `status ${status}`,
    run: () => {
      if (status === 'ready' && !busy) goReady();
      else act('/agent/status', { status, reason: status === 'not-ready' ? reason || undefined : undefined }, `status ${status}`);
    },
  });
  return h('div', { class: 'my-status' },
    h('div', { class: 'choices', role: 'group', 'aria-label': t('My status') },
      choice('ready', t('Ready'), 'ready'), choice('not-ready', t('Not ready'), 'not-ready'),
      choice('after-call-work', t('After-call work'), 'wrap-up'), choice('do-not-disturb', t('Do not disturb'), 'dnd')),
    busy
      ? h('div', { key: 'after', class: 'slot' }, afterSelect(me))
      : h('div', { key: 'reason', class: 'slot' }, select({
        name: t('Reason'), value: present === 'not-ready' ? me.reason || '' : reason, face: ui.phone ? reasonName(present === 'not-ready' ? me.reason : reason) || t('no reason') : undefined,
        options: [['', t('no reason')], ...reasons().map(r => /** @type {[string, string]} */ ([r, reasonName(r)]))],
        change: r => {
          reason = r;
          if (present === 'not-ready') act('/agent/status', { status: 'not-ready', reason: r || undefined }, 'status not-ready');
          else redraw();
        },
      })));
}

/** @param {import('./types.js').AgentView} me */
function afterSelect(me) {
  // Nothing chosen: she is again what she was.
  const [status, why] = me.after ? [me.after, me.after_reason] : me.chosen ? [me.chosen, me.chosen_reason] : [me.status, me.reason];
  const value = status === 'not-ready' ? `not-ready:${why || ''}` : status;
  /** @type {[string, string][]} */
  const options = [['ready', t('Ready')], ['not-ready:', t('Not ready')], ...reasons().map(r => /** @type {[string, string]} */ ([`not-ready:${r}`, `${t('Not ready')}: ${reasonName(r)}`])),
    ['after-call-work', t('After-call work')], ['do-not-disturb', t('Do not disturb')], ['logged-off', t('Log off')]];
  if (!options.some(o => o[0] === value)) options.push([value, value.replace('not-ready:', `${t('Not ready')}: `)]);
  return select({
    name: t('Status after this call'), value, options, face: ui.phone ? t('then', { status: reasonName(why) || statusName(status) }) : undefined,
    change: v => {
      const [status, ...r] = v.split(':');
      act('/agent/status', { status, reason: r.join(':') || undefined }, 'status after');
    },
  });
}

/** Each link's word, and the age of its last proof in s. @returns {{name: string, state: string, age: number, text: string}[]} */
export function linkStates() {
  const age = ui.signal ? (Date.now() - ui.signal) / 1000 : 0;
  const server = ui.connection === 'live' && age > 3 ? 'stale' : ui.connection;
  const pbx = state.links.pbx;
  const dim = server === 'live' ? '' : 'stale';
  const links = [{ name: 'server', state: server, age, text: '' }];
  if (state.me) links.push({ name: 'headset', state: sound.link(), age: sound.age(), text: sound.problemText() });
  if (pbx) links.push({ name: 'pbx', state: dim || pbx.state, age, text: linkWords(pbx) });
  return links;
}

function links() {
  return h('ul', { class: 'links' }, linkStates().map(l => h('li', { key: l.name, class: `link ${l.state}`, title: t('link title', { name: t(`link ${l.name}`), state: t(`link ${l.state}`), text: l.text ? ` – ${l.text}` : '' }) },
    h('span', { class: 'lamp', 'aria-hidden': 'true' }),
    h('span', { class: 'link-name' }, t(`link ${l.name}`)),
    h('span', { class: l.state === 'live' ? 'unseen' : 'link-state' }, t(`link ${l.state}`)),
    ticking('span', { class: 'link-age figures', 'aria-hidden': 'true' }, () => {
      const age = l.name === 'headset' ? sound.age() : (Date.now() - ui.signal) / 1000;
      return age > 3 && l.state !== 'off' && (ui.signal || l.name === 'headset') ? `${Math.min(999, Math.floor(age))} s` : '';
    }))));
}

/** The way to the sound menu, with the microphone's level on it where it is this browser's. */
function meter() {
  if (!state.me) return null;
  const muted = Boolean(mine()?.muted);
  return h('button', { type: 'button', class: `button bare meter ${muted ? 'is-muted' : ''}`, 'aria-label': t('Sound'), title: t('Sound'), onclick: () => openDialog('sound') },
    icon(muted ? 'muted' : 'mic'),
    ownHeadset() ? h('span', { class: 'meter-track' }, h('span', { class: 'meter-bar', tick: (/** @type {HTMLElement} */ el) => {
      el.style.transform = `scaleX(${sound.level().toFixed(3)})`;
    } })) : null);
}

/** Where the other pages are chosen: below the one that is open, on a phone. */
function toPages() {
  const here = /** @type {HTMLElement|null} */ (document.querySelector('.views .here') || document.querySelector('.views button'));
  ui.tools = false;
  redraw();
  here?.focus({ preventScroll: true });
  document.querySelector('.views')?.scrollIntoView({ block: 'center' });
}

/** @param {{language: (l: string) => void, logOff: () => void}} on */
export function stateBar(on) {
  return h('header', { class: 'statebar', 'aria-label': 'Freiton' },
    h('a', { class: 'skip', href: '#centre' }, t('skip')),
    statePill(),
    myStatus() || h('div', { class: 'my-status' }),
    ui.phone ? button({ name: t('more tools'), icon: 'more', iconOnly: true, anyTab: true, class: 'more-tools', expanded: ui.tools, run: () => { ui.tools = !ui.tools; redraw(); } }) : null,
    h('div', { class: 'bar-right' },
      links(),
      h('div', { class: 'tools', hidden: ui.phone && !ui.tools },
        ui.phone ? button({ name: t('to the pages'), icon: 'desk', iconOnly: true, anyTab: true, run: toPages }) : null,
        meter(),
        languageSelect(on.language),
        button({ name: t('Settings'), icon: 'settings', iconOnly: true, anyTab: true, run: () => { ui.dialog = 'settings'; redraw(); } }),
        button({ name: t('Help'), icon: 'help', iconOnly: true, anyTab: true, class: 'help', title: `${t('Help')} (${prefs.keys.help || '?'})`, run: () => { ui.dialog = 'help'; redraw(); } }),
        button({ name: t('Log off'), icon: 'off', iconOnly: true, anyTab: true, title: `${t('Log off')}: ${state.session?.user || ''}`, run: on.logOff }))));
}

/** @param {(l: string) => void} change */
export function languageSelect(change) {
  return h('label', { class: 'language' }, h('span', { class: 'unseen' }, t('Language')),
    h('select', { value: currentLanguage(), onchange: (/** @type {any} */ e) => change(e.target.value), title: t('Language') },
      h('option', { value: 'de', lang: 'de' }, 'Deutsch'), h('option', { value: 'en', lang: 'en' }, 'English')));
}
