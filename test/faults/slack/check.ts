import type { Verification } from '../../../src/flow/upkeep/verify.ts'
import type { Message } from '../../support/slack/shapes.ts'
import { DeskProcess } from '../desk-process.ts'
import type { Cast } from './cast.ts'
import { readSlackPicture, type SlackPicture, wantedTexts } from './picture.ts'
import type { Plan, Step } from './plan.ts'
import type { SlackScene } from './scene.ts'

const SLOWEST_VERIFY_MS = 120_000

/** What came out of a run. */
export interface Found {
  picture: SlackPicture
  tickets: number
  stored: number
  /** What was told again and changed nothing. */
  duplicates: number
  acknowledgements: number
  cards: number
  /** Below cards. */
  entries: number
  failures: string[]
}

/** Stops the desk and looks at what it holds and at what it wrote. `everyAnswer`: all that was to leave must have left. */
export async function checkRun(scene: SlackScene, plan: Plan, cast: Cast, everyAnswer: boolean): Promise<Found> {
  const failures: string[] = []
  if (!scene.deskRuns) failures.push('the desk ended by itself')
  const code = await scene.stopDesk()
  if (code !== 0) failures.push(`the desk ended with ${code} when told to stop`)
  const { workspace } = scene.stand
  const names = new Map([...workspace.people.values()].map(({ id, name }) => [`${workspace.team.id}/${id}`, name]))
  const labels = new Map([...cast.ids].map(([label, id]) => [id, label]))
  const picture = await readSlackPicture(scene.watch.view, { labels, names })
  const verified = await verify(scene)
  failures.push(...verified.failures, ...(await standingAlarms(scene)), ...arrivalFailures(scene, plan, cast, picture))
  failures.push(...differences('that should be there', wantedTexts(plan.stories), picture.tickets))
  const written = await writtenByDesk(scene, everyAnswer)
  failures.push(...written.failures)
  const stored = picture.arrivals.filter(({ outcome }) => outcome === 'opened' || outcome === 'appended').length
  return { picture, tickets: picture.tickets.length, stored, duplicates: verified.duplicates, ...written, failures }
}

/** What is in one and not in the other, in sentences. */
export function differences(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const there = new Set(found)
  const expected = new Set(wanted)
  return [
    ...wanted.filter(each => !there.has(each)).map(each => `missing, of the tickets ${what}: ${each}`),
    ...found.filter(each => !expected.has(each)).map(each => `none of the tickets ${what}: ${each}`),
    ...(found.length > there.size ? [`${found.length - there.size} tickets twice`] : []),
  ]
}

/** Each message has one outcome, and nothing is stored that nobody told the desk. */
function arrivalFailures({ stand, ledger }: SlackScene, { order }: Plan, cast: Cast, picture: SlackPicture): string[] {
  const outcomes = new Map(picture.arrivals.map(({ id, outcome }) => [id, outcome]))
  const failures: string[] = []
  const expected = new Set<string>()
  for (const { story, step } of order) {
    // An edit that made a message the desk's is, told once more, an edit that changes nothing.
    if (step.what === 'edit' && story.wanted) expected.add(cast.ids.get(step.label) ?? '')
    if (!isKept(step, story.wanted?.says[step.label] !== undefined)) continue
    const id = cast.ids.get(step.label) ?? step.label
    expected.add(id)
    const outcome = outcomes.get(id)
    if (outcome === undefined) failures.push(`lost: ${step.what} ${step.label} (${id})`)
    else if (outcome !== 'opened' && outcome !== 'appended') failures.push(`${step.what} ${step.label} is ${outcome}`)
  }
  const posted = (id: string) => {
    const [, channel = '', ts = ''] = id.split('/')
    return ledger.message(channel, ts)?.bot_id === stand.workspace.bot.botId
  }
  for (const { id, outcome } of picture.arrivals) {
    if (expected.has(id) || (outcome === 'ignored:own-message' && posted(id))) continue
    failures.push(`nobody told the desk of ${id}, which is ${outcome}`)
  }
  return failures
}

