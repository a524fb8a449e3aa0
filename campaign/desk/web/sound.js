/**
 * Sound as the page sees it: the headset (headset.js makes the connection),
 * short tones of our own, and desktop notices. State is the connection's, so
 * the light never says more than is true.
 */
import { t } from './i18n.js';
import { call, get, post, Problem } from './api.js';
import { prefs, redraw, setPref, toast, ui, why } from './ui.js';
import { state, mine, ownHeadset } from './state.js';

/** @typedef {import('./headset.js').Headset} Headset */

/** @type {AudioContext|null} */
let tones = null;
/** @type {Headset|null} */
let headset = null;
let problem = ''; // a key of the words: mic denied …
let detail = '';
let wanted = false;
let silentSince = 0;
let shownLevel = 0;
/** @type {import('./types.js').Quality} */
let quality = {};
let badSince = 0;

/** @type {{[code: string]: string}} */
const words = {
  insecure: 'mic insecure', blocked: 'mic denied', none: 'mic missing', busy: 'mic busy', gone: 'mic gone',
  refused: 'mic refused', unreachable: 'mic unreachable', nospeaker: 'mic speaker',
};

export const sound = {
  /**
   * Starts the headset, unless it runs; one that is lost is tried at once.
   * After a click: then the browser lets sound out. Resolves when it is known
   * how it goes: live, or a problem.
   */
  async wake() {
    wanted = ownHeadset();
    const open = headset && !['off', 'failed'].includes(headset.state);
    const done = !wanted ? null : open ? settled() : connect(); // the microphone first: then a page may sound after a reload
    if (headset?.state === 'lost') headset.reconnect();
    tones ||= new AudioContext();
    tones.resume().catch(() => {});
    await done;
  },
  /** @returns {string} live, stale, connecting, lost, off */
  link() {
    if (sound.problem()) return 'lost';
    if (!ownHeadset()) return 'live';
    if (!headset) return wanted ? 'lost' : 'off';
    switch (headset.state) {
      case 'live': return headset.silentMS > 3000 ? 'stale' : 'live';
      case 'asking': case 'connecting': return 'connecting';
      case 'off': return 'off';
      default: return 'lost';
    }
  },
  /** Seconds since the last proof. */
  age: () => (headset?.silentMS ?? 0) / 1000,
  level() {
    const l = headset ? Math.min(1, 10 ** (headset.level / 20)) : 0;
    shownLevel = l > shownLevel ? l : shownLevel * 0.7 + l * 0.3;
    return shownLevel;
  },
  /** The microphone's level now, in dBFS. */
  spoken: () => headset?.level ?? -120,
  /** The level of what is heard, in dBFS. */
  heard: () => headset?.heardLevel ?? -120,
  /** Whether the microphone has given nothing for 3 s though it should. */
  silent: () => silentSince > 0 && sound.link() === 'live',
  problem: () => (ownHeadset() ? problem : missing()),
  problemText() {
    const known = !ownHeadset() && sound.problem() && state.me?.headset_why;
    return known ? why(known) : sound.problem() ? t(sound.problem(), { text: detail }) : '';
  },
  stop() {
    sound.rest();
    call('DELETE', '/headset').catch(() => {});
  },
  /** Lets go of the headset without a word to the server: another tab has it. */
  rest() {
    wanted = false;
    headset?.close();
    headset = null;
    problem = '';
  },
  /** Connects anew, whatever there is. */
  async again() {
    headset?.close();
    headset = null;
    problem = '';
    await sound.wake();
  },
  quality: () => quality,
  /** What the page itself sees of its way to the server. */
  way: () => headset?.quality ?? null,
  /** What is plugged in, and what of it is in use. */
  devices() {
    const known = headset?.known ?? { microphones: [], speakers: [] };
    const real = (/** @type {import('./headsetdevices.js').Device[]} */ l) => l.filter(d => d.label && d.id !== 'default');
    return { microphones: real(known.microphones), speakers: real(known.speakers), microphone: headset?.microphone?.label ?? '', speaker: headset?.speaker?.label ?? '' };
  },
  /**
   * Uses a device from now on, in a call too; it is the preferred one of its kind.
   * @param {'microphones'|'speakers'} kind @param {string} label empty: the system's default
   */
  async use(kind, label) {
    setPref(kind, label ? [label, ...listed(kind).filter(l => l !== label)].slice(0, 8) : []);
    if (!headset || headset.state === 'off' || headset.state === 'failed') return sound.again();
    try {
      await (kind === 'microphones' ? headset.useMicrophone(listed(kind)) : headset.useSpeaker(listed(kind)));
      back();
    } catch (e) {
      fail(e);
    }
    redraw();
  },
  /** The headset was pulled out, and put in again. */
  onUnplugged: () => {},
  onPlugged: () => {},
  /** Other devices than before are in use, or a device is blocked. */
  onChanged: () => {},
  /** A click or key: now the browser lets sound out. */
  gesture() {
    if (tones?.state === 'suspended') tones.resume().catch(() => {});
    headset?.resume().catch(() => {});
  },
  /** @param {number} v */
  volume(v) {
    if (headset) headset.volume = v;
  },
  /** Whether the browser takes out of the microphone what its loudspeaker plays; in a call too. @param {boolean} on */
  async echo(on) {
    setPref('echo', on);
    try {
      await headset?.process({ echoCancellation: on });
    } catch (e) {
      fail(e);
      redraw();
    }
  },
  /** Mute at the source as well; the server's word is what is shown. @param {boolean} on */
  mute(on) {
    headset?.mute(on);
  },
  /** At a joined call: 210 ms, with a volume of its own. */
  zip() {
    if (prefs.zip) beep([[880, 0, 0.09], [1320, 0.1, 0.11]], 0.4 * prefs.zipVolume);
  },
  ring() {
    beep([[660, 0, 0.16], [830, 0.2, 0.2]], 0.5 * prefs.ringVolume, prefs.ringDevice);
  },
  /** @param {string} [label] of the device */
  test(label) {
    beep([[523, 0, 0.2], [659, 0.22, 0.2], [784, 0.44, 0.3]], 0.5, label);
  },
};

