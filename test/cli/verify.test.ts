import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mail, mailWithFile, type Verified } from '../support/mail/cli-mail.ts'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

/** A sound desk, of which each test damages a copy. */
let sound: Room
let room: Room

beforeAll(async () => {
  sound = await makeRoom()
  const large = createHash('shake256', { outputLength: 600_000 }).update('a file').digest()
  await sound.write('in/1.eml', mail('one', '', 'What Ann wrote.\n\nOn 1 May 2024, Bob wrote:\n> Tell me.'))
  await sound.write('in/2.eml', mailWithFile('two', large))
  await sound.write('in/3.eml', mail('Re: one', 'In-Reply-To: <one@example.com>\n'))
  await sound.write('in/4.bin', 'X: \n\n')
  await sound.run('receive', 'in')
  await sound.run('claim', 'HD-1')
  await sound.run('reply', 'HD-1', 'We come.')
  await sound.run('close', 'HD-1')
})

beforeEach(async () => {
  room = await makeRoom()
  await cp(sound.state, room.state, { recursive: true })
})

afterEach(() => room.remove())

afterAll(() => sound.remove())

/** Changes the database behind the desk's back, as a program could that knows nothing of its rules. */
function damage(sql: string): void {
  const database = new Database(room.path('var', 'relaydesk.db'))
  database.pragma('foreign_keys = OFF')
  database.exec('DROP TRIGGER events_keep; DROP TRIGGER events_stay')
  database.pragma('ignore_check_constraints = ON')
  database.exec(sql)
  database.close()
}

async function problems(): Promise<Verified> {
  const { code, stdout, stderr } = await room.run('verify', '--json')
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  return JSON.parse(stdout) as Verified
}

async function largeFiles(): Promise<string[]> {
  const names = await readdir(room.path('var', 'files'), { recursive: true, withFileTypes: true })
  return names.filter(entry => entry.isFile()).map(entry => `${entry.parentPath}/${entry.name}`)
}

const EVENT_OF = (type: string) => `type = '${type}' AND ticket_id = (SELECT id FROM tickets WHERE number = 1)`

test('verify says that all is well, and counts what there is', async () => {
  const { code, stdout } = await room.run('verify')
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/All is well\.\n$/) })
  const json = JSON.parse((await room.run('verify', '--json')).stdout) as Verified
  expect(json).toMatchObject({ arrivals: 4, unaccounted: 0, tickets: 2, problems: [] })
  expect(json.outcomes.opened).toBe(2)
  expect(json.outcomes.appended).toBe(1)
})

