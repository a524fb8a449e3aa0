/** When a contact is to be called again: the fields for it, the same in the call and in a correction. */
import { h } from './dom.js';
import { t, dayTime } from './i18n.js';
import { readTime } from './text.js';
import { checkbox, draft, setDraft, redraw } from './ui.js';

/** @typedef {import('./types.js').Callback} Callback */

const fields = ['callback', 'personal', 'agreed'];

/** A time as it is typed. @param {string} at */
function written(at) {
  const d = new Date(at);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${d.getHours()}:${two(d.getMinutes())}`;
}

/** What is typed, and what it means: at is null while that is no time to come. @param {string} key of the drafts @param {Callback|null|undefined} was */
function typedInto(key, was) {
  const typed = draft(key, 'callback');
  const yes = (/** @type {string} */ f, /** @type {boolean} */ otherwise) => (draft(key, f) ?? (otherwise ? 'yes' : 'no')) === 'yes';
  return {
    text: typed ?? (was ? written(was.at) : ''),
    at: typed === undefined && was ? new Date(was.at) : readTime(typed ?? '', new Date()),
    personal: yes('personal', Boolean(was?.personal)), agreed: yes('agreed', was ? Boolean(was.agreed) : true),
  };
}

/** The callback as it is sent; null while it is not one. @param {string} key @param {Callback|null|undefined} was @returns {Callback|null} */
export function callbackOf(key, was) {
  const { at, personal, agreed } = typedInto(key, was);
  return at ? { at: at.toISOString(), personal, agreed } : null;
}

/** Whether something of it was touched. @param {string} key */
export const callbackTyped = key => fields.some(f => draft(key, f) !== undefined);

/** @param {string} key */
export function dropCallback(key) {
  for (const f of fields) setDraft(key, f, undefined);
}

/** @param {string} key @param {Callback|null|undefined} was @param {string} id of the line that says what was understood */
export function callbackFields(key, was, id) {
  const { text, at, personal, agreed } = typedInto(key, was);
  const put = (/** @type {string} */ f) => (/** @type {any} */ v) => { setDraft(key, f, v === true ? 'yes' : v === false ? 'no' : v); redraw(); };
  return [
    h('label', { class: 'field grow', key: 'at' }, h('span', { class: 'field-name' }, t('Call back at')),
      h('input', { id: `${id}-at`, type: 'text', autocomplete: 'off', value: text, placeholder: t('callback hint'), 'aria-describedby': id, oninput: (/** @type {any} */ e) => put('callback')(e.target.value) })),
    h('p', { id, class: 'quiet-text', role: 'status', key: 'understood' }, at ? t('callback understood', { time: dayTime(at) }) : text ? t('callback not understood') : t('callback hint')),
    checkbox({ name: t('Personal callback'), checked: personal, change: put('personal') }),
    checkbox({ name: t('callback agreed'), checked: agreed, change: put('agreed') }),
  ];
}

/** A callback in words. @param {Callback} c */
export const callbackWords = c => t('callback set', { time: dayTime(c.at) }) + (c.personal ? ` · ${t('callback personal')}` : '');
