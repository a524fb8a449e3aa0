// The headset in this page: microphone, loudspeaker and the connection that
// carries their sound. It has no face: it tells what happens by events, and its
// owner shows it. The call itself lives in the server; this may come and go.
//
//   microphone ─► track ─┬─► RTCPeerConnection ─► server
//                        └─► clone ─► meter (hears also what is muted)
//   loudspeaker ◄─ <audio> ◄── RTCPeerConnection ◄─ server
//                          └─► meter
//
// Order matters after a reload: an AudioContext stays suspended and an <audio>
// may not play until the page captures sound. So: microphone first, then sound.

import { HeadsetError, asHeadsetError } from './headseterror.js';
import { Meter, FLOOR } from './headsetmeter.js';
import { choose, known } from './headsetdevices.js';
import { PathFigures, unknownQuality } from './headsetquality.js';

/** @typedef {import('./headsetdevices.js').Device} Device */
/** @typedef {import('./headsetquality.js').Quality} Quality */

/**
 * @typedef {'off'|'asking'|'connecting'|'live'|'lost'|'failed'} HeadsetState
 *   asking: for the microphone. lost: was live or tried, tries again by itself.
 *   failed: needs the user, see the error.
 *
 * @typedef {object} Processing  what the browser does with the voice
 * @property {boolean} [echoCancellation]
 * @property {boolean} [noiseSuppression]
 * @property {boolean} [autoGainControl]
 *
 * @typedef {object} HeadsetOptions
 * @property {(offer: string, signal: AbortSignal) => Promise<string>} exchange
 *   takes the offer to the server and brings its answer. An error with a
 *   property `final` set to true is not tried again.
 * @property {Processing} [processing]  all on unless said otherwise
 * @property {string[]} [microphones]   labels, best first; none there: the default
 * @property {string[]} [speakers]      labels, best first; none there: the default
 * @property {HTMLAudioElement} [audio] where the far end is heard; made if missing
 * @property {number} [volume]          of speech, 0 to 1
 * @property {RTCIceServer[]} [iceServers]  none, which is right
 */

const LOOK_MS = 100; // meters
const CHECK_MS = 500; // connection
const CONNECT_MS = 8000; // from offer to sound
const STEADY_MS = 5000; // a connection that held so long was a good one
const STALE_MS = 5000; // nothing from the server for so long: connect anew
const NO_SIGNAL_MS = 3000; // a microphone that brings nothing for so long is said to
const NO_SIGNAL_DB = -75; // a live microphone in a quiet room is above this
const TALKING_DB = -40;
const RETRY_MS = [0, 250, 500, 1000, 2000, 4000, 8000];

/**
 * Events, all CustomEvent:
 *
 *   state     {state, error}      HeadsetState changed
 *   muted     {muted}
 *   talking   {}                  speaks while muted; at most once in 2 s
 *   signal    {present}           the microphone brings nothing for 3 s, or does again
 *   devices   {microphones, speakers}  as plugged in now
 *   unplugged {kind, label}       kind: 'microphone' or 'speaker'; nothing else
 *                                 is used in its place: sound never goes to
 *                                 loudspeakers by itself
 *   plugged   {kind, label}       it is back and in use
 *   gesture   {needed}            the browser wants a click before it plays:
 *                                 call resume() from one
 */
export class Headset extends EventTarget {
  /** @type {HeadsetOptions} */ #options;
  /** @type {HTMLAudioElement} */ #audio;
  /** @type {HeadsetState} */ #state = 'off';
  /** @type {HeadsetError|null} */ #error = null;
  /** @type {MediaStreamTrack|null} */ #track = null;
  /** @type {MediaStreamTrack|null} */ #meterTrack = null;
  /** @type {RTCPeerConnection|null} */ #pc = null;
  /** @type {RTCRtpSender|null} */ #sender = null;
  /** @type {AbortController|null} */ #trying = null;
  /** @type {AudioContext|null} */ #context = null;
  /** @type {Meter|null} */ #spoken = null;
  /** @type {Meter|null} */ #heard = null;
  /** @type {Device|null} */ #microphone = null;
  /** @type {Device|null} */ #speaker = null;
  /** @type {{microphones: Device[], speakers: Device[]}} */ #devices = { microphones: [], speakers: [] };
  #missing = { microphone: false, speaker: false };
  #muted = false;
  #attempt = 0;
  #opened = 0; // turns with every open() and close(): what began before is void
  #retry = 0;
  #limit = 0;
  #liveAt = 0;
  #look = 0;
  #check = 0;
  #signalAt = 0;
  #noSignal = false;
  #talkingAt = 0;
  /** @type {Quality} */ #quality = unknownQuality();
  #path = new PathFigures();
  /** @type {() => void} */ #unlisten = () => {};
  /** What changes devices goes one after the other: else the slower choice would win. @type {Promise<unknown>} */ #turns = Promise.resolve();

