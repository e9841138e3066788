/** What the slow model knows. It shares no code with the desk, and keeps all in plain words, sets and maps. */

export type State =
  | 'new'
  | 'open'
  | 'waiting-on-requester'
  | 'waiting-on-third-party'
  | 'scheduled'
  | 'resolved'
  | 'closed'

export interface SlowTicket {
  id: string
  number: number
  state: State
  desk: string
  requester: string
  owner: string | null
  /** Who is asked to take it over, and until when. */
  offer: { to: string; until: string } | null
  helpers: Set<string>
  kind: string | null
  category: string | null
  impact: string | null
  urgency: string | null
  priority: string | null
  raised: boolean
  tags: Set<string>
  fields: Map<string, string>
  openedAt: string
  updatedAt: string
  firstResponseAt: string | null
  resumeAt: string | null
  expectedAt: string | null
  resolvedAt: string | null
  closedAt: string | null
  mergedInto: string | null
  /** What it was when it became part of another. */
  beforeMerge: { state: State; resumeAt: string | null; at: string } | null
}

/** What the desk of the run knows besides its tickets. */
export interface Staff {
  /** Ids of agents. */
  agents: ReadonlySet<string>
  leads: ReadonlySet<string>
  /** Ids of requesters whose urgency counts higher. */
  vips: ReadonlySet<string>
  handles: ReadonlyMap<string, string>
}

/** What the other is to the ticket. */
export interface SlowLink {
  ticket: string
  kind: string
  other: string
}

export class SlowWorld {
  readonly staff: Staff
  readonly tickets = new Map<string, SlowTicket>()
  readonly #links = new Map<string, Set<string>>()

  constructor(staff: Staff) {
    this.staff = staff
  }

  /** The ticket that this one is part of in the end. A circle of merges ends the walk. */
  endOf(ticket: SlowTicket): SlowTicket | 'circle' {
    const seen = new Set<SlowTicket>()
    for (let now = ticket; ; ) {
      if (seen.has(now)) return 'circle'
      seen.add(now)
      const into = now.mergedInto === null ? undefined : this.tickets.get(now.mergedInto)
      if (!into) return now
      now = into
    }
  }

  hasLink({ ticket, kind, other }: SlowLink): boolean {
    return this.#links.get(ticket)?.has(`${kind} ${other}`) ?? false
  }

  link({ ticket, kind, other }: SlowLink): void {
    this.#links.set(ticket, (this.#links.get(ticket) ?? new Set()).add(`${kind} ${other}`))
  }

  unlink({ ticket, kind, other }: SlowLink): void {
    this.#links.get(ticket)?.delete(`${kind} ${other}`)
  }

  linksOf(ticket: string): SlowLink[] {
    const links = [...(this.#links.get(ticket) ?? [])].map(link => link.split(' '))
    return links.map(([kind = '', other = '']) => ({ ticket, kind, other }))
  }

  parentOf(ticket: string): string | undefined {
    return this.linksOf(ticket).find(link => link.kind === 'parent')?.other
  }

  /** Whether a ticket is above itself. */
  isInCircle(id: string): boolean {
    const seen = new Set<string>()
    for (let above = this.parentOf(id); above !== undefined && !seen.has(above); above = this.parentOf(above)) {
      if (above === id) return true
      seen.add(above)
    }
    return false
  }
}
