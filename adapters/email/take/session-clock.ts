// Ends SMTP sessions that make no progress.
import type { SMTPServer, SMTPServerSession } from 'smtp-server'

/** How long a client may take, in milliseconds. */
export interface SessionTimes {
  /** Until it has greeted. */
  greeting: number
  /** From one mail to the next, or until the first: whatever it says meanwhile is no progress. */
  idle: number
  /** For all bytes of a mail (RFC 5321 section 4.5.3.2.6 has the client wait as long for our answer to them). */
  data: number
}

const TIMES: SessionTimes = { greeting: 30_000, idle: 5 * 60_000, data: 10 * 60_000 }

/**
 * Ends sessions that make no progress. A timeout that begins again with each byte does not: whoever drips would keep
 * its place for as long as it likes.
 */
export class SessionClock {
  readonly #server: () => SMTPServer | undefined
  readonly #times: SessionTimes
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(server: () => SMTPServer | undefined, times: SessionTimes = TIMES) {
    this.#server = server
    this.#times = times
  }

  connected(session: SMTPServerSession): void {
    this.#start(session, this.#times.greeting, () => {
      if (session.hostNameAppearsAs) this.waits(session)
      else this.#end(session, 'You did not send a greeting in time')
    })
  }

  /** For its next mail. */
  waits(session: SMTPServerSession): void {
    const minutes = Math.round(this.#times.idle / 60_000)
    this.#start(session, this.#times.idle, () =>
      this.#end(session, `You sent no mail for ${minutes} minutes: connect again when you have some`),
    )
  }

  sends(session: SMTPServerSession): void {
    const minutes = Math.round(this.#times.data / 60_000)
    this.#start(session, this.#times.data, () =>
      this.#end(session, `The mail took more than ${minutes} minutes: send it faster, or a smaller one`),
    )
  }

  /** It has done its part, and waits for us; or it is gone. */
  stop(session: SMTPServerSession): void {
    clearTimeout(this.#timers.get(session.id))
    this.#timers.delete(session.id)
  }

  #start(session: SMTPServerSession, milliseconds: number, then: () => void): void {
    this.stop(session)
    this.#timers.set(session.id, setTimeout(then, milliseconds).unref())
  }

  #end({ id }: SMTPServerSession, why: string): void {
    this.#timers.delete(id)
    for (const connection of this.#server()?.connections ?? []) {
      if (connection.id === id) connection.send(421, `4.4.2 ${why}`)
    }
  }
}
