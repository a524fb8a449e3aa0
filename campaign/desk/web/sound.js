/**
 * Sound as the page sees it: the headset (headset.js makes the connection),
 * short tones of our own, and desktop notices. State is the connection's, so
 * the light never says more than is true.
 */
import { t } from './i18n.js';
import { call, get, post, Problem } from './api.js';
import { prefs, redraw, toast, ui } from './ui.js';
import { mine } from './state.js';

/**
 * What headset.js gives.
 * @typedef {object} Headset
 * @property {() => void} close
 * @property {() => 'connecting'|'live'|'lost'} state
 * @property {() => number} level the microphone's, 0 to 1
 * @property {(on: boolean) => void} [mute]
 * @property {() => number} [age] seconds since the last packet from the server
 */

/** @type {AudioContext|null} */
let tones = null;
/** @type {any} */
let headset = null;
let problem = ''; // a key of the words: mic denied …
let detail = '';
let wanted = false;
let joining = false;
let silentSince = 0;
let shownLevel = 0;
/** @type {import('./types.js').Quality} */
let quality = {};
let badSince = 0;

export const sound = {
  /** Starts the headset, unless it runs. After a click: then the browser lets sound out. */
  async wake() {
    wanted = true;
    if (!headset || headset.state() === 'lost') await connect(); // the microphone first: then a page may sound after a reload
    tones ||= new AudioContext();
    tones.resume().catch(() => {});
  },
  /** @returns {string} live, connecting, lost, off */
  link() {
    if (problem) return 'lost';
    if (joining) return 'connecting';
    if (!headset) return wanted ? 'lost' : 'off';
    return headset.state();
  },
  age() {
    return headset?.age ? headset.age() : 0;
  },
  level() {
    const l = headset ? Math.min(1, headset.level()) : 0;
    shownLevel = l > shownLevel ? l : shownLevel * 0.7 + l * 0.3;
    if (headset && l < 0.005) silentSince ||= Date.now();
    else silentSince = 0;
    return shownLevel;
  },
  /** Whether the microphone has given nothing for 3 s though it should. */
  silent() {
    return silentSince > 0 && Date.now() - silentSince > 3000 && !mine()?.muted;
  },
  problem: () => problem,
  problemText: () => (problem ? t(problem, { text: detail }) : ''),
  stop() {
    wanted = false;
    headset?.close();
    headset = null;
    call('DELETE', '/headset').catch(() => {});
  },
  /** Connects anew: after a device was chosen or plugged in. */
  async again() {
    headset?.close();
    headset = null;
    problem = '';
    await sound.wake();
  },
  quality: () => quality,
  /** The headset was pulled out, and put in again. */
  onUnplugged: () => {},
  onPlugged: () => {},
  /** A click or key: now the browser lets sound out. */
  gesture() {
    if (tones?.state === 'suspended') tones.resume().catch(() => {});
    headset?.headset?.resume?.();
  },
  /** @param {number} v */
  volume(v) {
    if (headset?.headset) headset.headset.volume = v;
  },
  /** Mute at the source as well; the server's word is what is shown. @param {boolean} on */
  mute(on) {
    headset?.mute?.(on);
  },
  zip() {
    if (prefs.zip) beep([[880, 0, 0.09], [1320, 0.1, 0.12]], 0.25 * prefs.speechVolume);
  },
  ring() {
    beep([[660, 0, 0.16], [830, 0.2, 0.2]], 0.5 * prefs.ringVolume, prefs.ringDevice);
  },
  /** @param {string} [device] */
  test(device) {
    beep([[523, 0, 0.2], [659, 0.22, 0.2], [784, 0.44, 0.3]], 0.5, device);
  },
};

/** Takes the offer to the server. What it refuses is not tried again. @param {string} sdp */
async function exchange(sdp) {
  try {
    return (await post('/headset', { sdp })).sdp;
  } catch (e) {
    if (e instanceof Problem && e.status >= 400 && e.status < 500 && e.status !== 429) throw Object.assign(e, { final: true });
    throw e;
  }
}

/** What the headset tells. @param {Event} [e] */
function changed(e) {
  if (e?.type === 'talking') toast('info', t('talking muted'), { ms: 3000 });
  if (e?.type === 'unplugged') {
    problem = 'mic gone';
    sound.onUnplugged();
  }
  if (e?.type === 'plugged' && problem === 'mic gone') {
    problem = '';
    sound.onPlugged();
  }
  redraw();
}

