/**
 * The web desktop. The server tells the state, this page shows it:
 *
 *   GET /state ──▶ state.js ◀── GET /events (numbered, resumed)
 *                     │
 *                  view() ──▶ dom.js ──▶ document
 *
 * Begin with view() below; statebar, side, interaction, aside, views and
 * overlay are its parts, ui.js holds what is this page's own.
 */
import { h, render, tick, say } from './dom.js';
import { t, setLanguage, currentLanguage } from './i18n.js';
import { icon } from './icons.js';
import { get, post, call, follow, useSession, Problem } from './api.js';
import { state, mine, apply, takeSnapshot } from './state.js';
import { prefs, ui, drawWith, redraw, applyPrefs, saveDrafts, dropToastSaying, draftIDs, dropDraft, draft, onExpired, toast, toasts, why, act, on, button, resultName } from './ui.js';
import { stateBar, shownWord, linkStates } from './statebar.js';
import { side } from './side.js';
import { aside } from './aside.js';
import { interaction, party, callWords, flushNote } from './interaction.js';
import { idle, history, floor } from './views.js';
import { directory } from './contacts.js';
import { messages, messageText } from './messages.js';
import { reports } from './reports.js';
import { lists } from './lists.js';
import { ladder } from './ladder.js';
import { campaigns } from './campaigns.js';
import { users } from './users.js';
import { doNotCallList } from './dnc.js';
import { complaint, auditLog } from './persons.js';
import { popups, preview, toastList, dialogs, banners } from './overlay.js';
import { closeDialog } from './dialog.js';
import { clearForCall } from './devicecheck.js';
import { loginPage } from './login.js';
import { onKey } from './keys.js';
import { sound, askQuality, notify, tabTitle } from './sound.js';
import { forget, forgetAll, look, textsOf } from './data.js';

/** @typedef {import('./types.js').Interaction} Interaction */
/** @typedef {import('./types.js').FloorEvent} FloorEvent */

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

// ---- drawing ----------------------------------------------------------------

let planned = false;

function plan() {
  if (planned) return;
  planned = true;
  const go = () => {
    if (!planned) return;
    planned = false;
    draw();
  };
  if (document.hidden) setTimeout(go, 0);
  else requestAnimationFrame(go);
}
drawWith(plan);

function draw() {
  render(root, view());
  const i = mine();
  tabTitle(state.session ? t(`state ${shownWord()}`) : t('Log in'), i ? (i.blank ? '' : party(i)) : '');
}

function view() {
  if (!state.session) return loginPage(begin, changeLanguage);
  if (!state.ready) return h('main', { class: 'starting', key: 'starting' }, h('p', { role: 'status' }, ui.connection === 'lost' ? t('lost server') : t('starting')));
  const i = mine();
  const open = i && i.state !== 'offered' && i.state !== 'take-over' ? i : null;
  const atDesk = ui.view === 'desk';
  return h('div', { class: `app ${open && atDesk ? 'in-call' : ''}`, key: 'app' },
    stateBar({ language: changeLanguage, logOff }),
    ui.phone ? warnings() : null,
    ui.phone && !open ? popups() : null,
    h('div', { class: 'columns' },
      side(ui.phone ? null : warnings(), ui.phone && !open ? null : popups()),
      h('main', { class: 'centre', id: 'centre', tabindex: '-1' },
        open && !atDesk ? backToCall(open) : null,
        !atDesk ? page() : open ? interaction(open) : idle()),
      open && atDesk && open.kind !== 'manual' ? aside(open) : null),
    preview(),
    toastList(),
    dialogs());
}

/** In a place of their own: no call button moves when one comes. */
const warnings = () => banners(() => act('/desk/take-over'));

function page() {
  switch (ui.view) {
    case 'history': return history();
    case 'directory': return directory();
    case 'floor': return floor();
    case 'messages': return messages();
    case 'reports': return reports();
    case 'persons': return complaint();
    case 'audit': return auditLog();
    case 'lists': return lists();
    case 'campaigns': return campaigns();
    case 'users': return users();
    case 'ladder': return ladder();
    case 'dnc': return doNotCallList();
    default: return idle();
  }
}

/** @param {Interaction} i */
function backToCall(i) {
  return h('div', { class: 'back-to-call', key: 'back' }, icon('call'), h('p', null, callWords(i)), button({ name: t('go to call'), kind: 'primary', anyTab: true, run: () => { ui.view = 'desk'; redraw(); } }));
}

