// Where somebody pressed something, so that they are answered there.
import type { ActionPayload } from '../api/payloads.ts'
import type { FormMeta } from '../blocks/form-view.ts'
import { placeOf, readPlace } from '../workspace.ts'

/** Where somebody pressed something, so that they can be answered there. */
export interface InteractionOrigin {
  user: string
  /** None on the app's home and in a form. */
  channel?: string | undefined
  /** The message with what was pressed, and the first message of its thread. */
  ts?: string | undefined
  thread?: string | undefined
  /** The message is shown to this person alone. */
  ephemeral?: boolean | undefined
  replyUrl?: string | undefined
  /** What stands on what was pressed. */
  label?: string | undefined
}

export function originOf(payload: ActionPayload): InteractionOrigin {
  const { user, channel, container, message, response_url: replyUrl, actions } = payload
  const [pressed] = actions
  return {
    user: user.id,
    channel: channel?.id ?? container?.channel_id,
    ts: message?.ts ?? container?.message_ts,
    thread: message?.thread_ts ?? container?.thread_ts,
    ephemeral: container?.is_ephemeral ?? false,
    replyUrl,
    label: (pressed.selected_option?.text ?? pressed.text)?.text,
  }
}

/** The conversation it was pressed in, as the desk knows it; undefined outside of one. */
export function threadAt(team: string, { channel, ts, thread, ephemeral }: InteractionOrigin): string | undefined {
  const first = thread ?? (ephemeral ? undefined : ts)
  return channel === undefined || first === undefined ? undefined : placeOf({ team, channel, ts: first })
}

const LABEL = 75
const URL_LENGTH = 500

/** What a form keeps of it beside its line. */
export function metaOfOrigin({
  channel,
  ts,
  thread,
  ephemeral,
  replyUrl,
  label,
}: InteractionOrigin): Omit<FormMeta, 'line'> {
  const meta = {
    channel,
    ts,
    thread,
    alone: ephemeral ? 'yes' : undefined,
    url: (replyUrl?.length ?? 0) <= URL_LENGTH ? replyUrl : undefined,
    label: label?.slice(0, LABEL),
  }
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined)) as Record<string, string>
}

/** What the form kept. A place that is none of Slack's is none. */
export function originFromMeta(user: string, meta: Record<string, string>): InteractionOrigin {
  const { channel = '', ts = '', thread = '', alone, url, label } = meta
  const place = readPlace(placeOf({ team: 'T0', channel, ts }))
  const parent = readPlace(placeOf({ team: 'T0', channel, ts: thread }))
  return {
    user,
    channel: /^[CDG][A-Z0-9]{1,20}$/.test(channel) ? channel : undefined,
    ts: place?.ts,
    thread: parent?.ts,
    ephemeral: alone === 'yes',
    replyUrl: url,
    label,
  }
}
