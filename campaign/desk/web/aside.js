/** The right side: the contact, responses to read aloud, the contact's history. In tabs where it is narrow. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { ui, region, redraw } from './ui.js';
import { responses } from './responses.js';
import { contact, calls } from './contacts.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** @param {Interaction} i */
export function aside(i) {
  const panels = [['contact', t('Contact')], ['responses', t('Responses')], ['past', t('Contact history')]];
  const open = (/** @type {string} */ p) => !ui.narrow || ui.panel === p;
  return h('div', { class: 'aside', key: `aside ${i.id}` },
    ui.narrow ? h('div', { class: 'tabs', role: 'tablist', 'aria-label': t('Contact') + ' …' }, panels.map(([p, name]) => h('button', {
      key: p, type: 'button', role: 'tab', id: `tab-${p}`, 'aria-selected': String(ui.panel === p), tabindex: ui.panel === p ? '0' : '-1', 'aria-controls': 'aside-panel',
      onclick: () => { ui.panel = p; redraw(); },
      onkeydown: (/** @type {KeyboardEvent} */ e) => {
        const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
        if (!step) return;
        const n = (panels.findIndex(x => x[0] === ui.panel) + step + panels.length) % panels.length;
        ui.panel = panels[n][0];
        redraw();
        requestAnimationFrame(() => document.getElementById(`tab-${ui.panel}`)?.focus());
      },
    }, name))) : null,
    h('div', { class: 'aside-panels', id: 'aside-panel', role: ui.narrow ? 'tabpanel' : undefined, 'aria-labelledby': ui.narrow ? `tab-${ui.panel}` : undefined },
      open('contact') ? contact(i) : null,
      open('responses') ? responses(i) : null,
      open('past') ? past(i) : null));
}

/** @param {Interaction} i */
function past(i) {
  return region(t('Contact history'), { key: 'past', class: 'past' },
    i.blank ? h('p', { class: 'quiet-text' }, t('blank contact')) : calls(`/interactions/${encodeURIComponent(i.id)}/history`, i.attempt));
}
