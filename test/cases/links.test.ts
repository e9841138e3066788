// Parents, duplicates, tags and time spent, as agents write them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'

let desk: MemoryDesk

beforeEach(async () => {
  desk = await makeMemoryDesk('sqlite')
  for (const name of ['ann', 'carl', 'dora']) {
    await desk.channel.deliver(messageFrom(`${name}@example.com`, { subject: `A case of ${name}` }))
  }
})

afterEach(() => desk.remove())

const command = (line: string, body?: string) =>
  desk.as('bob', line, body).then(
    ({ text }) => text,
    (error: Error) => `refused: ${error.message}`,
  )
const open = async () => (await command('list')).match(/^HD-\d+/gm) ?? []

test.fails('a ticket with open children asks before it closes', async () => {
  await command('link HD-1 child HD-2')
  const said = await command('close HD-1')
  expect(said).toMatch(/HD-2/)
})

test.fails('of two tickets that are made duplicates of each other one stays open', async () => {
  expect(await command('duplicate HD-1 of HD-2')).not.toMatch(/^refused/)
  await command('duplicate HD-2 of HD-1')
  expect((await open()).filter(ref => ref !== 'HD-3')).not.toEqual([])
})

test('a duplicate of a closed ticket leaves one of them open, or the agent is told', async () => {
  await command('close HD-2')
  const said = await command('duplicate HD-1 of HD-2')
  expect(/closed|open/.test(said) ? ['told'] : (await open()).filter(ref => ref !== 'HD-3')).not.toEqual([])
})

describe('a tag', () => {
  test.each(['größe', 'c++', 'R&D', '打印机', 'Q1/2027'])('%s is found, or refused', async tag => {
    const said = await command(`tag HD-1 ${tag}`)
    if (!said.startsWith('refused')) expect(await command(`list tag ${tag}`)).toContain('HD-1 ')
  })

  test.fails('of two words is found, or refused', async () => {
    const said = await command('tag HD-1 "printer jam"')
    if (!said.startsWith('refused')) expect(await command('list tag "printer jam"')).toContain('HD-1 ')
  })

  test('is found in capitals', async () => {
    await command('tag HD-1 größe')
    expect(await command('list tag GRÖßE')).toContain('HD-1 ')
  })

  test.fails.each(['GRÖSSE', 'gro\u0308\u00dfe', '#größe'])('größe is found as %s', async tag => {
    await command('tag HD-1 größe')
    expect(await command(`list tag ${tag}`)).toContain('HD-1 ')
  })
})

describe('time spent', () => {
  /** The minutes that are booked, or that it is refused. */
  const booked = (written: string) =>
    desk.as('bob', `spent HD-1 ${written}`).then(
      ({ data }) => (data as { minutes: number }).minutes,
      () => 'refused',
    )

  test.each([
    ['90m', 90],
    ['1h30m', 90],
    ['1.5h', 90],
    ['30min', 30],
    ['0.25h', 15],
    ['-30m', 'refused'],
    ['0m', 'refused'],
    ['half an hour', 'refused'],
  ])('%s', async (written, minutes) => {
    expect(await booked(written)).toBe(minutes)
  })

  test.fails.each([
    ['1h 30m on site', 90],
    ['1h 30m', 90],
    ['1,5h', 90],
    ['1:30', 90],
    ['2 hours on site', 120],
    ['20 minutes', 20],
  ])('%s', async (written, minutes) => {
    expect(await booked(written)).toBe(minutes)
  })
})
