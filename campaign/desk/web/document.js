/**
 * A campaign document as its author wrote it, and its keys one by one: the form
 * changes the very text, so comments and order stay, and what the form does not
 * know stays as well. The server alone judges the document.
 */

/**
 * The lines of a key of the first level.
 * @param {string[]} lines @param {string} key
 * @returns {{from: number, to: number}|null}
 */
function linesOf(lines, key) {
  const from = lines.findIndex(l => l.startsWith(`${key}:`));
  if (from < 0) return null;
  let to = from + 1;
  for (let n = to; n < lines.length; n++) {
    if (/^(\s+\S|- )/.test(lines[n])) to = n + 1;
    else if (lines[n].trim()) break;
  }
  return { from, to };
}

/** Without the comment behind it. @param {string} s */
function bare(s) {
  let quote = '';
  for (let n = 0; n < s.length; n++) {
    const c = s[n];
    if (quote) {
      if (c === '\\' && quote === '"') n++;
      else if (c === quote) quote = '';
    } else if ((c === '"' || c === "'") && (n === 0 || /[\s[{,:]/.test(s[n - 1]))) quote = c;
    else if (c === '#' && (n === 0 || /\s/.test(s[n - 1]))) return s.slice(0, n).trim();
  }
  return s.trim();
}

/** What stands under a key, as YAML; a block without its indentation. @param {string} text @param {string} key */
export function yamlOf(text, key) {
  const lines = text.replace(/\r/g, '').split('\n');
  const at = linesOf(lines, key);
  if (!at) return '';
  const first = bare(lines[at.from].slice(key.length + 1));
  const rest = lines.slice(at.from + 1, at.to);
  const deep = Math.min(...rest.filter(l => l.trim()).map(l => l.search(/\S/)));
  return [first, ...rest.map(l => l.slice(deep))].filter((l, n) => n > 0 || l).join('\n');
}

/** A scalar without its quotes. @param {string} text @param {string} key */
export function wordOf(text, key) {
  const v = yamlOf(text, key);
  if (v.startsWith('"')) {
    try {
      return String(JSON.parse(v));
    } catch { /* as it is */ }
  }
  return v.startsWith("'") && v.endsWith("'") && v.length > 1 ? v.slice(1, -1).replaceAll("''", "'") : v;
}

/** Names in a flow list, with commas between. @param {string} text @param {string} key */
export function namesOf(text, key) {
  const v = yamlOf(text, key);
  if (/^- /.test(v)) return v.split('\n').map(l => l.replace(/^- /, '')).join(', ');
  return v.startsWith('[') && v.endsWith(']') ? v.slice(1, -1).trim() : v;
}

/**
 * The document with other YAML under a key; nothing takes the key away.
 * @param {string} text @param {string} key @param {string} yaml
 */
export function withYAML(text, key, yaml) {
  const lines = text.replace(/\r/g, '').split('\n');
  const at = linesOf(lines, key);
  const block = yaml.includes('\n') || /^- |^[^\s"'[{][^"'[{]*:( |$)/.test(yaml);
  const now = !yaml.trim() ? [] : block ? [`${key}:`, ...yaml.split('\n').map(l => (l.trim() ? `  ${l}` : l))] : [`${key}: ${yaml}`];
  if (at) lines.splice(at.from, at.to - at.from, ...now);
  else if (now.length) {
    while (lines.length && !lines[lines.length - 1].trim()) lines.pop();
    lines.push(...now, '');
  }
  return lines.join('\n');
}

/** @param {string} text @param {string} key @param {string} word */
export function withWord(text, key, word) {
  const plain = /^[\p{L}\p{N}./+][\p{L}\p{N} ._/@()-]*$/u.test(word) && !/^(true|false|yes|no|on|off|null|~)$|^[\d.+-]+$|\s$/i.test(word) || /^-?\d{1,9}$/.test(word);
  return withYAML(text, key, !word ? '' : plain ? word : JSON.stringify(word));
}

/** @param {string} text @param {string} key @param {string} names with commas between */
export function withNames(text, key, names) {
  const all = names.split(',').map(n => n.trim());
  return withYAML(text, key, names.trim() ? `[${all.join(', ')}]` : '');
}
