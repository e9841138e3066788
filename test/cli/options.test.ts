// Options and references at the command line, where the shell has taken the quotes away.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

let room: Room

beforeAll(async () => {
  room = await makeRoom()
  await room.run('receive', await room.write('a.eml', mail('ann@example.com', 'The blue printer')))
})

afterAll(() => room.remove())

function mail(from: string, subject: string): string {
  return `From: ${from}\r\nTo: help@desk.localhost\r\nSubject: ${subject}\r\nMessage-ID: <${subject.length}@x.example>\r\n\r\nHelp.\r\n`
}

const lastText = async () => {
  const { stdout } = await room.run('show', '1', '--json')
  return (JSON.parse(stdout) as { messages: { visible: string }[] }).messages.at(-1)?.visible
}

test.each([
  ['behind the text', ['reply', 'HD-1', 'Words one', '--anyway'], 'Words one'],
  ['with a long dash', ['reply', 'HD-1', 'Words two', '—anyway'], 'Words two'],
  ['in front of the ticket', ['reply', '--anyway', 'HD–1:', 'Words', 'three'], 'Words three'],
  ['of a ticket in two words', ['reply', 'HD', '1', '--anyway', 'Words four'], 'Words four'],
  ['in quotes is text', ['reply', 'HD-1', 'Write --anyway here', '--anyway'], 'Write --anyway here'],
  ['behind two hyphens is text', ['reply', 'HD-1', '--anyway', '--', 'Type', '--anyway'], 'Type --anyway'],
  ['that is none of the command is text', ['reply', 'HD-1', '--anyway', 'Run', 'ls', '--all'], 'Run ls --all'],
  ['that says which ticket', ['note', '--ticket', 'HD-1', 'HD-2', 'is', 'it'], 'HD-2 is it'],
])('an option %s', async (_where, args, text) => {
  expect(await room.run(...args)).toMatchObject({ code: 0, stderr: '' })
  expect(await lastText()).toBe(text)
})

test.each([
  ['--anway', 'anyway'],
  ['--attch', 'attach'],
  ['—attach', 'attach'],
  ['-attach', 'attach'],
  ['--markdwon', 'markdown'],
])('a misspelt option is asked about: %s', async (typed, meant) => {
  const { code, stderr } = await room.run('reply', 'HD-1', 'Words', typed, 'a.pdf')
  expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringContaining(`did you mean --${meant}`) })
})

test('the help of a verb shows its options', async () => {
  expect((await room.run('reply', '--help')).stdout).toMatch(/TICKET TEXT .*\[--anyway\]/)
})

test('completion shows the options of each verb', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await room.run('completion', shell)
    expect(stdout.split('\n').filter(line => /\breply\b.*anyway/.test(line))).not.toEqual([])
  }
  expect(await room.run('completion', 'constructor')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('There is no completion'),
  })
})
