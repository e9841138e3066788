// Times as people write them, on a machine in Berlin: understood as they are meant, or refused, never something else.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseMoment } from '../../src/core/text/time-expressions.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'

const NOW = '2026-12-01T09:00:00Z' // a Tuesday, ten in the morning in Berlin

vi.stubEnv('TZ', 'Europe/Berlin')

/** In the time zone of the machine, `2027-02-01 09:00:00`. */
function localTime(text: string): string {
  const at = parseMoment(text, NOW)
  return at === null ? 'refused' : new Date(at).toLocaleString('sv-SE')
}

test('the machine stands in Berlin', () => {
  expect(new Date(NOW).toLocaleString('sv-SE')).toBe('2026-12-01 10:00:00')
})

describe('a moment is right, or refused', () => {
  test.each([
    ['99999999d', []],
    ['31.1.2027', ['2027-01-31 09:00:00']],
  ])('%s', (text, right) => {
    expect(['refused', ...right]).toContain(localTime(text))
  })

  test.fails.each([
    ['1.2.2027', ['2027-02-01 09:00:00']],
    ['5.1.2027', ['2027-01-05 09:00:00']],
    ['12.1.2027', ['2027-01-12 09:00:00']],
    ['12.1.2027 14:00', ['2027-01-12 14:00:00']],
    ['tomorrow afternoon', ['2026-12-02 13:00:00', '2026-12-02 14:00:00', '2026-12-02 15:00:00']],
    ['tomorrow evening', ['2026-12-02 18:00:00', '2026-12-02 19:00:00', '2026-12-02 20:00:00']],
    ['friday evening', ['2026-12-04 18:00:00', '2026-12-04 19:00:00', '2026-12-04 20:00:00']],
    ['sunday night', ['2026-12-06 20:00:00', '2026-12-06 22:00:00', '2026-12-06 23:00:00']],
  ])('%s', (text, right) => {
    expect(['refused', ...right]).toContain(localTime(text))
  })
})

describe('a command', () => {
  let desk: MemoryDesk

  beforeAll(async () => {
    desk = await makeMemoryDesk('sqlite')
    desk.clock.advance(Date.parse(NOW) - desk.clock.now().getTime())
    await desk.channel.deliver(messageFrom('ann@example.com'))
  })

  afterAll(() => desk.remove())

  /** What the desk says, or that it refuses; the ticket is as before. */
  async function answerTo(line: string): Promise<string> {
    const said = await desk.as('bob', line).then(
      ({ text }) => text,
      () => 'refused',
    )
    if (said !== 'refused') await desk.as('bob', 'resume HD-1')
    return said
  }

  test('is understood where it says a day and an hour', async () => {
    expect(await answerTo('schedule HD-1 friday 17:00')).toContain('17:00')
    expect(await answerTo('wait HD-1 for vendor until friday')).toMatch(/third party.*comes back/)
  })

  test.fails.each([
    ['friday 17h', /17:00|refused/],
    ['tomorrow 8', /08:00|refused/],
    ['friday 1700', /17:00|refused/],
    ['friday 24:00', /00:00|refused/],
  ])('schedule HD-1 %s', async (time, right) => {
    expect(await answerTo(`schedule HD-1 ${time}`)).toMatch(right)
  })

  test.fails.each([
    ['till friday', /comes back|refused/],
    ['friday', /comes back|refused/],
    ['for the vendor until monday', /third party.*comes back|refused/],
    ['for our supplier until monday', /third party.*comes back|refused/],
    ['for vendor, until monday', /third party.*comes back|refused/],
    ['vendor till monday', /comes back|refused/],
    ['untill friday', /comes back|refused/],
    ['for ann until friday', /comes back|refused/],
  ])('wait HD-1 %s', async (words, right) => {
    expect(await answerTo(`wait HD-1 ${words}`)).toMatch(right)
  })
})
