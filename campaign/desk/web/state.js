/**
 * The state as the server tells it: a snapshot, then numbered events. Nothing
 * here guesses; what a click will do is known when its event arrives.
 */

/** @typedef {import('./types.js').Interaction} Interaction */
/** @typedef {import('./types.js').AgentView} AgentView */
/** @typedef {import('./types.js').CampaignView} CampaignView */
/** @typedef {import('./types.js').FloorEvent} FloorEvent */

export const state = {
  /** @type {import('./types.js').Session|null} */
  session: null,
  ready: false, // a snapshot was taken
  n: 0,
  epoch: '', // of the numbers
  /** The server's clock less ours, ms. */
  offset: 0,
  /** @type {AgentView|null} */
  me: null,
  /** @type {Map<string, AgentView>} */
  agents: new Map(),
  /** @type {Map<string, CampaignView>} */
  campaigns: new Map(),
  /** @type {Map<string, Interaction>} */
  interactions: new Map(),
  /** @type {Interaction[]} */
  recent: [],
  viewer: false,
  elsewhere: '', // the process that has the desk
  unread: 0, // messages
  draining: false,
  /** @type {{[name: string]: import('./types.js').Link}} */
  links: {},
  /** @type {string[]} */
  notReady: [],
};

/** Whether the agent's headset is this browser's; else it is a sound card or a telephone that the server keeps. */
export const ownHeadset = () => !state.session?.headset || state.session.headset === 'browser';

/** The server's time now, in ms. */
export function now() {
  return Date.now() + state.offset;
}

/** What is on the agent's own desk. @returns {Interaction|null} */
export function mine() {
  if (!state.me) return null;
  for (const i of state.interactions.values()) if (i.agent === state.me.agent && i.kind !== 'consult') return i;
  return null;
}

export function overseer() {
  return ['team-leader', 'supervisor', 'administrator', 'auditor', 'client'].includes(state.session?.role || '');
}

/** Oversees, and may change something: an auditor and a client look on. */
export function director() {
  return overseer() && !['auditor', 'client'].includes(state.session?.role || '');
}

/** Sees the whole floor, and not a team's or a client's part of it. */
export function mayAll() {
  const s = state.session;
  return s?.role === 'administrator' || s?.role === 'auditor' || (s?.role === 'supervisor' && !s.team);
}

/** Sees the audit log and exports of persons. */
export function mayAudit() {
  return ['administrator', 'auditor'].includes(state.session?.role || '');
}

/** Sees and changes the do-not-call list. */
export function mayBlock() {
  return ['team-leader', 'supervisor', 'administrator', 'auditor'].includes(state.session?.role || '');
}

/** Brings lists in and out, and changes campaigns and users. */
export function mayImport() {
  return state.session?.role === 'administrator';
}

/** May forget a person. */
export function mayErase() {
  return state.session?.role === 'administrator';
}

/** @param {import('./types.js').Snapshot} s */
export function takeSnapshot(s) {
  state.n = s.n;
  state.epoch = s.epoch;
  if (s.at) state.offset = new Date(s.at).getTime() - Date.now();
  state.me = s.me || null;
  state.agents = new Map((s.agents || []).map(a => [a.agent, a]));
  state.campaigns = new Map((s.campaigns || []).map(c => [c.name, c]));
  state.interactions = new Map((s.interactions || []).map(i => [i.id, i]));
  state.recent = (s.recent || []).filter(i => i.agent === state.me?.agent);
  state.viewer = Boolean(s.viewer);
  state.elsewhere = s.elsewhere || '';
  state.draining = Boolean(s.draining);
  state.links = { ...s.links };
  if (s.not_ready) state.notReady = s.not_ready;
  state.ready = true;
}

/**
 * Takes in an event; an old one changes nothing.
 * @param {FloorEvent} e
 * @returns {boolean} whether it was new
 */
export function apply(e) {
  if (e.n && e.n <= state.n) return false;
  if (e.n) state.n = e.n;
  if (e.agent_view) {
    state.agents.set(e.agent_view.agent, e.agent_view);
    if (e.agent_view.agent === state.me?.agent || (!state.me && e.agent_view.agent === state.session?.user)) state.me = e.agent_view;
  }
  if (e.campaign_view) state.campaigns.set(e.campaign_view.name, e.campaign_view);
  if (e.popup && state.me && e.agent === state.me.agent && !e.agent_view) addPopup(e.popup);
  if (e.interaction_view) takeInteraction(e, e.interaction_view);
  return true;
}

/** @param {import('./types.js').Popup} p */
function addPopup(p) {
  if (!state.me) return;
  const others = (state.me.popups || []).filter(q => q.campaign !== p.campaign);
  state.me = { ...state.me, popups: [...others, p] };
}

/** @param {FloorEvent} e @param {Interaction} v */
function takeInteraction(e, v) {
  const was = state.interactions.get(v.id) || state.recent.find(r => r.id === v.id);
  const is = { ...v };
  if (!is.content && was?.content && !is.blank) is.content = was.content;
  state.recent = state.recent.filter(r => r.id !== is.id || e.kind === 'corrected');
  if (e.kind === 'corrected') {
    state.recent = state.recent.map(r => (r.id === is.id ? is : r));
    return;
  }
  if (e.kind === 'recalled') { // from before a restart, or from another process
    state.recent = [is, ...state.recent].sort((a, b) => (b.dialed_at || '').localeCompare(a.dialed_at || '')).slice(0, 10);
    return;
  }
  if (is.state !== 'over') {
    state.interactions.set(is.id, is);
    return;
  }
  state.interactions.delete(is.id);
  if (is.agent === state.me?.agent && is.kind !== 'consult' && is.dialed_at && (e.kind === 'done' || e.kind === 'ended')) state.recent = [is, ...state.recent].slice(0, 10);
}

/** The word of an agent's state: what the state bar shows. @param {Interaction|null} i @param {AgentView|null} me */
export function stateWord(i, me) {
  if (i) {
    if (i.state === 'talking') return i.held ? 'held' : i.remote_held ? 'held-by-contact' : 'talking';
    if (i.state === 'closing') return 'stopping';
    if (i.state === 'answering') return 'dialing';
    if (i.state === 'wrap-up' && i.overtime) return 'overtime';
    return i.state;
  }
  if (!me) return state.elsewhere ? 'logged-off' : 'overseer';
  return me.status === 'after-call-work' ? 'wrap-up' : me.status;
}

/** Since when the state holds. @param {Interaction|null} i @param {AgentView|null} me */
export function stateSince(i, me) {
  if (i) {
    const at = { talking: i.joined_at || i.answered_at, parked: i.answered_at, announcing: i.answered_at, 'wrap-up': i.ended_at, ringing: i.ringing_at, dialing: i.dialed_at, result: i.ended_at }[i.state];
    return at || '';
  }
  return me?.since || '';
}

/** Whether the agent may type and choose now. @param {Interaction} i */
export function mayEnter(i) {
  return ['open', 'asking', 'waiting', 'dialing', 'ringing', 'talking', 'parked', 'announcing', 'stopping', 'closing', 'wrap-up'].includes(i.state);
}

/** @param {Interaction} i */
export function previews(i) {
  return i.mode === 'preview' || i.mode === 'push-preview';
}

/** Results the agent may choose, in their order. @param {Interaction} i @returns {import('./types.js').OfferedResult[]} */
export function offered(i) {
  const own = i.campaign ? state.campaigns.get(i.campaign)?.results : null;
  if (own?.length) return own;
  return ['answer', 'wrong-party', 'answering-machine', 'wrong-number'].map(result => ({ result }));
}
