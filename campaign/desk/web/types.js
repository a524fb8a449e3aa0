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
 * @typedef {object} AgentView
 * @property {string} agent
 * @property {string} status
 * @property {string} [reason]
 * @property {string} since
 * @property {string} [after]
 * @property {string} [after_reason]
 * @property {boolean} [engaged]
 * @property {string} [team]
 * @property {string[]} joined
 * @property {Popup[]} popups
 * @property {string} [interaction]
 * @property {Reason} [idle]
 * @property {string} [undo_until]
 * @property {'up'|'lost'|'missing'} [headset]
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
 * @property {'on'|'paused'|'stopped'|'deleted'} [recording_state]
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
 * @typedef {{state: string, since?: string, text?: string}} Link
 * @typedef {object} Snapshot
 * @property {number} n
 * @property {string} at
 * @property {AgentView|null} me
 * @property {AgentView[]} [agents]
 * @property {CampaignView[]} campaigns
 * @property {Interaction[]} interactions
 * @property {Interaction[]} recent
 * @property {boolean} [viewer]
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
 *
 * @typedef {{script?: string, greeting?: string, description?: string, link?: string, not_ready?: string[], recording?: string}} Texts
 * @typedef {{path: string, title: string, text: string}} Response_
 * @typedef {{codec?: string, loss?: number, jitter_ms?: number, rtt_ms?: number, mos?: number}} Leg
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
 */
export {};
