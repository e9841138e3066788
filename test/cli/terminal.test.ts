import { afterEach, beforeEach, expect, test } from 'vitest'
import { mail } from '../support/mail/cli-mail.ts'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

/** Clears the screen, sets the clipboard, the title and the colour, and writes over what stands there; also in C1. */
const TRICKS = 'a\x1b[2Jb\x1b]52;c;aGFjaw==\x07c\x1b]0;title\x1b\\d\x1b[31me\rf\b\bg\x9b2Jh\x00i\x7fj'

/** What must not come out: control characters but tabs and line ends. */
const STEERS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

test('what a stranger wrote cannot steer the terminal of who reads it', async () => {
  const encoded = `=?utf-8?b?${Buffer.from(TRICKS).toString('base64')}?=`
  const fields = `Content-Type: text/plain; charset=utf-8; name="${encoded}"\nContent-Transfer-Encoding: base64\n`
  const body = Buffer.from(`${TRICKS}\n> ${TRICKS}\n`).toString('base64')
  await room.write('a.eml', mail(encoded, fields, body).replace('ann@example.com', `"${encoded}" <eve@example.com>`))
  await room.write('in/b\x1b[2Jc.png', 'no mail')
  await room.write('c.eml', `From: ${encoded}\nSubject: ${encoded}\n\nNo sender.\n`)
  await room.start()
  const verbs = [
    ['receive', 'a.eml', 'c.eml', 'in'],
    ['list'],
    ['show', '1'],
    ['show', '1', '--full'],
    ['inbox', 'list'],
    ['outbox', 'list', '--all'],
    ['mailbox'],
    ['show', TRICKS.replaceAll('\x00', '')],
  ]
  const steered: string[] = []
  for (const words of verbs) {
    const { stdout, stderr } = await room.run(...words)
    expect(stdout + stderr, words[0]).not.toBe('')
    if (STEERS.test(stdout + stderr)) steered.push(words.slice(0, 2).join(' '))
  }
  expect(steered).toEqual([])
})