describe('verify finds', () => {
  test.each<[string, string, RegExp]>([
    [
      'a message whose text was changed',
      "UPDATE messages SET text = 'What Ann never wrote.' WHERE subject = 'one' AND direction = 'in'",
      /^HD-1: the message of event 1 was changed/,
    ],
    [
      'a message of which only the part that is shown was changed',
      "UPDATE messages SET visible = 'What Ann never wrote.' WHERE subject = 'one' AND direction = 'in'",
      /^HD-1: the message of event 1 was changed/,
    ],
    [
      'a message whose subject was changed',
      "UPDATE messages SET subject = 'Another' WHERE subject = 'one' AND direction = 'in'",
      /^HD-1: the message of event 1 was changed/,
    ],
    [
      'a message that was moved to another ticket',
      "UPDATE messages SET ticket_id = (SELECT id FROM tickets WHERE number = 2) WHERE subject = 'Re: one'",
      /^HD-1: the message of event 2 is missing|^M-3 was appended/,
    ],
    [
      'an answer that was made internal',
      "UPDATE messages SET direction = 'internal' WHERE direction = 'out'",
      /^HD-1: .*event/,
    ],
    [
      'a note that looks like the word of somebody else',
      "UPDATE messages SET author_name = 'Mallory', author_address = 'm@example.com' WHERE direction = 'in' AND subject = 'one'",
      /^HD-1: the message of event 1 was changed/,
    ],
    [
      'a message that is gone',
      "DELETE FROM messages WHERE subject = 'Re: one'",
      /^HD-1: the message of event 2 is missing/,
    ],
    ['an attachment that is gone', 'DELETE FROM attachments', /^HD-2: the message of event 1 was changed/],
    [
      'an event that was removed',
      `DELETE FROM events WHERE ${EVENT_OF('claimed')}`,
      /^HD-1: event 3 of its chain is missing/,
    ],
    ['the last event, removed', `DELETE FROM events WHERE ${EVENT_OF('closed')}`, /^HD-1: its last events are missing/],
    [
      'all events of a ticket, removed',
      'DELETE FROM events WHERE ticket_id = (SELECT id FROM tickets WHERE number = 1)',
      /^HD-1: /,
    ],
    [
      'an event whose time was changed',
      `UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE ${EVENT_OF('claimed')}`,
      /^HD-1: event 3 was changed after it was written/,
    ],
    [
      'an event whose content was changed',
      `UPDATE events SET data = replace(data, 'owner', 'ouner') WHERE ${EVENT_OF('claimed')}`,
      /^HD-1: event 3 was changed after it was written/,
    ],
    [
      'an event that is no JSON any more',
      `UPDATE events SET data = 'nonsense' WHERE ${EVENT_OF('claimed')}`,
      /^HD-1: event 3 was changed after it was written/,
    ],
    [
      'an event added behind the last',
      `INSERT INTO events SELECT ticket_id, 99, at, actor_id, channel, type, data, previous, hash FROM events WHERE ${EVENT_OF('closed')}`,
      /^HD-1: /,
    ],
    [
      'a ticket whose owner no event made one',
      'UPDATE tickets SET owner_id = NULL WHERE number = 1',
      /^HD-1: its ownerId is /,
    ],
    [
      'a ticket that is open though it was closed',
      "UPDATE tickets SET state = 'open', closed_at = NULL WHERE number = 1",
      /^HD-1: its state is "open", but its events say "closed"/,
    ],
    [
      'an arrival without its message',
      "UPDATE arrivals SET message_id = NULL WHERE outcome = 'appended'",
      /^M-3 was appended, but its message is not on its ticket\.$/,
    ],
    [
      'a message without its arrival',
      "DELETE FROM arrivals WHERE outcome = 'appended'",
      /^A message of HD-1 came in without an arrival\.$/,
    ],
    [
      'an arrival without an acknowledgement or a reason for none',
      "DELETE FROM outbox_recipients WHERE outbox_id IN (SELECT id FROM outbox WHERE kind = 'acknowledgement'); DELETE FROM outbox WHERE kind = 'acknowledgement'",
      /^M-1 opened a ticket and has neither an acknowledgement nor a reason for none\.$/,
    ],
    [
      'an answer that was never queued',
      "DELETE FROM outbox_recipients WHERE outbox_id IN (SELECT id FROM outbox WHERE kind = 'reply'); DELETE FROM outbox WHERE kind = 'reply'",
      /^An answer on HD-1 was never queued\.$/,
    ],
    [
      'a ticket without a message',
      'DELETE FROM messages WHERE ticket_id = (SELECT id FROM tickets WHERE number = 2)',
      /^HD-2 has no message\.$/,
    ],
    [
      'a stored content that was changed',
      "UPDATE blobs SET data = x'00' WHERE data IS NOT NULL",
      /^Content [0-9a-f]{64} /,
    ],
    [
      'a stored content that is gone',
      'DELETE FROM blobs WHERE sha256 = (SELECT raw FROM arrivals WHERE number = 1)',
      /[0-9a-f]{64}|^M-1 /,
    ],
    [
      'a ticket that is gone with all that belongs to it but its arrival',
      'DELETE FROM events WHERE ticket_id = (SELECT id FROM tickets WHERE number = 2); DELETE FROM messages WHERE ticket_id = (SELECT id FROM tickets WHERE number = 2); DELETE FROM tickets WHERE number = 2',
      /^M-2 was opened, but its message is not on its ticket\.$/,
    ],
  ])('%s', async (_what, sql, sentence) => {
    damage(sql)
    const found = await problems()
    expect(found.problems).toContainEqual(expect.stringMatching(sentence))
    for (const problem of found.problems) expect(problem).toMatch(/^[A-Z].*\.$/)
    expect(found.unaccounted).toBe(found.problems.filter(problem => /^(M-\d+ |A message of)/.test(problem)).length)
  })

  test.each<[string, (file: string) => Promise<void>]>([
    ['changed in one byte', async file => writeFile(file, (await readFile(file)).fill(0x21, 300_000, 300_001))],
    ['cut', async file => writeFile(file, (await readFile(file)).subarray(0, 200_000))],
    ['emptied', file => writeFile(file, '')],
    ['removed', file => rm(file)],
  ])('a large file that was %s', async (_what, spoil) => {
    const files = await largeFiles()
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) await spoil(file)
    const found = await problems()
    expect(found.problems).toHaveLength(files.length)
    for (const problem of found.problems) expect(problem).toMatch(/^Content [0-9a-f]{64} [^\n]*\.?$/)
  })

  test('several damages at once, and a person reads one line for each', async () => {
    damage("UPDATE messages SET text = 'x' WHERE direction = 'in'; DELETE FROM events WHERE seq = 2")
    const { code, stdout } = await room.run('verify')
    expect(code).toBe(1)
    expect(stdout).not.toContain('All is well')
    expect(stdout).toMatch(/^HD-1: the message of event 1 was changed after it was stored\.$/m)
    expect(stdout).toMatch(/^HD-2: the message of event 1 was changed after it was stored\.$/m)
    expect(stdout).toMatch(/^HD-1: event 2 of its chain is missing\.$/m)
  })

  test('nothing in a message whose text was erased together with its salt', async () => {
    damage("UPDATE messages SET text = NULL, visible = NULL, salt = NULL WHERE subject = 'one' AND direction = 'in'")
    expect((await room.run('verify')).code).toBe(0)
  })

  test('a database file that is damaged itself', async () => {
    const bytes = await readFile(room.path('var', 'relaydesk.db'))
    await writeFile(room.path('var', 'relaydesk.db'), bytes.fill(0x55, 8_192, bytes.length - 8_192))
    const { code, stdout, stderr } = await room.run('verify')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^relaydesk: [^\n]*damaged[^\n]*\n$/)
  })
})
