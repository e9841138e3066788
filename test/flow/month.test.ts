import { expect, test } from 'vitest'
import { runMonth } from '../simulation/run-month.ts'

/** `npm run simulate` does this for a month. */
test('for two days among lists, responders, bounces, forwards and other desks, nothing goes in circles', async () => {
  const { text, broken } = await runMonth(2, 2)
  expect(broken, text).toEqual([])
})
