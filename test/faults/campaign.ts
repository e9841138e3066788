import type { GeneratedMail } from '../support/mail/mail-generator.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { type DeskPlace, DeskProcess } from './desk-process.ts'
import type { FaultPath, Killed } from './fault-path.ts'
import { drawMoment, type Timing, type When } from './moment.ts'
import { type DeskPicture, differences, readPicture } from './picture.ts'

export interface Campaign {
  path: FaultPath
  mails: readonly GeneratedMail[]
  /** So many at random moments, or these. */
  kills: number | readonly When[]
  seed: number
  newPlace(): Promise<DeskPlace>
  /** Called with each place that is done with. */
  leave(place: DeskPlace, sound: boolean): Promise<void>
  onKill?(result: KillResult): void
}

export interface KillResult {
  path: string
  number: number
  moment: When
  /** Messages that were in hand and not stored when the process was killed. */
  inFlight: number
  /** Killed before anything was acknowledged, or after everything was. */
  when: 'before' | 'during' | 'after'
  /** What is not as it would be without the kill, in sentences. */
  failures: string[]
}

/** Kills a path again and again, each time on a new desk, and compares what comes out with an unkilled run. */
export async function runCampaign(campaign: Campaign): Promise<KillResult[]> {
  const { timing, unkilled } = await runUnkilled(campaign)
  const results: KillResult[] = []
  const { kills, path, seed } = campaign
  const drawn = (_: unknown, index: number) => drawMoment(new SeededRandom(`${seed} ${path.name} ${index + 1}`), timing)
  const moments = typeof kills === 'number' ? Array.from({ length: kills }, drawn) : kills
  for (const [index, moment] of moments.entries()) {
    const number = index + 1
    const result = await killOnce(campaign, number, moment, unkilled)
    campaign.onKill?.(result)
    results.push(result)
  }
  return results
}

async function runUnkilled({
  path,
  mails,
  newPlace,
  leave,
}: Campaign): Promise<{ timing: Timing; unkilled: DeskPicture }> {
  const place = await newPlace()
  const timing = await path.undisturbed(place)
  const unkilled = await readPicture(place)
  const problems = [...(await verify(place)), ...wrongConversations(mails, unkilled)]
  await leave(place, problems.length === 0)
  if (problems.length > 0) throw new Error(`${path.name} is wrong even without a kill: ${problems.join('\n')}`)
  return { timing, unkilled }
}

/** Each conversation must have become one ticket, with one acknowledgement. */
function wrongConversations(mails: readonly GeneratedMail[], { tickets }: DeskPicture): string[] {
  const written = Map.groupBy(mails, mail => mail.conversation)
  const found = new Set(tickets.map(ticket => ticket.replace(/ [0-9a-f]{12}(?=[ ,;])/g, '')))
  const wanted = [...written.values()].map(members => {
    const messageIds = new Set(members.map(mail => mail.messageId))
    return `${[...messageIds].sort().join(', ')}; acknowledged 1 times`
  })
  return [
    ...(tickets.length === wanted.length ? [] : [`${tickets.length} tickets instead of ${wanted.length}`]),
    ...wanted.filter(ticket => !found.has(ticket)).map(ticket => `these should be one ticket: ${ticket}`),
  ]
}

async function killOnce(
  { path, mails, newPlace, leave }: Campaign,
  number: number,
  moment: When,
  unkilled: DeskPicture,
): Promise<KillResult> {
  const place = await newPlace()
  const result: KillResult = { path: path.name, number, moment, inFlight: 0, when: 'during', failures: [] }
  const { failures } = result
  try {
    const killed = await path.killed(place, moment)
    const there = new Set((await readPicture(place)).messageIds)
    failures.push(...lostOnes(mails, killed, there))
    const stored = await path.carryOn(place, killed)
    const uncommitted = killed.begun.filter(position => !there.has(mails[position]?.messageId ?? '')).length
    result.inFlight = Math.min(uncommitted, stored)
    if (killed.answered.size === 0) result.when = 'before'
    else if (killed.answered.size === mails.length) result.when = 'after'
    failures.push(...(await verify(place)), ...differences(unkilled, await readPicture(place)))
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  }
  await leave(place, failures.length === 0)
  return result
}

/** What was acknowledged must be stored, whatever happened a moment later. */
function lostOnes(mails: readonly GeneratedMail[], { answered }: Killed, there: Set<string>): string[] {
  return [...answered]
    .map(position => mails[position])
    .filter(mail => mail !== undefined && !there.has(mail.messageId))
    .map(mail => `${mail?.file} was acknowledged and is not stored`)
}

/** `relaydesk verify`, as an operator would. */
async function verify(place: DeskPlace): Promise<string[]> {
  const desk = new DeskProcess(place, ['verify', '--json'])
  const code = await desk.exitCode()
  const said = JSON.parse(desk.lines.join('\n') || '{}') as { unaccounted?: number; problems?: string[] }
  return [
    ...(code === 0 ? [] : [`verify ended with ${code}: ${desk.errors}`]),
    ...(said.unaccounted === 0 ? [] : [`verify counts ${said.unaccounted} unaccounted arrivals`]),
    ...(said.problems ?? []),
  ]
}