/** @param {string} l */
function changeLanguage(l) {
  setLanguage(l === 'de' ? 'de' : 'en');
  if (state.session) call('PUT', '/session/preferences', { language: currentLanguage() }).catch(() => {}); // the page speaks it already
  redraw();
}

// ---- session ------------------------------------------------------------------

/** @param {import('./types.js').Session} session */
function begin(session) {
  state.session = session;
  useSession(session);
  if (session.language === 'de' || session.language === 'en') setLanguage(session.language);
  if (session.favourites) prefs.favourites = session.favourites;
  ui.view = 'desk';
  ui.error = '';
  forgetAll();
  run();
  redraw();
}

function ended() {
  running?.abort();
  running = null;
  sound.stop();
  state.session = null;
  state.ready = false;
  state.me = null;
  useSession(null);
  redraw();
}

onExpired(() => {
  ui.error = t('error expired');
  ended();
});

async function logOff() {
  const i = mine();
  if (i && ['talking', 'parked', 'announcing', 'dialing', 'ringing', 'wrap-up'].includes(i.state)) { // it takes effect after the call
    act('/agent/status', { status: 'logged-off' }, 'status after');
    return;
  }
  try {
    await call('DELETE', '/session');
  } catch (e) {
    if (!(e instanceof Problem && e.status === 401)) toast('bad', String(e));
  }
  ended();
}

// ---- the stream of events -------------------------------------------------------

/** @type {AbortController|null} */
let running = null;

async function run() {
  running?.abort();
  const mineOnly = running = new AbortController();
  let wait = 0;
  while (!mineOnly.signal.aborted) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    mineOnly.signal.addEventListener('abort', stop);
    // Proof of life comes each 2 s; a stream that says nothing for 8 s is dead.
    const watch = setInterval(() => {
      if (ui.signal && Date.now() - ui.signal > 8000) attempt.abort();
    }, 1000);
    try {
      if (!state.ready) await snapshot();
      await follow(() => `${state.n}-${state.epoch}`, {
        open: () => { alive(); wait = 0; },
        alive,
        event: onEvent,
      }, attempt.signal);
    } catch (e) {
      if (mineOnly.signal.aborted) return;
      if (e instanceof Problem && e.status === 401) {
        ui.error = t('error expired');
        ended();
        return;
      }
    } finally {
      clearInterval(watch);
      mineOnly.signal.removeEventListener('abort', stop);
    }
    if (mineOnly.signal.aborted) return;
    lost();
    wait = Math.min(5000, wait ? wait * 2 : 300);
    await new Promise(r => setTimeout(r, wait * (0.8 + Math.random() * 0.4)));
    ui.signal = Date.now();
  }
}

async function snapshot() {
  takeSnapshot(await get('/state'));
  afterSnapshot();
}

function afterSnapshot() {
  alive();
  const i = mine();
  if (i) {
    ui.view = 'desk';
    opened(i);
  } else if (!state.me) ui.view = 'floor';
  wakeSound();
  redraw();
}

/** The headset is this tab's where the desk is, and something may come. */
function wakeSound() {
  if (state.viewer) sound.rest();
  else if (state.me && (mine() || state.me.status === 'ready')) sound.wake();
}

function alive() {
  ui.signal = Date.now();
  if (ui.connection !== 'live') {
    if (ui.connection === 'lost') say(t('back server'));
    ui.connection = 'live';
    redraw();
  }
}

function lost() {
  if (ui.connection === 'lost') return;
  ui.connection = 'lost';
  say(t('lost server'), true);
  redraw();
}

/** @param {string} name @param {any} data */
function onEvent(name, data) {
  switch (name) {
    case 'state':
      takeSnapshot(data);
      afterSnapshot();
      return;
    case 'link':
      state.links = { ...state.links, ...data };
      break;
    case 'messages':
      mail(data);
      break;
    case 'viewer':
      if (state.viewer === Boolean(data.viewer) && state.elsewhere === (data.elsewhere || '')) break;
      state.viewer = Boolean(data.viewer);
      state.elsewhere = data.elsewhere || '';
      wakeSound();
      break;
    case 'session':
      if (data.code !== 'logged-off') ui.error = t('error expired');
      ended();
      return;
    case 'alive':
      if (data.at) state.offset = Math.abs(new Date(data.at).getTime() - Date.now() - state.offset) > 500 ? new Date(data.at).getTime() - Date.now() : state.offset;
      return;
    default:
      if (apply(data)) effects(data);
  }
  redraw();
}

