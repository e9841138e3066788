import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TicketEvent } from '../../src/core/ticket/ticket-event.ts'
import { recordEvent, type Ticket, ticketsAfter } from '../../src/store/tickets.ts'
import { checkPlace, type Outcome, runCampaign } from '../commands-model/campaign.ts'
import { wantedAt } from '../commands-model/command-lines.ts'
import { openFolder } from '../commands-model/desk-folder.ts'
import { report } from '../commands-model/report.ts'
import { ENGINES, makePlace, type Place } from '../support/store/engines.ts'

const RUN = { commands: 1_500, seed: 7, processes: 2 }

/** `npm run commands` does this with 100,000 commands in 4 processes. */
describe.each(ENGINES)('random commands of 20 agents in two processes on %s', engine => {
  let place: Place
  let outcome: Outcome

  beforeAll(async () => {
    place = await makePlace(engine)
    outcome = await runCampaign(place, RUN)
  })

  afterAll(() => place.remove())

  test('leave events, rows and links that a slow model of the rules comes to as well', () => {
    expect(outcome.failures, report(outcome)).toEqual([])
    expect(outcome.asked).toHaveLength(RUN.commands)
  })

  test('are taken and refused, of nearly every sort', () => {
    const wordsOf = (isTaken: boolean) =>
      new Set(outcome.asked.filter(each => (each.outcome === 'taken') === isTaken).map(each => each.word))
    expect(wordsOf(true).size).toBeGreaterThan(25)
    expect(wordsOf(false).size).toBeGreaterThan(20)
    expect(wordsOf(true)).not.toContain('nonsense')
  })
})

describe('a violation planted', () => {
  let place: Place
  let outcome: Outcome

  beforeAll(async () => {
    place = await makePlace('sqlite')
    outcome = await runCampaign(place, { commands: 60, seed: 3, processes: 1 })
  })

  afterAll(() => place.remove())

  /** Puts an event at the end of the first ticket that fits, as the desk would, but for asking whether it may. */
  async function plant(fits: (ticket: Ticket) => boolean, event: (ticket: Ticket) => TicketEvent): Promise<string> {
    const desk = await openFolder(place)
    const { store } = desk.context
    const ticket = (await ticketsAfter(store.read, '', 100)).find(fits)
    if (!ticket) throw new Error('No ticket of the run fits.')
    const change = { at: new Date().toISOString(), actorId: ticket.requesterId, channel: 'by hand' }
    await store.transact(tx => recordEvent(tx, ticket, event(ticket), change))
    await desk.close()
    return `ticket ${ticket.number}, event ${ticket.eventSeq + 1}`
  }

  test('in the events is caught and named by ticket, place and event, though chain and row fit it', async () => {
    expect(outcome.failures).toEqual([])
    const reopened = await plant(
      ticket => ticket.state === 'open' && ticket.mergedInto === null,
      () => ({ type: 'reopened', data: { by: 'command' } }),
    )
    const claimed = await plant(
      ticket => ticket.ownerId !== null && ticket.mergedInto === null,
      ({ requesterId }) => ({ type: 'claimed', data: { owner: requesterId } }),
    )
    const { failures } = await checkPlace(place, outcome.asked)
    expect(failures.join('\n')).toContain(`${reopened}, reopened {"by":"command"}`)
    expect(failures.join('\n')).toContain('what is open cannot do that')
    expect(failures.join('\n')).toContain(`${claimed}, claimed`)
    expect(failures.join('\n')).toContain('somebody owns it')
  })

  test('in a row is caught, and so is a link that only one of two tickets has', async () => {
    const desk = await openFolder(place)
    const [first, second] = await ticketsAfter(desk.context.store.read, '', 2)
    if (!first || !second) throw new Error('There are no two tickets.')
    await desk.context.store.transact(async tx => {
      await tx`UPDATE tickets SET urgency = 'soon' WHERE id = ${first.id}`
      await tx`INSERT INTO links (ticket_id, kind, other_id) VALUES (${first.id}, 'followed', ${second.id})`
    })
    await desk.close()
    const failures = (await checkPlace(place, outcome.asked)).failures.join('\n')
    expect(failures).toContain(`${first.ref}: its urgency is "soon"`)
    expect(failures).toMatch(new RegExp(`${first.ref}: its links are .*followed ${second.id}`))
  })

  test('in what was said is caught: a command taken without a trace, one refused that left something, and one refused without need', async () => {
    const [taken] = outcome.asked.filter(each => each.outcome === 'taken')
    const [refused] = outcome.asked.filter(each => each.outcome === 'conflict')
    if (!taken || !refused) throw new Error('The run has no two such commands.')
    const wrong = outcome.asked.map(each => {
      if (each === taken) return { ...each, outcome: 'conflict' }
      return each === refused ? { ...each, outcome: 'taken' } : each
    })
    const never = { ...taken, index: 1_000, word: 'note', line: 'note 1', ticket: 1, outcome: 'conflict' }
    const failures = (await checkPlace(place, [...wrong, never])).failures.join('\n')
    expect(failures).toMatch(/line 1000, "note 1" .*: the rules allow it/)
    expect(failures).toContain(`line ${taken.index}, "${taken.line}" of ${taken.handle}, conflict: it was refused, and`)
    expect(failures).toMatch(new RegExp(`line ${refused.index}, .*: it left nothing`))
  })
})

test('a seed and a place in the run always make the same line', () => {
  const lines = Array.from({ length: 50 }, (_, index) => wantedAt(RUN, index))
  expect(lines).toEqual(Array.from({ length: 50 }, (_, index) => wantedAt(RUN, index)))
  expect(new Set(lines.map(each => each.word)).size).toBeGreaterThan(15)
})