  /** @param {HeadsetOptions} options */
  constructor(options) {
    super();
    this.#options = { ...options };
    this.#audio = options.audio ?? new Audio();
    this.#audio.autoplay = true;
    this.#audio.volume = options.volume ?? 1;
  }

  /** @returns {HeadsetState} */
  get state() { return this.#state; }
  /** The error of state 'failed' or 'lost'. */
  get error() { return this.#error; }
  get muted() { return this.#muted; }
  /** The microphone in use. */
  get microphone() { return this.#microphone; }
  /** The loudspeaker in use; null: the browser's default. */
  get speaker() { return this.#speaker; }
  /** Level of the microphone in dBFS, also while muted. */
  get level() { return this.#spoken?.level() ?? FLOOR; }
  /** Level of what is heard, in dBFS. */
  get heardLevel() { return this.#heard?.level() ?? FLOOR; }
  /** A node that brings what is heard, for measurements; null before there is any. */
  get heardNode() { return this.#heard?.source ?? null; }
  get quality() { return this.#quality; }
  /** How long ago the server last gave a sign of life on the way of the sound; 0: it never did. */
  get silentMS() { return this.#path.silentMS; }
  /** What was plugged in when last looked at. */
  get known() { return this.#devices; }
  /** Whether something in use was unplugged. */
  get missing() { return this.#missing.microphone || this.#missing.speaker; }
  get volume() { return this.#audio.volume; }
  set volume(v) { this.#audio.volume = Math.min(1, Math.max(0, v)); }

  /**
   * Asks for the microphone and connects. Resolves when the state is live,
   * rejects with a HeadsetError that needs the user; what does not is tried
   * again for ever. Call it again after state 'failed'.
   */
  async open() {
    this.close();
    const turn = ++this.#opened;
    this.#listen();
    this.#set('asking');
    try {
      await this.#capture();
      if (turn === this.#opened) await this.#sound(turn);
    } catch (e) {
      if (turn !== this.#opened) throw new HeadsetError('gone', e);
      const error = asHeadsetError(e);
      this.#release();
      this.#set('failed', error);
      throw error;
    }
    if (turn !== this.#opened) throw new HeadsetError('gone'); // who opened or closed it meanwhile has the devices
    this.#attempt = 0;
    const done = new Promise((resolve, reject) => {
      const look = () => {
        if (turn !== this.#opened) reject(new HeadsetError('gone'));
        else if (this.#state === 'live') resolve(undefined);
        else if (this.#state === 'failed') reject(this.#error);
        else return;
        this.removeEventListener('state', look);
      };
      this.addEventListener('state', look);
    });
    this.#connect();
    return done;
  }

  /** Ends it and lets the devices go. */
  close() {
    this.#opened++;
    this.#unlisten();
    this.#disconnect();
    this.#release();
    this.#set('off');
  }

  /** Connects anew at once, with the microphone there is: the server was restarted, say. */
  reconnect() {
    if (this.#state === 'off' || this.#state === 'asking' || !this.#track) return;
    this.#attempt = 0;
    this.#connect();
  }

  /** @param {boolean} muted */
  mute(muted) {
    if (this.#muted === muted) return;
    this.#muted = muted;
    if (this.#track) this.#track.enabled = !muted;
    this.#tell('muted', { muted });
  }

  /** Lets sound play after 'gesture'; call it from a click or key. */
  async resume() {
    await this.#context?.resume().catch(() => {});
    await this.#play();
  }

  /**
   * What is plugged in. Labels are known once the microphone was allowed.
   * @returns {Promise<{microphones: Device[], speakers: Device[]}>}
   */
  async devices() {
    if (!navigator.mediaDevices) return { microphones: [], speakers: [] };
    const list = await navigator.mediaDevices.enumerateDevices();
    /** @param {string} kind */
    const of = (kind) => list.filter((d) => d.kind === kind && d.deviceId !== 'communications')
      .map((d) => ({ id: d.deviceId, label: d.label }));
    this.#devices = { microphones: of('audioinput'), speakers: of('audiooutput') };
    return this.#devices;
  }

  /**
   * Uses another microphone from now on, in a call too.
   * @param {string[]} labels  the preferred ones, best first; none there: the default
   */
  async useMicrophone(labels) {
    this.#options.microphones = labels;
    if (this.#state === 'off') return;
    try {
      await this.#capture();
    } catch (e) {
      throw asHeadsetError(e);
    }
  }

  /**
   * Uses another loudspeaker from now on.
   * @param {string[]} labels  the preferred ones, best first; none there: the default
   */
  async useSpeaker(labels) {
    this.#options.speakers = labels;
    await this.#inTurn(async () => {
      await this.devices();
      await this.#route();
    });
  }

  /**
   * Changes what the browser does with the voice.
   * @param {Processing} processing
   */
  async process(processing) {
    this.#options.processing = { ...this.#options.processing, ...processing };
    if (this.#track) await this.#capture();
  }

  /**
   * Does something with the devices, after what was begun before.
   * @template T
   * @param {() => Promise<T>} what
   * @returns {Promise<T>}
   */
  #inTurn(what) {
    const done = this.#turns.then(what);
    this.#turns = done.catch(() => {});
    return done;
  }

  // Microphone

  /** Gets the microphone, the best one by label, and puts it to use. */
  #capture() {
    const turn = this.#opened;
    return this.#inTurn(() => this.#take(turn));
  }

  /** @param {number} turn void if it is another by now */
  async #take(turn) {
    if (!navigator.mediaDevices?.getUserMedia) throw new HeadsetError('insecure');
    if (turn !== this.#opened) throw new HeadsetError('gone');
    const wanted = {
      echoCancellation: true, noiseSuppression: true, autoGainControl: true,
      ...this.#options.processing, channelCount: 1,
    };
    /** @param {MediaTrackConstraints} more */
    const get = async (more) => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...wanted, ...more }, video: false });
      return stream.getAudioTracks()[0];
    };
    // Labels are told only to a page that was allowed a microphone.
    let best = choose((await this.devices()).microphones, this.#options.microphones);
    let track = await get(best ? { deviceId: { exact: best.id } } : {});
    best = choose((await this.devices()).microphones, this.#options.microphones);
    if (best && best.label !== track.label) {
      track.stop();
      track = await get({ deviceId: { exact: best.id } });
    }
    if (turn !== this.#opened) {
      track.stop();
      throw new HeadsetError('gone');
    }
    const before = this.#track;
    this.#track = track;
    track.enabled = !this.#muted;
    track.addEventListener('ended', () => {
      if (this.#track === track) this.#lose('microphone', track.label);
    });
    this.#microphone = { id: track.getSettings().deviceId ?? '', label: track.label };
    this.#missing.microphone = false;
    await this.#speak();
    before?.stop();
    this.#measure();
    this.#tell('devices', this.#devices);
  }

  // Loudspeaker and meters

  /** @param {number} turn void if it is another by now */
  async #sound(turn) {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' });
    const context = this.#context;
    // A suspended one may never settle its promise: not waited for.
    context.onstatechange = () => this.#tell('gesture', { needed: context.state === 'suspended' });
    if (context.state === 'suspended') context.resume().catch(() => {});
    this.#measure();
    await this.#route();
    if (turn !== this.#opened) return; // closed meanwhile: nothing may run on
    this.#signalAt = performance.now();
    this.#look = window.setInterval(() => this.#looks(), LOOK_MS);
    this.#check = window.setInterval(() => void this.#checks(), CHECK_MS);
  }

  /** Meters the microphone by a copy of its track, which muting leaves alone. */
  #measure() {
    if (!this.#context || !this.#track) return;
    this.#spoken?.close();
    this.#meterTrack?.stop();
    this.#meterTrack = this.#track.clone();
    this.#meterTrack.enabled = true;
    this.#spoken = new Meter(this.#context, new MediaStream([this.#meterTrack]));
  }

  async #route() {
    const best = choose(this.#devices.speakers, this.#options.speakers);
    if ('setSinkId' in this.#audio) {
      try {
        await this.#audio.setSinkId(best?.id ?? '');
      } catch (e) {
        throw new HeadsetError('nospeaker', e);
      }
    }
    // The system's default is known by its label too, which names the device:
    // should it become another one, that is an unplugged headset.
    this.#speaker = best ?? this.#devices.speakers.find((d) => d.id === 'default') ?? null;
    this.#missing.speaker = false;
    this.#audio.muted = false;
    await this.#speak();
  }

  /** Sends what is said, or nothing at all while a device is gone: so the server sees it. */
  async #speak() {
    await this.#sender?.replaceTrack(this.missing ? null : this.#track);
  }

  async #play() {
    if (!this.#audio.srcObject) return;
    try {
      await this.#audio.play();
      this.#tell('gesture', { needed: false });
    } catch (e) {
      if (e instanceof DOMException && e.name === 'NotAllowedError') this.#tell('gesture', { needed: true });
    }
  }

  #looks() {
    const now = performance.now();
    const level = this.level;
    if (level > NO_SIGNAL_DB || this.#context?.state !== 'running') this.#signalAt = now;
    const none = now - this.#signalAt > NO_SIGNAL_MS;
    if (none !== this.#noSignal) {
      this.#noSignal = none;
      this.#tell('signal', { present: !none });
    }
    if (this.#muted && level > TALKING_DB && now - this.#talkingAt > 2000) {
      this.#talkingAt = now;
      this.#tell('talking', {});
    }
  }

  // Devices that come and go

  #listen() {
    const changed = () => void this.#inTurn(() => this.#replug()).catch(() => {});
    const online = () => { if (this.#state === 'lost') this.reconnect(); };
    // Tells the server at once; it would find out only half a second later.
    const hide = () => this.#disconnect();
    /** @param {PageTransitionEvent} e */
    const show = (e) => { if (e.persisted) this.reconnect(); };
    navigator.mediaDevices?.addEventListener('devicechange', changed);
    window.addEventListener('online', online);
    window.addEventListener('pagehide', hide);
    window.addEventListener('pageshow', show);
    this.#unlisten = () => {
      navigator.mediaDevices?.removeEventListener('devicechange', changed);
      window.removeEventListener('online', online);
      window.removeEventListener('pagehide', hide);
      window.removeEventListener('pageshow', show);
      this.#unlisten = () => {};
    };
  }

  async #replug() {
    const { microphones, speakers } = await this.devices();
    this.#tell('devices', this.#devices);
    const mic = this.#microphone;
    const ear = this.#speaker;
    if (mic && !this.#missing.microphone && !microphones.some((d) => d.label === mic.label)) {
      this.#lose('microphone', mic.label);
    }
    if (ear && !this.#missing.speaker && !speakers.some((d) => d.label === ear.label)) {
      this.#lose('speaker', ear.label);
    }
    // Only what was in use, or a preferred one, takes its place again.
    if (this.#missing.microphone && mic && known(microphones, [mic.label, ...(this.#options.microphones ?? [])])) {
      await this.#take(this.#opened).then(() => this.#tell('plugged', { kind: 'microphone', label: this.#microphone?.label }), () => {});
    }
    if (this.#missing.speaker && ear && known(speakers, [ear.label, ...(this.#options.speakers ?? [])])) {
      await this.#route().then(() => this.#tell('plugged', { kind: 'speaker', label: this.#speaker?.label }), () => {});
    }
  }

  /**
   * @param {'microphone'|'speaker'} kind
   * @param {string} label
   */
  #lose(kind, label) {
    if (this.#missing[kind]) return;
    this.#missing[kind] = true;
    if (kind === 'speaker') this.#audio.muted = true;
    void this.#speak();
    this.#tell('unplugged', { kind, label });
  }

  // Connection

  #connect() {
    this.#disconnect();
    const turn = this.#opened;
    const trying = new AbortController();
    this.#trying = trying;
    if (this.#state !== 'lost') this.#set('connecting');
    const wait = retryAfter(this.#attempt++);
    this.#retry = window.setTimeout(async () => {
      this.#limit = window.setTimeout(() => this.#again(trying, new HeadsetError('unreachable')), CONNECT_MS);
      try {
        await this.#negotiate(trying.signal);
      } catch (e) {
        if (turn !== this.#opened || trying.signal.aborted) return;
        const final = typeof e === 'object' && e !== null && 'final' in e && e.final === true;
        if (!final) return this.#again(trying, new HeadsetError('unreachable', e));
        this.#disconnect();
        this.#set('failed', new HeadsetError('refused', e));
      }
    }, wait);
  }

  /** @param {AbortSignal} signal */
  async #negotiate(signal) {
    const track = this.#track;
    if (!track) throw new HeadsetError('gone');
    const pc = new RTCPeerConnection({
      bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceServers: this.#options.iceServers ?? [],
    });
    this.#pc = pc;
    const trying = this.#trying;
    pc.addEventListener('track', (e) => {
      if (this.#pc !== pc) return;
      const stream = e.streams[0] ?? new MediaStream([e.track]);
      this.#audio.srcObject = stream;
      void this.#play();
      if (this.#context) {
        this.#heard?.close();
        this.#heard = new Meter(this.#context, stream);
      }
    });
    pc.addEventListener('connectionstatechange', () => {
      if (this.#pc !== pc || !trying) return;
      if (pc.connectionState === 'connected') {
        window.clearTimeout(this.#limit);
        this.#liveAt = performance.now();
        this.#path.begin();
        this.#set('live');
      } else if (pc.connectionState === 'failed' || pc.connectionState === 'closed') {
        this.#again(trying, new HeadsetError('unreachable'));
      }
    });
    const transceiver = pc.addTransceiver(track, { direction: 'sendrecv', streams: [new MediaStream([track])] });
    this.#sender = transceiver.sender;
    if (this.missing) await this.#speak();
    // What a telephone speaks, and nothing else.
    const g711 = RTCRtpReceiver.getCapabilities?.('audio')?.codecs.filter((c) => /^audio\/pcm[au]$/i.test(c.mimeType));
    if (g711?.length && transceiver.setCodecPreferences) transceiver.setCodecPreferences(g711);
    await pc.setLocalDescription();
    // The server says goodbye by DTLS, which shows nowhere else for seconds.
    const dtls = transceiver.sender.transport;
    dtls?.addEventListener('statechange', () => {
      if (this.#pc === pc && trying && dtls.state === 'closed') this.#again(trying, new HeadsetError('unreachable'));
    });
    // The server needs none of our addresses: it answers where our checks come from.
    const answer = await this.#options.exchange(pc.localDescription?.sdp ?? '', signal);
    if (signal.aborted || this.#pc !== pc) return;
    await pc.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /**
   * @param {AbortController} trying  void if it is not the present one any more
   * @param {HeadsetError} error
   */
  #again(trying, error) {
    if (trying !== this.#trying || trying.signal.aborted) return;
    // Not after a moment of life: what comes and goes at once is not tried at once.
    if (this.#state === 'live' && performance.now() - this.#liveAt > STEADY_MS) this.#attempt = 0;
    this.#set('lost', error);
    this.#connect();
  }

  #disconnect() {
    this.#trying?.abort();
    this.#trying = null;
    window.clearTimeout(this.#retry);
    window.clearTimeout(this.#limit);
    const pc = this.#pc;
    this.#pc = null;
    this.#sender = null;
    pc?.close();
    this.#heard?.close();
    this.#heard = null;
    this.#quality = unknownQuality();
    this.#path.reset();
  }

  /** Reads the figures, and connects anew when nothing comes from the server. */
  async #checks() {
    const pc = this.#pc;
    const trying = this.#trying;
    if (!pc || !trying || this.#state !== 'live') return;
    const q = await this.#path.read(pc, () => pc === this.#pc);
    if (!q) return;
    this.#quality = q;
    // RTCP comes every 2 s whatever is said.
    if (q.silentMS > STALE_MS) this.#again(trying, new HeadsetError('unreachable'));
  }

  #release() {
    window.clearInterval(this.#look);
    window.clearInterval(this.#check);
    this.#track?.stop();
    this.#meterTrack?.stop();
    this.#track = this.#meterTrack = null;
    this.#spoken?.close();
    this.#spoken = null;
    this.#audio.srcObject = null;
    void this.#context?.close().catch(() => {});
    this.#context = null;
    this.#microphone = null;
    this.#missing = { microphone: false, speaker: false };
    this.#noSignal = false;
  }

  /**
   * @param {HeadsetState} state
   * @param {HeadsetError|null} [error]
   */
  #set(state, error = null) {
    if (state === this.#state && error === this.#error) return;
    this.#state = state;
    this.#error = error;
    this.#tell('state', { state, error });
  }

  /**
   * @param {string} name
   * @param {object} detail
   */
  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

/**
 * How long to wait before a try: at once, then longer each time, with a spread,
 * so that a server that comes back does not meet all agents in one moment.
 * @param {number} attempt  0, 1, …
 * @param {() => number} [random]
 */
export function retryAfter(attempt, random = Math.random) {
  const ms = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
  return ms * (0.8 + 0.4 * random());
}
