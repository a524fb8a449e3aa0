/** A dialog over the page: modal, closed by Escape, its button or a click beside it. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { ui, button, redraw, drawNow } from './ui.js';

/** @type {HTMLElement|null} */
let cameFrom = null;

/** @param {string} name @param {string} key @param {...import('./dom.js').Kid} kids */
export function dialog(name, key, ...kids) {
  return h('dialog', {
    key, class: 'dialog', 'aria-label': name,
    ref: (/** @type {HTMLDialogElement} */ el) => {
      cameFrom = /** @type {HTMLElement|null} */ (document.activeElement);
      queueMicrotask(() => el.isConnected && !el.open && el.showModal());
    },
    oncancel: (/** @type {Event} */ e) => {
      e.preventDefault();
      closeDialog();
    },
    onclick: (/** @type {Event} */ e) => {
      if (e.target === e.currentTarget) closeDialog();
    },
  },
  h('div', { class: 'dialog-box' },
    h('header', { class: 'dialog-head' }, h('h2', null, name), button({ name: t('Close'), icon: 'remove', iconOnly: true, kind: 'quiet', anyTab: true, run: closeDialog })),
    h('div', { class: 'dialog-body' }, ...kids)));
}

export function closeDialog() {
  ui.dialog = '';
  drawNow(); // while it is open nothing outside of it takes the focus
  cameFrom?.focus?.();
}

/** Opens a dialog. @param {string} name */
export function openDialog(name) {
  ui.dialog = name;
  redraw();
}
