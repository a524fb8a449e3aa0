/**
 * The consultation: a second call of the agent while the contact waits. She
 * goes to and fro, lets all three hear each other, or leaves the two to each
 * other.
 */
import { h } from './dom.js';
import { t, phone } from './i18n.js';
import { state } from './state.js';
import { ui, act, button, draft, on, redraw, setDraft, focusIn } from './ui.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** The agent's second call beside this one. @param {Interaction} i @returns {Interaction|null} */
export function beside(i) {
  return (i.consult && state.interactions.get(i.consult.with)) || null;
}

/** With whom she speaks: keypad and mute are about that call. @param {Interaction} i @returns {Interaction} */
export function speaking(i) {
  const c = beside(i);
  return c && c.state === 'talking' && !c.held && (i.held || i.state !== 'talking') ? c : i;
}

/** The buttons among the call actions. @param {Interaction} i */
export function consultActions(i) {
  const talking = i.state === 'talking';
  const c = beside(i);
  return [
    button({ name: t('Consult'), icon: 'consult', class: 'stack', disabled: !talking || Boolean(i.consult), expanded: talking && ui.consult && !i.consult, run: () => { ui.consult = !ui.consult; ui.transfer = false; focusIn('consult-whom'); } }),
    button({ name: t('Conference'), icon: 'conference', class: 'stack', disabled: !talking || c?.state !== 'talking' || i.consult?.conference, busy: on(i.id, 'conference'), run: () => act(on(i.id, 'conference')) }),
  ];
}

/** Whom to consult, or how it stands with the one who is. @param {Interaction} i */
export function consultPanel(i) {
  const c = beside(i);
  if (c && c.state !== 'over') return present(i, c);
  if (!ui.consult || i.state !== 'talking' || i.consult) return null;
  return h('form', { class: 'row consult', key: 'consult', 'aria-label': t('Consult'), onsubmit: (/** @type {Event} */ e) => {
    e.preventDefault();
    const number = draft(i.id, 'consult')?.trim();
    if (number) act(on(i.id, 'consult'), { number }).then(ok => { if (ok) { ui.consult = false; redraw(); } });
  } },
    h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('consult whom')),
      h('input', { id: 'consult-whom', type: 'tel', inputmode: 'tel', value: draft(i.id, 'consult') || '', oninput: (/** @type {any} */ e) => { setDraft(i.id, 'consult', e.target.value); } })),
    h('button', { class: 'button primary', type: 'submit', disabled: state.viewer }, t('Call')));
}

/** @param {Interaction} i @param {Interaction} c */
function present(i, c) {
  const name = c.content?.name || phone(c.content?.number) || '–';
  const talking = c.state === 'talking';
  const both = Boolean(i.consult?.conference);
  const word = both ? t('in conference') : c.call_status ? t(`call ${c.call_status}`) : t('call asking');
  return h('div', { class: `row consult ${c.held && !both ? 'held' : ''}`, role: 'group', 'aria-label': t('Consultation'), key: 'consulted' },
    h('span', { role: 'status', 'aria-label': t('Consultation') }, `${word} · ${name}`),
    talking && c.held && !both ? button({ name: t('speak with', { name }), icon: 'resume', busy: on(c.id, 'resume'), run: () => act(on(c.id, 'resume')) }) : null,
    talking && i.state === 'talking' ? button({ name: t('leave to each other'), icon: 'transfer', busy: on(i.id, 'transfer'), run: () => act(on(i.id, 'transfer')) }) : null,
    button({ name: t('end consultation'), icon: 'hangup', kind: 'danger', disabled: !['asking', 'waiting', 'dialing', 'ringing', 'talking'].includes(c.state), busy: on(c.id, 'hangup'), run: () => act(on(c.id, 'hangup')) }));
}