/** What is wrong with a headset that the server keeps, by its own word. */
function missing() {
  if (!state.me || !['lost', 'missing'].includes(state.me.headset || '')) return '';
  return isCard() ? 'card gone' : 'telephone gone';
}

const isCard = () => Boolean(state.session?.headset?.startsWith('device'));

/** What a headset is that the server keeps; '' for a browser's. */
export const wornWords = () => (ownHeadset() ? '' : t(isCard() ? 'worn card' : 'worn telephone', { name: (state.session?.headset || '').replace(/^sip:/, '') }));

/** The preferred devices of a kind, best first. @param {string} kind @returns {string[]} */
export function listed(kind) {
  const l = prefs[kind];
  return Array.isArray(l) ? l : [];
}

/** Takes the offer to the server. What it refuses is not tried again. @param {string} sdp */
async function exchange(sdp) {
  try {
    return (await post('/headset', { sdp })).sdp;
  } catch (e) {
    if (e instanceof Problem && e.status >= 400 && e.status < 500 && e.status !== 429) throw Object.assign(e, { final: true });
    throw e;
  }
}

/** Resolves when the headset is live or has a problem; after 10 s at the latest. */
function settled() {
  const h = headset;
  return /** @type {Promise<void>} */ (new Promise(resolve => {
    const look = () => {
      if (h && h === headset && !problem && h.state !== 'live') return;
      clearTimeout(limit);
      h?.removeEventListener('state', look);
      resolve();
    };
    const limit = setTimeout(resolve, 10_000);
    h?.addEventListener('state', () => setTimeout(look));
    look();
  }));
}

/** @param {unknown} e */
function fail(e) {
  const code = /** @type {any} */ (e)?.code;
  problem = words[code] || 'mic failed';
  detail = e instanceof Error ? e.message : String(e);
}

/** Nothing is wrong any more. */
function back() {
  const was = problem;
  problem = '';
  if (was === 'mic gone') sound.onPlugged();
}

async function connect() {
  if (!window.isSecureContext || !navigator.mediaDevices) {
    problem = 'mic insecure';
    redraw();
    return;
  }
  const { Headset } = await import('./headset.js');
  headset?.close();
  const h = headset = new Headset({
    microphones: listed('microphones'), speakers: listed('speakers'), volume: prefs.speechVolume,
    exchange: offer => exchange(offer), processing: { echoCancellation: prefs.echo },
  });
  problem = '';
  let lostSince = 0;
  const on = (/** @type {string} */ name, /** @type {(detail: any) => void} */ f) => h.addEventListener(name, e => {
    if (h !== headset) return;
    f(/** @type {CustomEvent} */ (e).detail);
    redraw();
  });
  on('state', ({ state: s, error }) => {
    if (s === 'live') {
      lostSince = 0;
      if (!h.missing) back();
    } else if (s === 'failed') fail(error);
    else if (s === 'lost') {
      lostSince ||= Date.now();
      // A moment is the network's; what lasts is said.
      setTimeout(() => {
        if (h === headset && lostSince && Date.now() - lostSince > 2500 && !problem) fail(error);
        redraw();
      }, 3000);
    }
  });
  on('talking', () => toast('info', t('talking muted'), { ms: 3000 }));
  on('signal', ({ present }) => { silentSince = present ? 0 : Date.now(); });
  on('unplugged', () => {
    problem = 'mic gone';
    sound.onUnplugged();
  });
  on('plugged', () => { if (!h.missing) back(); });
  on('devices', () => sound.onChanged());
  for (const name of ['muted', 'gesture']) on(name, () => {});
  redraw();
  const done = h.open().catch(e => {
    if (h !== headset) return;
    fail(e);
    sound.onChanged();
    redraw();
  });
  await Promise.race([done, settled()]);
}

/** @param {[number, number, number][]} notes frequency, begin, length @param {number} volume @param {string} [device] its label; the speaker's where there is none */
function beep(notes, volume, device) {
  if (!tones || tones.state !== 'running' || volume <= 0) return;
  const out = /** @type {any} */ (tones);
  const label = device || sound.devices().speaker;
  if (out.setSinkId) out.setSinkId(sound.devices().speakers.find(d => d.label === label)?.id ?? '').catch(() => {});
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

/**
 * Whose side bad sound comes from: the agent's own network, the way between
 * server and PBX, or what is behind the PBX. The PBX misses packets of ours too,
 * or is far away, where the way to it is bad; else the sound came bad to it.
 * @param {import('./types.js').Quality} q @returns {''|'headset'|'pbx'|'contact'}
 */
export function badSide(q) {
  const bad = (/** @type {import('./types.js').Leg|undefined} */ l) => Boolean(l?.mos && l.mos < 3.1);
  if (bad(q.headset)) return 'headset';
  if (!bad(q.contact)) return '';
  return (q.contact?.remote_loss || 0) >= 2 || (q.contact?.rtt_ms || 0) > 300 ? 'pbx' : 'contact';
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
  const side = badSide(quality);
  if (!side) badSince = 0;
  else if (!badSince) badSince = Date.now();
  else if (Date.now() - badSince >= 5000) {
    toast('bad', t(`quality side ${side}`));
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
