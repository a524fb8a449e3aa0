/**
 * The way to the server: a snapshot, then its events, each once and in order,
 * over every loss of the connection. While nothing proves that it lives, the
 * page says so.
 */
import { say } from './dom.js';
import { t } from './i18n.js';
import { get, follow, Problem } from './api.js';
import { state, mine, apply, takeSnapshot } from './state.js';
import { ui, redraw } from './ui.js';
import { sound } from './sound.js';
import { effects, mail, opened } from './effects.js';

/** @type {AbortController|null} */
let running = null;
/** @type {() => void} */
let ended = () => {};

/** Ends the stream; what came stays shown. */
export function unfollow() {
  running?.abort();
  running = null;
}

/**
 * Follows the server until it is told not to, over every loss of the way.
 * @param {() => void} over the session is no more
 */
export async function run(over) {
  ended = over;
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
  } else if (!state.me && !state.elsewhere) ui.view = 'floor';
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