// ---- what an event does besides being shown ----------------------------------------

/** @param {{unread: number, newest?: import('./types.js').Message}} data */
function mail(data) {
  forget('/messages');
  if (data.unread > state.unread && data.newest && data.newest.id !== lastMail) toast('info', messageText(data.newest), { small: data.newest.from || t('the dialer'), ms: 12000 });
  if (data.newest) sessionStorage.setItem(mailKey, lastMail = data.newest.id);
  state.unread = data.unread;
}
const mailKey = 'freiton.mail'; // the newest message that was told: a reload does not tell it again
let lastMail = sessionStorage.getItem(mailKey) || '';

/** @param {FloorEvent} e */
function effects(e) {
  const own = e.agent === state.me?.agent;
  const i = e.interaction_view;
  if (e.kind === 'campaign') forget(`/campaigns/${encodeURIComponent(e.campaign || '')}/status`);
  if (e.kind === 'declined-often') toast('info', t('declined often', { agent: e.agent, text: e.text }));
  if (!own) return;
  if (i?.kind === 'consult') {
    if (e.kind === 'refused') toast('bad', why(e.reason || i.reason));
    if (e.kind === 'joined') sound.zip();
    if (e.kind === 'ended' && !i.answered_at) toast('info', t('consult none', { name: party(i) }));
    return;
  }
  switch (e.kind) {
    case 'offered':
      clearForCall();
      sound.ring();
      say(`${t('Interaction preview')}: ${i?.campaign || ''} ${i?.content?.name || ''}`, true);
      if (i) notify(t('Interaction preview'), t('notify offer', { name: i.content?.name || '', campaign: i.campaign || '' }));
      textsOf(i?.campaign);
      break;
    case 'opened':
      forget('/workbin');
      if (i) opened(i);
      break;
    case 'ringing':
      if (i?.state === 'incoming') {
        clearForCall();
        sound.ring();
        say(t('inbound from', { name: party(i) }), true);
        notify(t('state incoming'), party(i));
      }
      break;
    case 'joined':
      sound.zip();
      break;
    case 'answered':
      look(`/interactions/${encodeURIComponent(e.interaction || '')}/history`, 0);
      break;
    case 'muted':
      sound.mute(Boolean(i?.muted));
      if (!i?.muted) dropToastSaying(t('talking muted'));
      break;
    case 'digit':
      toast('info', t('digit pressed', { digit: e.text }), { ms: 3000 });
      break;
    case 'warning':
      say(t('overtime'));
      break;
    case 'ended':
      if (i?.state === 'over') doneWith(i); // a quick result, or nobody's
      ui.keypad = ui.transfer = ui.consult = false;
      ui.sent = '';
      sound.mute(false);
      forget('/history');
      break;
    case 'take-over':
      clearForCall();
      sound.ring();
      if (i) {
        say(t('take over from', { name: party(i) }), true);
        notify(t('state take-over'), t('take over from', { name: party(i) }));
        textsOf(i.campaign);
      }
      break;
    case 'transfer':
      toast('bad', why(e.reason));
      break;
    case 'sound-lost':
    case 'sound-back':
      say(why(e.reason), true);
      break;
    case 'handed-on':
    case 'cut-off':
      toast('bad', why(e.reason));
      break;
    case 'contact':
      forget(`/interactions/${encodeURIComponent(e.interaction || '')}/contact`);
      break;
    case 'withdrawn':
      if (e.reason?.code === 'agent-not-heard') toast('bad', why(e.reason));
      else toast('info', t('withdrawn', { reason: why(e.reason || i?.reason) }));
      break;
    case 'missed':
      toast('bad', t(i?.answered_at ? 'missed waiting' : 'missed'));
      break;
    case 'lost':
      toast('bad', t('lost record'));
      break;
    case 'no-record':
      toast('info', t('no record', { reason: why(e.reason) || e.text || '' }));
      break;
    case 'refused':
      if (i?.state === 'over') toast('bad', why(e.reason || i.reason));
      break;
    case 'done':
      if (i) doneWith(i);
      break;
    case 'popup':
      if (e.popup) say(t(e.popup.stage === 'loaded' ? 'Campaign loaded' : 'Campaign started', { name: e.popup.campaign }));
      break;
  }
}

