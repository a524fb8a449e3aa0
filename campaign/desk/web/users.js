/** Users and roles, for the administrator. */
import { h } from './dom.js';
import { t, moment } from './i18n.js';
import { call } from './api.js';
import { state } from './state.js';
import { region, button, select, checkbox, redraw, draft, setDraft, toast, explain, focusIn } from './ui.js';
import { look, listOf, forget } from './data.js';
import { grid, waits } from './reports.js';

/** @typedef {{name: string, role: string, team?: string, clients?: string[], engaged: boolean, disabled?: boolean, headset: string, password: boolean, created: string, recording_consent?: {given: boolean, at: string, by: string}}} User */

const roles = ['agent', 'team-leader', 'supervisor', 'administrator', 'auditor', 'client'];
const form = 'user';
const fields = ['open', 'name', 'role', 'team', 'clients', 'engaged', 'disabled', 'consent', 'headset', 'reason'];
let password = ''; // never kept anywhere

const shut = () => {
  for (const f of fields) setDraft(form, f, undefined);
  password = '';
  redraw();
};

/** @param {User|null} u */
function open(u) {
  shut();
  setDraft(form, 'open', u ? `=${u.name}` : 'new');
  focusIn('user-form');
}

export function users() {
  const k = look('/users', 30_000);
  const all = /** @type {User[]} */ (listOf(k.data));
  const at = draft(form, 'open');
  const edited = all.find(u => at === `=${u.name}`) || null;
  return h('div', { key: 'users', class: 'page office' },
    at === 'new' || edited ? editor(edited) : null,
    region(t('Users'), { key: 'all', heading: t('Users and roles'), aside: button({ name: t('New user'), icon: 'person', run: () => open(null) }) }, all.length
      ? grid(t('Users'), [t('User name'), t('role'), t('team title'), t('headset'), t('state'), t('created'), ''], all.map(u => ({ key: u.name, cells: [
        h('span', { class: 'line-main' }, u.name, u.engaged ? h('span', { class: 'tag' }, 'ASM') : null), t(`role ${u.role}`), u.clients?.length ? u.clients.join(', ') : u.team || '–', u.headset,
        u.disabled ? t('locked') : u.password ? t('may log in') : t('no password'), moment(u.created),
        button({ name: t('edit user', { name: u.name }), label: t('edit'), icon: 'pen', kind: 'quiet', run: () => open(u) })] })))
      : waits(k)));
}

/** @param {User|null} u */
function editor(u) {
  const value = (/** @type {string} */ f, /** @type {string} */ was) => draft(form, f) ?? was;
  const role = value('role', u?.role || 'agent');
  const put = (/** @type {string} */ f) => (/** @type {string} */ v) => { setDraft(form, f, v); redraw(); };
  const input = (/** @type {string} */ f, /** @type {string} */ name, /** @type {string} */ was, more = {}) => h('label', { class: 'field', key: f }, h('span', { class: 'field-name' }, name),
    h('input', { type: 'text', autocomplete: 'off', maxlength: 64, ...more, value: value(f, was), oninput: (/** @type {any} */ e) => put(f)(e.target.value) }));
  const tick = (/** @type {string} */ f, /** @type {string} */ name, /** @type {boolean} */ was) => h('div', { key: f }, checkbox({ name, checked: value(f, was ? 'yes' : 'no') === 'yes', change: v => put(f)(v ? 'yes' : 'no') }));
  const name = u ? u.name : value('name', '').trim();
  return region(u ? t('edit user', { name: u.name }) : t('New user'), { key: `user ${u?.name || ''}` },
    h('form', { class: 'stack new-contact', id: 'user-form', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); save(u, name); } },
      u ? null : input('name', t('User name'), '', { required: true }),
      select({ name: t('role'), value: role, options: roles.map(r => [r, t(`role ${r}`)]), change: put('role') }),
      role === 'client' ? input('clients', t('clients'), (u?.clients || []).join(', '), { required: true, maxlength: 400 }) : role === 'auditor' || role === 'administrator' ? null : input('team', t('team title'), u?.team || '', { required: role === 'team-leader' }),
      input('headset', t('headset'), u?.headset || 'browser', { required: true, maxlength: 200, list: 'headset-kinds' }),
      h('p', { key: 'headset-hint', class: 'quiet-text' }, t('headset hint')),
      h('datalist', { id: 'headset-kinds' }, ['browser', 'device', 'sip:'].map(x => h('option', { key: x, value: x }))),
      tick('engaged', t('engaged account'), u?.engaged || false),
      u ? tick('disabled', t('lock account'), u.disabled || false) : null,
      tick('consent', t('user consents'), u?.recording_consent?.given || false),
      h('label', { class: 'field', key: 'password' }, h('span', { class: 'field-name' }, u ? t('new password') : t('Password')),
        h('input', { type: 'password', autocomplete: 'new-password', minlength: 8, maxlength: 256, required: !u, value: password, oninput: (/** @type {any} */ e) => { password = e.target.value; } })),
      u ? input('reason', `${t('Reason')} – ${t('for the log')}`, '', { maxlength: 200 }) : null,
      h('div', { class: 'row' }, h('button', { type: 'submit', class: 'button primary', disabled: state.viewer }, t('Save')), button({ name: t('Cancel'), kind: 'quiet', run: shut }))));
}

/** Sends what was changed, and only that. @param {User|null} u @param {string} name */
async function save(u, name) {
  const role = draft(form, 'role') ?? u?.role ?? 'agent';
  const clients = draft(form, 'clients');
  /** @type {{[name: string]: any}} */
  const change = {
    role: draft(form, 'role'), team: draft(form, 'team')?.trim(), headset: draft(form, 'headset')?.trim(),
    clients: clients === undefined ? undefined : clients.split(',').map(c => c.trim()).filter(Boolean),
    engaged: draft(form, 'engaged') && draft(form, 'engaged') === 'yes', disabled: draft(form, 'disabled') && draft(form, 'disabled') === 'yes',
    recording_consent: draft(form, 'consent') && draft(form, 'consent') === 'yes',
    reason: draft(form, 'reason')?.trim() || undefined,
  };
  for (const f of Object.keys(change)) if (change[f] === undefined) delete change[f];
  const path = `/users/${encodeURIComponent(name)}`;
  try {
    if (!u) await call('POST', '/users', { ...change, name, role, password: password || undefined });
    else {
      if (Object.keys(change).length) await call('PUT', path, change);
      if (password) await call('PUT', `${path}/password`, { password });
    }
    toast('good', t('user saved', { name }));
    shut();
  } catch (e) { // what was typed stays
    toast('bad', explain(e));
  } finally {
    forget('/users');
    redraw();
  }
}
