/**
 * The web desktop. The server tells the state, this page shows it:
 *
 *   GET /state ──▶ state.js ◀── GET /events (numbered, resumed)
 *                     │
 *                  view() ──▶ dom.js ──▶ document
 *
 * Begin with view() below; statebar, side, notices, interaction, aside, views
 * and overlay are its parts, ui.js holds what is this page's own. stream.js is the
 * way to the server, effects.js what an event does besides being shown.
 */
import { h, render, tick, say } from './dom.js';
import { t, setLanguage, currentLanguage } from './i18n.js';
import { icon } from './icons.js';
import { get, call, useSession, Problem } from './api.js';
import { run, unfollow } from './stream.js';
import { state, mine } from './state.js';
import { prefs, ui, drawWith, redraw, applyPrefs, saveDrafts, draftIDs, dropDraft, draft, onExpired, toast, toasts, toldBefore, act, button } from './ui.js';
import { stateBar, shownWord, linkStates } from './statebar.js';
import { side } from './side.js';
import { aside } from './aside.js';
import { interaction } from './interaction.js';
import { party, callWords } from './party.js';
import { flushNote } from './note.js';
import { idle, history, floor } from './views.js';
import { directory } from './contacts.js';
import { messages } from './messages.js';
import { reports } from './reports.js';
import { lists } from './lists.js';
import { ladder } from './ladder.js';
import { campaigns } from './campaigns.js';
import { users } from './users.js';
import { doNotCallList } from './dnc.js';
import { complaint, auditLog } from './persons.js';
import { preview, dialogs } from './overlay.js';
import { notices } from './notices.js';
import { closeDialog } from './dialog.js';
import { loginPage } from './login.js';
import { onKey } from './keys.js';
import { sound, askQuality, tabTitle } from './sound.js';
import { forgetAll } from './data.js';

/** @typedef {import('./types.js').Interaction} Interaction */

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
drawWith(plan, () => {
  planned = false;
  draw();
});

function draw() {
  const at = document.activeElement;
  render(root, view());
  // What had the focus has gone: keyboard and screen reader go on from the page, not from its very beginning.
  if (at && !at.isConnected && document.activeElement === document.body) document.getElementById('centre')?.focus({ preventScroll: true });
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
    h('div', { class: 'columns' },
      h('div', { class: 'left' }, side(), notices({ takeOver: () => act('/desk/take-over'), popups: !ui.phone || !open })),
      h('main', { class: 'centre', id: 'centre', tabindex: '-1' },
        open && !atDesk ? backToCall(open) : null,
        !atDesk ? page() : open ? interaction(open) : idle()),
      open && atDesk && open.kind !== 'manual' ? aside(open) : null),
    preview(),
    dialogs());
}

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
  toasts.length = toldBefore.length = 0; // they were somebody else's, perhaps
  forgetAll();
  run(ended);
  redraw();
}

function ended() {
  unfollow();
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
// has the contact hear music and gives no record.
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