/** @param {Interaction} i */
function doneWith(i) {
  const again = () => {
    forget('/workbin');
    forget('/history');
    redraw();
  };
  again();
  setTimeout(again, 2000); // the store hears of it a moment after the journal
  ui.callback = ui.keypad = ui.transfer = ui.consult = false;
  ui.pending.delete(i.id);
  if (!i.answered_at && i.dialed_at) say(t('not called toast', { name: party(i), result: resultName(i.result || i.dialer_result) }));
}

/** @type {Set<string>} */
const reported = new Set();

/**
 * A record has come onto the screen: said to the server only when it is there,
 * for that releases the call (product §3.3).
 * @param {Interaction} i
 */
function opened(i) {
  if (['offered', 'incoming', 'take-over'].includes(i.state)) return;
  ui.view = 'desk';
  textsOf(i.campaign);
  if (state.viewer || !['opening', 'open'].includes(i.state) || reported.has(i.id)) return;
  reported.add(i.id);
  planned = false;
  draw();
  let told = false;
  const shown = () => {
    if (told) return;
    told = true;
    post(on(i.id, 'shown')).catch(() => reported.delete(i.id));
    focusScript();
  };
  if (document.hidden) shown();
  else {
    requestAnimationFrame(() => requestAnimationFrame(shown));
    setTimeout(shown, 250); // a window that is covered draws no frames
  }
}

/** The first line of the script takes the focus, unless somebody is typing. */
function focusScript() {
  const at = document.activeElement;
  if (at && at.matches('input, textarea, select')) return;
  const line = document.getElementById('script-first') || document.getElementById('centre');
  line?.focus({ preventScroll: true });
}

// ---- by the clock -------------------------------------------------------------

setInterval(tick, 200);

setInterval(() => { // each second: links' ages, toasts
  const before = toasts.length;
  for (let n = toasts.length - 1; n >= 0; n--) if (toasts[n].until < Date.now()) toasts.splice(n, 1);
  const lights = linkStates().map(l => l.name + l.state).join() + sound.silent();
  if (before !== toasts.length || lights !== lastLights || undoRan()) redraw();
  lastLights = lights;
}, 1000);
let lastLights = '';

let undoShown = false;
function undoRan() {
  const open = Boolean(state.me?.undo_until && new Date(state.me.undo_until).getTime() > Date.now() + state.offset);
  const changed = open !== undoShown;
  undoShown = open;
  return changed;
}

setInterval(() => { // each 2 s: what was typed, the quality, the floor
  saveDrafts();
  const i = mine();
  if (i && state.session) flushNote(i);
  if (state.session && state.ready) askQuality();
  for (const id of draftIDs()) if (/^[0-9A-Z]{20,}$/.test(id) && !state.interactions.has(id) && state.ready && !state.recent.slice(0, 3).some(r => r.id === id) && (draft(id, 'note') === undefined || draft(id, 'note') === draft(id, 'sent'))) dropDraft(id);
  if (ui.view === 'floor' || (ui.view === 'desk' && !i)) redraw();
}, 2000);

window.addEventListener('pagehide', saveDrafts);
document.addEventListener('visibilitychange', () => {
  saveDrafts();
  if (!document.hidden) redraw();
});
window.addEventListener('beforeunload', e => {
  saveDrafts();
  if (mine()?.state === 'talking' && !state.viewer) e.preventDefault();
});
document.addEventListener('pointerdown', () => sound.gesture());
document.addEventListener('keydown', () => sound.gesture());

// A headset that is pulled out sends nothing any more: the server sees that,
// has the contact hear music and gives no record (product §3.11).
sound.onUnplugged = () => say(t('mic gone'), true);
sound.onPlugged = () => say(t('mic back'));

document.addEventListener('keydown', onKey);
document.addEventListener('keydown', e => {
  if (e.key === 'Escape' && ui.dialog) closeDialog();
});

for (const [name, query] of /** @type {['narrow'|'phone', string][]} */ ([['narrow', '(max-width: 1279px)'], ['phone', '(max-width: 799px)']])) {
  const media = matchMedia(query);
  ui[name] = media.matches;
  media.addEventListener('change', () => {
    ui[name] = media.matches;
    redraw();
  });
}

async function start() {
  applyPrefs();
  try {
    begin(await get('/session'));
  } catch (e) {
    if (!(e instanceof Problem && e.status === 401)) ui.error = e instanceof Problem && e.status === 0 ? t('error network') : String(e);
    draw();
  }
}

start();