async function connect() {
  if (joining) return;
  joining = true;
  problem = '';
  redraw();
  try {
    if (!window.isSecureContext || !navigator.mediaDevices) throw new DOMException('', 'SecurityError');
    // @ts-ignore written beside this page
    const made = await import('./headset.js');
    headset = await made.connect({
      microphone: prefs.microphone, speaker: prefs.speaker, volume: prefs.speechVolume,
      exchange,
      changed,
    });
  } catch (e) {
    const name = e instanceof DOMException ? e.name : '';
    /** @type {{[name: string]: string}} */
    const known = { SecurityError: 'mic insecure', NotAllowedError: 'mic denied', NotFoundError: 'mic missing', OverconstrainedError: 'mic missing', NotReadableError: 'mic busy' };
    /** @type {{[code: string]: string}} */
    const codes = { insecure: 'mic insecure', blocked: 'mic denied', none: 'mic missing', busy: 'mic busy', gone: 'mic gone', refused: 'mic refused', unreachable: 'mic unreachable', nospeaker: 'mic speaker' };
    problem = known[name] || codes[/** @type {any} */ (e)?.code] || (e instanceof Problem ? 'mic refused' : 'mic failed');
    detail = e instanceof Error ? e.message : String(e);
    headset = null;
  } finally {
    joining = false;
    redraw();
  }
}

/** @param {[number, number, number][]} notes frequency, begin, length @param {number} volume @param {string} [device] */
function beep(notes, volume, device) {
  if (!tones || tones.state !== 'running' || volume <= 0) return;
  const out = /** @type {any} */ (tones);
  if (out.setSinkId) out.setSinkId(device || prefs.speaker || '').catch(() => {});
  for (const [f, at, long] of notes) {
    const o = tones.createOscillator();
    const g = tones.createGain();
    const from = tones.currentTime + at;
    o.frequency.value = f;
    g.gain.setValueAtTime(0, from);
    g.gain.linearRampToValueAtTime(volume, from + 0.015);
    g.gain.setValueAtTime(volume, from + long - 0.03);
    g.gain.linearRampToValueAtTime(0, from + long);
    o.connect(g).connect(tones.destination);
    o.start(from);
    o.stop(from + long);
  }
}

/** Asks for the figures of the call each 2 s. */
export async function askQuality() {
  const i = mine();
  if (!i || i.state !== 'talking') {
    quality = {};
    badSince = 0;
    return;
  }
  try {
    quality = (await get('/quality')) || {};
  } catch {
    quality = {};
  }
  const bad = (/** @type {import('./types.js').Leg|undefined} */ l) => l?.mos !== undefined && l.mos > 0 && l.mos < 3.1;
  if (!bad(quality.contact) && !bad(quality.headset)) badSince = 0;
  else if (!badSince) badSince = Date.now();
  else if (Date.now() - badSince >= 5000) {
    toast('bad', t(bad(quality.headset) ? 'quality side headset' : 'quality side contact'));
    badSince = Date.now() + 60_000;
  }
  redraw();
}

/** The word of a quality: red only after 5 s. @returns {'none'|'good'|'fair'|'bad'} */
export function qualityWord() {
  const all = [quality.contact?.mos, quality.headset?.mos].filter(m => m !== undefined && m > 0);
  if (!all.length) return 'none';
  const mos = Math.min(.../** @type {number[]} */ (all));
  if (mos < 3.1) return badSince && Date.now() - badSince > 5000 || badSince > Date.now() ? 'bad' : 'fair';
  return mos < 3.6 ? 'fair' : 'good';
}

/** A notice of the system while the tab is hidden. @param {string} title @param {string} body */
export function notify(title, body) {
  if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return;
  const n = new Notification(title, { body, tag: 'freiton' });
  n.onclick = () => {
    window.focus();
    n.close();
  };
}

/** The tab's sign and title follow the state. @param {string} word @param {string} party */
export function tabTitle(word, party) {
  const i = mine();
  const muted = i?.state === 'talking' && i.muted;
  const title = `${muted ? `● ${t('Muted')} – ` : ''}${ui.connection === 'live' || !i ? '' : '! '}${word}${party ? ` · ${party}` : ''} – Freiton`;
  if (document.title !== title) document.title = title;
  const file = muted ? 'icon-muted' : i?.state === 'talking' ? 'icon-call' : 'icon';
  const link = /** @type {HTMLLinkElement|null} */ (document.getElementById('icon'));
  if (link && !link.href.endsWith(`/${file}.svg`)) link.href = `/assets/${file}.svg`;
}
