/**
 * What the API sends; the names and meanings are those of campaign/event.go.
 * Types only: nothing here runs.
 *
 * @typedef {{code: string, text: string, until?: string, name?: string}} Reason
 * @typedef {{name: string, value: string}} Field
 * @typedef {{campaign: string, stage: 'loaded'|'started', mode: string, description?: string}} Popup
 * @typedef {{at: string, personal?: boolean, agreed?: boolean}} Callback
 * @typedef {{result: string, quick?: boolean}} OfferedResult
 * @typedef {{name: string, kind?: string, final?: boolean, children?: Disposition[]}} Disposition
 *
 * @typedef {{code?: string, text: string, args?: Saying[]}} Saying
 * @typedef {{place?: string, key?: string, what: Saying, how: Saying}} DocumentProblem
 * @typedef {object} AgentView
 * @property {string} agent
 * @property {string} status
 * @property {string} [reason]
 * @property {string} since
 * @property {string} [after]
 * @property {string} [after_reason]
 * @property {string} [chosen] her own status, while a call's after-call work stands for it
 * @property {string} [chosen_reason]
 * @property {boolean} [engaged]
 * @property {string} [team]
 * @property {string[]} joined
 * @property {Popup[]} popups
 * @property {string} [interaction]
 * @property {Reason} [idle]
 * @property {string} [undo_until]
 * @property {'up'|'lost'|'missing'} [headset]
 * @property {Reason} [headset_why]
 * @property {Reason} [notice]
 *
 * @typedef {object} Content
 * @property {string} [record_id]
 * @property {string} [list]
 * @property {string} [name]
 * @property {string} [number]
 * @property {string} [time_zone]
 * @property {string} [window]
 * @property {number} [attempts]
 * @property {Field[]} [preview]
 * @property {Field[]} [case]
 * @property {Field[]} [record]
 * @property {Field[]} [fields]
 * @property {{number: string, type?: string}[]} [others] other numbers of the contact
 *
 * @typedef {object} Interaction
 * @property {string} id
 * @property {'campaign'|'manual'|'inbound'|'consult'} kind
 * @property {string} state
 * @property {string} agent
 * @property {string} [from]
 * @property {string} [campaign]
 * @property {string} [mode]
 * @property {string} [attempt]
 * @property {boolean} [blank]
 * @property {string} [until]
 * @property {number} declined
 * @property {Field[]} [case]
 * @property {Content} [content]
 * @property {string} [call_status]
 * @property {boolean} [held]
 * @property {boolean} [remote_held]
 * @property {boolean} [muted]
 * @property {boolean} [recording]
 * @property {'announcing'|'on'|'paused'|'stopped'|'deleted'} [recording_state]
 * @property {Reason} [recording_bar]
 * @property {boolean} [recording_ask]
 * @property {string} [recording_until]
 * @property {'given'|'refused'} [consent]
 * @property {string} [dialed_at]
 * @property {string} [ringing_at]
 * @property {string} [answered_at]
 * @property {string} [joined_at]
 * @property {string} [ended_at]
 * @property {string} [ended_by]
 * @property {number} [sip_status]
 * @property {string} [dialer_result]
 * @property {string} [result]
 * @property {string} [disposition]
 * @property {string} [note]
 * @property {boolean} [no_call]
 * @property {Callback} [callback]
 * @property {boolean} [overtime]
 * @property {number} [extended] how often after-call work got more time
 * @property {number} [may_extend] how often it still may
 * @property {number} [extend_ms]
 * @property {Reason} [reason]
 * @property {{with: string, conference?: boolean}} [consult]
 * @property {'answering-machine'|'beep'|'fax'|'silence'} [heard] what it sounds like: advice
 *
 * @typedef {object} CampaignView
 * @property {string} name
 * @property {string} [description]
 * @property {string} [greeting]
 * @property {string} mode
 * @property {number} priority
 * @property {'unloaded'|'loaded'|'running'} state
 * @property {Reason} [pause]
 * @property {string[]} joined
 * @property {Reason} [idle]
 * @property {Reason} [pacing]
 * @property {{mode: string, answered: number, handling: number, agents: number, one_to_one: number, ahead: number}} [advice]
 * @property {boolean} asked
 * @property {string} [next]
 * @property {number} waiting
 * @property {number} in_work
 * @property {OfferedResult[]|null} results
 * @property {Disposition[]} [dispositions]
 *
 * @typedef {object} FloorEvent
 * @property {number} n
 * @property {string} at
 * @property {string} kind
 * @property {string} [agent]
 * @property {string} [campaign]
 * @property {string} [interaction]
 * @property {string} [text]
 * @property {Reason} [reason]
 * @property {AgentView} [agent_view]
 * @property {Interaction} [interaction_view]
 * @property {CampaignView} [campaign_view]
 * @property {Popup} [popup]
 *
 * @typedef {{state: string, since?: string, text?: string, code?: string}} Link
 * @typedef {object} Snapshot
 * @property {number} n
 * @property {string} epoch
 * @property {string} at
 * @property {AgentView|null} me
 * @property {AgentView[]} [agents]
 * @property {CampaignView[]} campaigns
 * @property {Interaction[]} interactions
 * @property {Interaction[]} recent
 * @property {boolean} [viewer]
 * @property {string} [elsewhere]
 * @property {boolean} [draining]
 * @property {{[name: string]: Link}} [links]
 * @property {string[]} [not_ready]
 *
 * @typedef {object} Session
 * @property {string} user
 * @property {string} role
 * @property {boolean} [engaged]
 * @property {string} csrf
 * @property {string} [expires_at]
 * @property {string} [version]
 * @property {string} [language]
 * @property {string[]} [favourites]
 * @property {string} [headset]
 * @property {boolean} [has_password]
 * @property {{given: boolean, at: string, by: string}} [recording_consent]
 * @property {string} [team]
 *
 * @typedef {{script?: string, greeting?: string, description?: string, link?: string, not_ready?: string[], recording?: string}} Texts
 * @typedef {{path: string, title: string, text: string}} Response_
 * @typedef {{codec?: string, loss?: number, jitter_ms?: number, rtt_ms?: number, mos?: number, remote_loss?: number}} Leg
 * @typedef {{contact?: Leg, headset?: Leg}} Quality
 * @typedef {object} ContactRow
 * @property {string} [list]
 * @property {string} [record_id]
 * @property {string} [name]
 * @property {string} [number]
 * @property {(Field & {locked?: boolean})[]} [fields]
 * @property {string} [id]
 * @property {string} [customer_id]
 * @property {string} [time_zone]
 * @property {{number?: string, type?: string, list?: string}[]} [numbers]
 * @property {string} [changed]
 * @property {string} [changed_by]
 *
 * @typedef {{id: string, at: string, from?: string, to: string, name?: string, code?: string, text: string, read: boolean, sent_to?: number, read_by?: number}} Message
 *
 * @typedef {object} PastCall
 * @property {{until: string, result?: string, disposition?: string, note?: string}[]} [was]
 * @property {string} [id]
 * @property {string} [attempt]
 * @property {string} [name]
 * @property {string} [number]
 * @property {string} [campaign]
 * @property {string} [agent]
 * @property {string} [dialed_at]
 * @property {string} [answered_at]
 * @property {string} [ended_at]
 * @property {string} [result]
 * @property {string} [disposition]
 * @property {string} [note]
 * @property {boolean} [inbound] the contact called us
 * @property {'kept'|'deleted'} [recording]
 * @property {'given'|'refused'} [consent]
 *
 * @typedef {object} WorkItem
 * @property {string} [list]
 * @property {string} [record_id]
 * @property {string} [name]
 * @property {string} [number]
 * @property {string} [campaign]
 * @property {string} [kind]
 * @property {string} [at]
 * @property {boolean} [personal]
 * @property {string} [note]
 *
 * Reports, see campaign/daily.go and proof.go; the dossier, see campaign/person.go.
 *
 * @typedef {{campaign?: string, dialled: number, reached_gross: number, reached_net: number, successes: number, refusals: number, successes_per_hour: number, talk_ms: number, after_call_ms: number, pause_ms: number, live_answers: number, abandoned: number, abandoned_of_live: number, abandoned_of_all: number, callbacks_open: number, callbacks_overdue: number, records: number, used: number, left: number}} DayFigures
 * @typedef {{agent?: string, team?: string, calls: number, reached_net: number, successes: number, successes_per_hour: number, talk_ms: number, logged_in_ms: number, ready_ms: number, handling_ms: number, after_call_ms: number, pause_ms: number, pauses?: {[reason: string]: number}}} AgentFigures
 * @typedef {{list: string, records: number, used: number, left: number, callbacks_open: number, callbacks_overdue: number, statuses: {[name: string]: number}, results: {[name: string]: number}}} ListFigures
 * @typedef {{day: string, total: DayFigures, campaigns: DayFigures[], agents: AgentFigures[], lists: ListFigures[]}} DayReport
 * @typedef {{n: number, at: string, who: string, what: string, about?: string, old?: string, new?: string, reason?: string, sum: string}} AuditEntry
 * @typedef {{attempt: string, answered_at: string, stayed_ms: number, ended_by?: string, announced_at?: string, announced_to_end_at?: string}} AbandonedCall
 * @typedef {{from: string, until?: string, code: string, text: string}} Fallback
 * @typedef {{campaign: string, day: string, attempts: number, live_answers: number, abandoned: number, abandoned_of_live: number, abandoned_of_all: number, answer_to_agent_p50_ms: number, answer_to_agent_p95_ms: number, answer_to_agent_max_ms: number, over_2s: number, announcement?: string, announced_whole?: number, max_abandoned: number, guard_refusals: number, max_abandoned_moved?: AuditEntry[], fallbacks?: Fallback[], calls: AbandonedCall[], checksum: string}} AbandonmentProof
 * @typedef {{id: string, campaign?: string, phone: string, agent?: string, call_result?: string, disposition?: string, dialed_at?: string, joined_at?: string, ended_by?: string, recording?: string, note?: string, ring_ms: number, agent_delay_ms?: number, contact_ms?: number}} DossierAttempt
 * @typedef {{id: string, at: string, by: string, reason?: string, counts: {[name: string]: number}, kept: string[], exports?: string[], done_at?: string}} Erasure
 *
 * @typedef {{column: string, field?: string}} ImportColumn
 * @typedef {{lines: number, imported: number, skipped: number, twice?: number, repaired: number, filled?: number, elsewhere: number, in_lists?: {[name: string]: number}, duplicate_ids?: number, bad: number, bad_lines?: {line: number, column?: string, reason: string}[], dry_run?: boolean, columns?: ImportColumn[], types?: {[name: string]: number}, statuses?: {[name: string]: number}, results?: {[name: string]: number}, called?: number, blocked?: number, owners?: {[name: string]: number}, unknown_owners?: string[]}} ImportResult
 *
 * @typedef {object} Dossier
 * @property {string} number
 * @property {string} made_at
 * @property {string[]} persons
 * @property {string[]} numbers
 * @property {{list: string, id: string, phone: string, name?: string, status: string, call_result: string, attempts: number, note?: string, fields?: {[name: string]: string}}[]} records
 * @property {{number?: string, customer_id?: string, name?: string, by?: string, changed?: string, fields?: {[name: string]: string}}[]} contacts
 * @property {{list?: string, record?: string, at?: string, text?: string, source?: string, reference?: string, revoked?: string, locked?: boolean}[]} consent
 * @property {DossierAttempt[]} attempts
 * @property {{at: string, last: string, times: number, campaign?: string, number: string, code: string, text: string}[]} refusals
 * @property {{number?: string, person?: string, campaign?: string, client?: string, at: string, by?: string, wording?: string, hashed?: boolean}[]} do_not_call
 * @property {AuditEntry[]} audit
 * @property {AuditEntry[]} exports
 * @property {Erasure[]} erasures
 */
export {};
