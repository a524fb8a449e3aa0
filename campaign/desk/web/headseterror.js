// What can go wrong with a headset, by codes to choose words by.

/**
 * @typedef {'insecure'|'blocked'|'none'|'busy'|'gone'|'refused'|'unreachable'|'nospeaker'} HeadsetErrorCode
 *   insecure: no microphone on a page without TLS. blocked: by the browser or
 *   its user. none: no such device. busy: held by another program. gone: was
 *   unplugged. refused: the server will not have this offer. unreachable: no
 *   answer or no sound. nospeaker: this loudspeaker cannot be used.
 */

/** An error with a code to choose words by. */
export class HeadsetError extends Error {
  /**
   * @param {HeadsetErrorCode} code
   * @param {unknown} [cause]
   */
  constructor(code, cause) {
    super(`headset: ${code}` + (cause instanceof Error ? `: ${cause.message}` : ''), { cause });
    this.name = 'HeadsetError';
    this.code = code;
  }
}

/** @param {unknown} e */
export function asHeadsetError(e) {
  if (e instanceof HeadsetError) return e;
  const name = e instanceof Error || e instanceof DOMException ? e.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new HeadsetError('blocked', e);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new HeadsetError('none', e);
    case 'NotReadableError':
    case 'AbortError':
      return new HeadsetError('busy', e);
  }
  return new HeadsetError('gone', e);
}
