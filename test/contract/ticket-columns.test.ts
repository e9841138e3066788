import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COLUMN_NAMES } from '../../src/core/ticket/columns.ts'
import { columnSql, ticketsAfter } from '../../src/store/tickets.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { ENGINES } from '../support/store/engines.ts'

describe.each(ENGINES)('each column that is described, on %s,', engine => {
  let desk: MemoryDesk

  beforeAll(async () => {
    desk = await makeMemoryDesk(engine)
    await desk.channel.deliver(messageFrom('ann@example.com'))
  })

  afterAll(() => desk.remove())

  test.each(COLUMN_NAMES)('%s lies in the row, and is read with a ticket', async name => {
    const { read } = desk.context.store
    const [stored] = await read<{ value: unknown }>`SELECT ${columnSql(name)} AS value FROM tickets`
    const [ticket] = await ticketsAfter(read, '', 1)
    expect(ticket).toHaveProperty(name, stored?.value)
  })
})
