/**
 * A small keyed renderer: a description of the page is compared with the last
 * one and only differences touch the document, so typed text, focus and scroll
 * survive every event. Nothing here writes markup or style attributes: texts
 * stay texts whatever they hold, and a strict CSP is kept.
 *
 * A kid without a key is known by its place; null keeps the place free.
 */

/** @typedef {string|number|boolean|null|undefined|VNode|VNode[]|(string|VNode|null|undefined|false)[]} Kid */
/** @typedef {{[name: string]: any}} Props */
/** @typedef {{tag: string, props: Props, kids: Kid[], el?: Node}} VNode */
/** @typedef {Element & {__kids?: Map<string, VNode>, __on?: {[type: string]: (e: any) => void}, __tick?: (el: any) => void}} Live */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag
 * @param {Props|null} [props]
 * @param {...Kid} kids
 * @returns {VNode}
 */
export function h(tag, props, ...kids) {
  return { tag, props: props || {}, kids };
}

/** @type {Map<string, {of: any[], node: VNode}>} */
const kept = new Map();

/**
 * A description that is made anew only when something of what it is made of is
 * another: long lists cost nothing while a call goes on. What it is made of
 * must hold everything that is shown, the language too.
 * @param {string} key its place on the page
 * @param {any[]} of
 * @param {() => VNode} make
 */
export function keep(key, of, make) {
  const was = kept.get(key);
  if (was && was.of.length === of.length && of.every((x, n) => x === was.of[n])) return was.node;
  const node = make();
  kept.set(key, { of, node });
  return node;
}

/**
 * Kids with the names they are recognised by.
 * @param {Kid[]} kids
 * @param {string} prefix
 * @param {Map<string, VNode>} out
 */
function flatten(kids, prefix, out) {
  kids.forEach((kid, i) => {
    if (kid === null || kid === undefined || kid === false || kid === true || kid === '') return;
    if (Array.isArray(kid)) {
      flatten(kid, `${prefix}${i}.`, out);
      return;
    }
    const node = typeof kid === 'object' ? kid : { tag: '#', props: { text: String(kid) }, kids: [] };
    const name = node.props.key !== undefined ? `${prefix}=${node.props.key}` : `${prefix}${i}`;
    out.set(name, node);
  });
  return out;
}

/**
 * Makes an element's contents what kids describe.
 * @param {Element} parent
 * @param {...Kid} kids
 */
export function render(parent, ...kids) {
  const el = /** @type {Live} */ (parent);
  const old = el.__kids || new Map();
  const now = flatten(kids, '', new Map());
  for (const [name, was] of old) {
    const is = now.get(name);
    if (!is || is.tag !== was.tag) was.el?.parentNode?.removeChild(/** @type {Node} */ (was.el));
  }
  /** @type {Node|null} */
  let at = el.firstChild;
  for (const [name, is] of now) {
    const was = old.get(name);
    is.el = was && was.tag === is.tag ? update(was, is) : create(is, el);
    if (is.el === at) at = at.nextSibling;
    else el.insertBefore(is.el, at);
    if (!was || was.tag !== is.tag) is.props.ref?.(is.el);
  }
  el.__kids = now;
}

/**
 * @param {VNode} v
 * @param {Element} parent
 * @returns {Node}
 */
function create(v, parent) {
  if (v.tag === '#') return document.createTextNode(v.props.text);
  const svg = v.tag === 'svg' || (parent.namespaceURI === SVG && parent.localName !== 'foreignObject');
  const el = svg ? document.createElementNS(SVG, v.tag) : document.createElement(v.tag);
  for (const name of Object.keys(v.props)) if (name !== 'value') set(/** @type {Live} */ (el), name, v.props[name], undefined);
  if (v.props.tick === undefined) render(el, ...v.kids);
  if ('value' in v.props) set(/** @type {Live} */ (el), 'value', v.props.value, undefined);
  return el;
}

/**
 * @param {VNode} was
 * @param {VNode} is
 * @returns {Node}
 */
function update(was, is) {
  const node = /** @type {Node} */ (was.el);
  if (was === is) return node; // kept
  if (is.tag === '#') {
    if (was.props.text !== is.props.text) node.textContent = is.props.text;
    return node;
  }
  const el = /** @type {Live} */ (node);
  for (const name of Object.keys(was.props)) if (!(name in is.props)) set(el, name, undefined, was.props[name]);
  for (const name of Object.keys(is.props)) if (name !== 'value') set(el, name, is.props[name], was.props[name]);
  if (is.props.tick === undefined) render(el, ...is.kids);
  if ('value' in is.props) set(el, 'value', is.props.value, was.props.value);
  return el;
}

/**
 * @param {Live} el
 * @param {string} name
 * @param {any} is
 * @param {any} was
 */
function set(el, name, is, was) {
  if (name === 'key' || name === 'ref') return;
  if (name === 'value' || name === 'checked') {
    const field = /** @type {any} */ (el);
    if (is !== undefined && field[name] !== is) field[name] = is;
    return;
  }
  if (name === 'tick') {
    el.__tick = is;
    if (is) {
      ticking.add(el);
      is(el);
    } else ticking.delete(el);
    return;
  }
  if (name.startsWith('on')) {
    const type = name.slice(2);
    el.__on ||= {};
    if (!was && !(type in el.__on)) el.addEventListener(type, dispatch);
    el.__on[type] = is;
    return;
  }
  if (is === was) return;
  if (name === 'style') {
    const style = /** @type {HTMLElement} */ (/** @type {unknown} */ (el)).style;
    for (const key of Object.keys(is || {})) style.setProperty(key, is[key]);
    return;
  }
  if (is === undefined || is === null || (is === false && !name.startsWith('aria-'))) el.removeAttribute(name);
  else el.setAttribute(name, is === true && !name.startsWith('aria-') ? '' : String(is));
}

/** @this {Live} @param {Event} e */
function dispatch(e) {
  this.__on?.[e.type]?.(e);
}

/** Elements that show a time: they are asked again, without a rendering. @type {Set<Live>} */
const ticking = new Set();

/** Brings every shown time up to date. */
export function tick() {
  for (const el of ticking) {
    if (el.isConnected) el.__tick?.(el);
    else ticking.delete(el);
  }
}

/** @param {Element} el @param {string} text */
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/**
 * Says something to a screen reader, once.
 * @param {string} text
 * @param {boolean} [urgent]
 */
export function say(text, urgent = false) {
  const el = document.getElementById(urgent ? 'cry' : 'say');
  if (!el) return;
  el.textContent = '';
  requestAnimationFrame(() => { el.textContent = text; });
}
