// The kinds of tickets.

/** `incident`: something is broken. `request`: someone wants something. */
export const TICKET_KINDS = ['incident', 'request'] as const
export type TicketKind = (typeof TICKET_KINDS)[number]