function isKept({ what, idle }: Step, isSaid: boolean): boolean {
  if (isSaid) return true
  return !idle && (what === 'edit' || what === 'remove')
}

/** Whatever was to be written stands there once, and nothing else does. */
async function writtenByDesk(scene: SlackScene, everyAnswer: boolean) {
  const { watch, ledger } = scene
  const sent = await watch.view.rows<{ id: string; kind: string; state: string; ticket: string; card: string | null }>(
    `SELECT o.id AS id, o.kind AS kind, r.state AS state, o.ticket_id AS ticket, c.place AS card
     FROM outbox o JOIN outbox_recipients r ON r.outbox_id = o.id LEFT JOIN cards c ON c.ticket_id = o.ticket_id
     WHERE o.channel = 'slack'`,
  )
  const cards = await watch.view.rows<{ id: string; place: string | null }>('SELECT ticket_id AS id, place FROM cards')
  const events = await watch.view.rows<{ id: string }>(
    `SELECT e.ticket_id || ' ' || e.seq AS id FROM events e WHERE e.type = 'received'`,
  )
  const failures: string[] = []
  const known = new Set<string>()
  const expect = (
    type: 'message' | 'card' | 'entry',
    id: string,
    what: string,
    isThere: boolean,
  ): Message | undefined => {
    known.add(`relaydesk_${type} ${id}`)
    const posted = ledger.posted(`relaydesk_${type}`, id)
    if (posted.length > 1 || (isThere && posted.length === 0))
      failures.push(`${what} was posted ${posted.length} times`)
    return posted[0]
  }
  for (const { id, kind, state, ticket } of sent ?? []) {
    if (everyAnswer && state !== 'sent') failures.push(`the ${kind} of ${ticket} is ${state}`)
    expect('message', id, `the ${kind} of ${ticket}`, state === 'sent')
  }
  for (const { id, place } of cards ?? []) {
    if (everyAnswer && place === null) failures.push(`${id} has no card`)
    const card = expect('card', id, `the card of ${id}`, place !== null)
    if (card && place && !place.endsWith(`/${card.ts}`))
      failures.push(`the card of ${id} is not where it is thought to be`)
  }
  for (const { id } of events ?? []) expect('entry', id, `what is told below the card of ${id}`, everyAnswer)
  for (const [key, posts] of ledger.marked) {
    if (!known.has(key) && !key.startsWith('relaydesk_entry')) failures.push(`nobody ordered ${key}`)
    if (!known.has(key) && posts.length > 1) failures.push(`${key} was posted ${posts.length} times`)
  }
  const acknowledgements = (sent ?? []).filter(each => each.kind === 'acknowledgement' && each.state === 'sent').length
  const count = (type: string) => [...ledger.marked.keys()].filter(key => key.startsWith(`relaydesk_${type} `)).length
  return { failures, acknowledgements, cards: count('card'), entries: count('entry') }
}

async function verify({ place }: SlackScene): Promise<{ failures: string[]; duplicates: number }> {
  const desk = new DeskProcess(place, ['verify', '--json'])
  const code = await desk.exitCode(SLOWEST_VERIFY_MS)
  const said = JSON.parse(desk.lines.join('\n') || '{}') as Partial<Verification>
  const sound = code === 0 && said.unaccounted === 0
  const failures = [...(sound ? [] : [`verify ended with ${code}: ${desk.errors}`]), ...(said.problems ?? [])]
  return { failures, duplicates: said.outcomes?.duplicate ?? 0 }
}

async function standingAlarms({ place }: SlackScene): Promise<string[]> {
  const desk = new DeskProcess(place, ['alarms', '--json'])
  await desk.exitCode()
  const alarms = JSON.parse(desk.lines.join('\n') || '[]') as { sentence: string }[]
  return alarms.map(({ sentence }) => `open alarm: ${sentence}`)
}
