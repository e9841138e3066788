/** An event as it was stored, read by the slow model as it stands there. */
export interface ReadEvent {
  ticketId: string
  seq: number
  at: string
  actorId: string | null
  channel: string
  type: string
  data: Record<string, unknown>
}

/** Names an event for who reads of a failure. */
export function eventInWords(ref: string, { seq, type, data, at, actorId, channel }: ReadEvent): string {
  return `${ref}, event ${seq}, ${type} ${JSON.stringify(data)} by ${actorId ?? 'the desk'} at ${at} (${channel})`
}
