import type { GeneratedMail } from '../support/mail/mail-generator.ts'
import { freePort } from '../support/ports.ts'
import { configure, type DeskPlace, DeskProcess } from './desk-process.ts'
import { type FaultPath, isStored, type Killed } from './fault-path.ts'
import { KillClock, Stopwatch, type Timing, type When } from './moment.ts'
import { sendAll } from './smtp-sender.ts'
import { struck } from './strike.ts'

const READY = 'Relaydesk is ready'
const SLOWEST_STOP_MS = 20_000

/** The listener of `relaydesk start`; after a kill the sender sends again what got no 250. */
export class SmtpPath implements FaultPath {
  readonly name = 'smtp'
  readonly #mails: readonly GeneratedMail[]

  constructor(mails: readonly GeneratedMail[]) {
    this.#mails = mails
  }

  async undisturbed(place: DeskPlace): Promise<Timing> {
    const stopwatch = new Stopwatch()
    await this.#toTheEnd(place, new Set(), () => stopwatch.answered())
    return stopwatch.timing
  }

  async killed(place: DeskPlace, when: When): Promise<Killed> {
    const answered = new Set<number>()
    let desk: DeskProcess | undefined
    const clock = new KillClock(when, () => desk?.kill('SIGKILL'))
    const onSpawn = (process: DeskProcess) => {
      desk = process
      clock.reached(0)
    }
    const started = await startListener(place, onSpawn, 'at' in when ? struck(when) : {})
    const sent = await sendAll(started.port, this.#mails, answered, () => clock.reached(answered.size))
    clock.giveUpWaiting()
    const { code } = await started.desk.ended
    if (code !== null) throw new Error(`the desk ended with ${code} before its kill: ${started.desk.errors}`)
    if (sent.refusals.length > 0) throw new Error(`the listener refused ${sent.refusals.join(', ')}`)
    return { answered, begun: sent.withoutReply }
  }

  carryOn(place: DeskPlace, killed: Killed): Promise<number> {
    return this.#toTheEnd(place, new Set(killed.answered), () => undefined)
  }

  async #toTheEnd(place: DeskPlace, answered: Set<number>, onAnswer: () => void): Promise<number> {
    const { desk, port } = await startListener(place, () => undefined)
    let stored = 0
    const { refusals } = await sendAll(port, this.#mails, answered, outcome => {
      onAnswer()
      if (isStored(outcome)) stored += 1
    })
    desk.kill('SIGTERM')
    const code = await desk.exitCode(SLOWEST_STOP_MS)
    const left = this.#mails.length - answered.size
    if (left > 0) throw new Error(`${left} messages got no 250: ${refusals.join(', ') || desk.errors}`)
    if (code !== 0) throw new Error(`the desk ended with ${code} when told to stop: ${desk.errors}`)
    return stored
  }
}

/** Starts the desk. Resolves when it is ready, or killed before. */
async function startListener(
  place: DeskPlace,
  onSpawn: (desk: DeskProcess) => void,
  env: Record<string, string> = {},
): Promise<{ desk: DeskProcess; port: number }> {
  const port = await freePort()
  await configure(place, { host: '127.0.0.1', port })
  const desk = new DeskProcess(place, ['start'], env)
  onSpawn(desk)
  const ready = new Promise<undefined>(resolve => {
    desk.onLine = line => line.startsWith(READY) && resolve(undefined)
  })
  const ended = await Promise.race([ready, desk.ended])
  if (!ended || ended.signal === 'SIGKILL') return { desk, port }
  throw new Error(`the desk did not start (${ended.code ?? ended.signal}): ${desk.errors}`)
}
