/** Messages: to read, and for supervisors to send. */
import { h } from './dom.js';
import { t, has, dayTime, clockTime } from './i18n.js';
import { state, director } from './state.js';
import { ui, region, button, select, redraw, draft, setDraft, toast, toldBefore, act, focusIn } from './ui.js';
import { look, forget } from './data.js';

/** @typedef {import('./types.js').Message} Message */

/** What a message says, in the reader's language. @param {Message} m */
export function messageText(m) {
  const key = `message ${m.code}`;
  if (!m.code || !has(key)) return m.text;
  const mode = m.code === 'mode-changed' ? t(`mode ${m.text}`) : m.text;
  const [status, ...rest] = m.text.split(': ');
  return t(key, { name: m.name || '', text: mode, status: has(`state ${status}`) ? t(`state ${status}`) : status, reason: rest.join(': ') });
}

/** @param {Message} m */
function whom(m) {
  return m.to === 'all' ? t('to all') : m.to === 'campaign' ? t('to campaign', { name: m.name || '' }) : m.name || '';
}

export function messages() {
  const k = look('/messages', 30_000);
  const inbox = /** @type {Message[]} */ (k.data?.messages || []);
  const sent = /** @type {Message[]} */ (k.data?.sent || []);
  const unread = inbox.filter(m => !m.read);
  return h('div', { key: 'messages', class: 'page' },
    region(t('My messages'), { key: 'inbox', aside: unread.length ? button({ name: t('mark read'), icon: 'check', kind: 'quiet', anyTab: true, run: () => read([]) }) : null },
      inbox.length ? h('ul', { class: 'plain mail' }, inbox.map(m => h('li', { key: m.id, class: m.read ? '' : 'unread' },
        h('p', { class: 'line-main' }, m.read ? null : h('span', { class: 'tag' }, t('unread')), ' ', messageText(m)),
        h('p', { class: 'quiet-text' }, [m.from || t('the dialer'), dayTime(m.at), m.to === 'agent' ? '' : whom(m)].filter(Boolean).join(' · ')),
        m.read ? null : button({ name: t('mark read one'), kind: 'quiet', anyTab: true, run: () => read([m.id]) }))))
        : h('p', { class: 'quiet-text' }, k.loading && !k.at ? t('starting') : t('no messages'))),
    region(t('notices told'), { key: 'told' }, toldBefore.length ? h('ul', { class: 'plain mail' }, toldBefore.map(x => h('li', { key: x.id },
      h('p', { class: 'line-main' }, x.text),
      h('p', { class: 'quiet-text' }, [clockTime(x.at), x.small].filter(Boolean).join(' · '))))) : h('p', { class: 'quiet-text' }, t('no notices'))),
    director() ? compose() : null,
    sent.length ? region(t('Sent'), { key: 'sent' }, h('ul', { class: 'plain mail' }, sent.map(m => h('li', { key: m.id },
      h('p', { class: 'line-main' }, messageText(m)),
      h('p', { class: 'quiet-text' }, [whom(m), dayTime(m.at), t('read by', { n: m.read_by || 0, all: m.sent_to || 0 })].join(' · ')))))) : null);
}

/** @param {string[]} ids */
async function read(ids) {
  await act('/messages/read', { ids });
  forget('/messages');
  redraw();
}

const form = 'message';

/** Opens the form for somebody. @param {string} agent */
export function writeTo(agent) {
  setDraft(form, 'to', `agent:${agent}`);
  ui.view = 'messages';
  focusIn('message-text');
}

function compose() {
  /** @type {[string, string][]} */
  const to = [['all:', t('to all')],
    ...[...state.campaigns.keys()].sort().map(c => /** @type {[string, string]} */ ([`campaign:${c}`, t('to campaign', { name: c })])),
    ...[...state.agents.keys()].sort().map(a => /** @type {[string, string]} */ ([`agent:${a}`, a]))];
  const chosen = draft(form, 'to') || 'all:';
  if (!to.some(o => o[0] === chosen)) to.push([chosen, chosen.slice(chosen.indexOf(':') + 1)]);
  const text = draft(form, 'text') || '';
  return region(t('New message'), { key: 'compose' }, h('form', { class: 'stack', onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    const at = chosen.indexOf(':');
    if (await act('/messages', { to: chosen.slice(0, at), name: chosen.slice(at + 1) || undefined, text }, 'send message')) {
      setDraft(form, 'text', undefined);
      forget('/messages');
      toast('good', t('message sent'));
    }
  } },
    select({ name: t('message to'), value: chosen, options: to, change: v => { setDraft(form, 'to', v); redraw(); } }),
    h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('message text')),
      h('textarea', { id: 'message-text', rows: 3, maxlength: 4000, value: text, oninput: (/** @type {any} */ e) => { setDraft(form, 'text', e.target.value); redraw(); } })),
    h('div', { class: 'row' }, h('button', { type: 'submit', class: 'button primary', disabled: !text.trim() }, t('Send')))));
}
