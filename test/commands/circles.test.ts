import { expect, test } from 'vitest'
import { makeDesk } from '../support/desk.ts'
import { ENGINES } from '../support/store/engines.ts'

const ROUNDS = 8

test.each(ENGINES)('of two links at once that would close a circle together, one is refused on %s', async engine => {
  const desk = await makeDesk(engine, { maildir: 'mail' })
  try {
    for (const number of [1, 2, 3, 4]) await desk.as('bob', `log call ann@example.com "Trouble ${number}"`)
    for (let round = 0; round < ROUNDS; round += 1) {
      await desk.as('bob', 'link 1 parent 2')
      await desk.as('bob', 'link 3 parent 4')
      const closing = await Promise.allSettled([desk.as('bob', 'link 2 parent 3'), desk.as('eve', 'link 4 parent 1')])
      const refused = closing.filter(each => each.status === 'rejected')
      expect(refused.map(({ reason }) => String(reason))).toEqual([expect.stringContaining('is already above')])
      for (const pair of ['1 2', '3 4', '2 3', '4 1']) await desk.as('bob', `unlink ${pair}`).catch(() => undefined)
    }
    await desk.expectSound()
  } finally {
    await desk.remove()
  }
})
