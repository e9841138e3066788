import { expect, test } from 'vitest'
import { factInWords, factsInJson, NAMED_COLUMNS, openedTicket } from '../../../src/core/ticket/columns.ts'

const opened = openedTicket({ desk: 'help', requester: 'ann', at: '2026-01-05T10:00:00.000Z' })

test('programs are told of lists, fields and yes or no as such, and of no id', () => {
  const ticket = { ...opened, ownerId: 'bob', tags: 'toner vip', fields: '{"serial":"X12"}', raised: 1 }
  const data = factsInJson(ticket, 'show')
  expect(data).toMatchObject({ state: 'new', tags: ['toner', 'vip'], fields: { serial: 'X12' }, raised: true })
  expect(data).toMatchObject({ priority: null, openedAt: '2026-01-05T10:00:00.000Z' })
  expect(factsInJson(ticket, 'list')).not.toHaveProperty('fields')
  for (const name of ['deskId', 'requesterId', 'ownerId', 'mergedInto']) expect(data).not.toHaveProperty(name)
})

test.each([
  ['state', 'waiting-on-requester', 'waiting on requester'],
  ['priority', 'P1', 'P1'],
  ['tags', 'toner vip', 'toner, vip'],
  ['firstResponseAt', '2026-01-05T10:07:08.000Z', '2026-01-05 10:07'],
  ['rating', 4, '4 of 5'],
  ['rating', null, ''],
  ['what nobody described', 'as it is', 'as it is'],
])('people read %s %j as "%s"', (name, value, told) => {
  expect(
    factInWords(
      NAMED_COLUMNS.find(each => each.name === name),
      value,
    ),
  ).toBe(told)
})
