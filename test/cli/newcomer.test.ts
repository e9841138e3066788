import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { makeRoom, type Room, run, untilReady } from '../support/relaydesk-process.ts'

interface Shown {
  ref: string
  state: string
  owner: string | null
  messages: { direction: string; visible: string }[]
}

interface Delivery {
  kind: string
  recipient: string
  state: string
}

let room: Room

afterEach(() => room.remove())

async function shown(ticket: string): Promise<Shown> {
  const { stdout, stderr } = await room.run('show', ticket, '--json')
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Shown
}

function send(...args: string[]) {
  return room.run('send', '--from', 'ann@example.com', ...args)
}

describe('a desk on one machine, as its user meets it', () => {
  beforeEach(async () => {
    room = await makeRoom()
  })

  test('says where it listens, where answers go and how to stop it, in about ten lines', async () => {
    const desk = await room.start()
    expect(desk.stdout()).toContain(`SMTP on 127.0.0.1:${room.port}`)
    expect(desk.stdout()).toContain('help@desk.localhost')
    expect(desk.stdout()).toContain(room.path('var', 'mail'))
    expect(desk.stdout()).toContain('Ctrl-C')
    expect(desk.stdout().trim().split('\n').length).toBeLessThanOrEqual(12)
    expect(desk.stderr()).toBe('')
  })

  test('takes a mail, is claimed and answered, and the answer to the answer joins the same ticket', async () => {
    await room.start()
    const sent = await send('--subject', 'Printer on fire', 'It burns.')
    expect(sent).toMatchObject({ code: 0, stdout: 'The desk answered: opened HD-1\n', stderr: '' })
    const listed = await room.run('list')
    expect(listed.stdout).toMatch(/HD-1 +new [ -]+ now +ann@example.com +Printer on fire/)
    expect((await room.run('claim', 'HD-1')).stdout).toBe('HD-1 is yours: Printer on fire\n')
    expect((await room.run('reply', 'HD-1', 'We are on our way.')).stdout).toBe(
      'On its way to ann@example.com (HD-1).\n',
    )
    await eventually(
      async () => (await room.run('mailbox', 'ann@example.com')).stdout.includes('We are on our way.'),
      'Ann has the answer',
    )
    expect((await send('--answer', 'It is out.')).stdout).toBe('The desk answered: appended HD-1\n')
    const ticket = await shown('HD-1')
    expect(ticket).toMatchObject({ state: 'open', owner: 'agent' })
    expect(ticket.messages.map(each => [each.direction, each.visible.trim()])).toEqual([
      ['in', 'It burns.'],
      ['out', 'We are on our way.'],
      ['in', 'It is out.'],
    ])
    expect((await room.run('close', 'HD-1')).code).toBe(0)
    expect((await room.run('list')).stdout).toBe('No open tickets.\n')
  })

  test.each(['HD-1', 'hd1', '#1', '1', 'hd-1', '[HD-1]'])('finds the ticket that somebody calls %s', async name => {
    await room.write('a.eml', 'From: ann@example.com\nSubject: Printer\n\nIt burns.\n')
    await room.run('receive', 'a.eml')
    expect((await shown(name)).ref).toBe('HD-1')
    expect((await room.run('claim', name)).stdout).toBe('HD-1 is yours: Printer\n')
  })

  test('lets what another command did beside it leave', async () => {
    await room.start()
    await send('--subject', 'Printer on fire', 'It burns.')
    expect((await room.run('reply', 'HD-1', 'We come.')).code).toBe(0)
    await eventually(async () => {
      const outbox = JSON.parse((await room.run('outbox', 'list', '--all', '--json')).stdout) as Delivery[]
      return outbox.some(each => each.kind === 'reply' && each.state === 'sent')
    }, 'the answer left')
  })

  test('takes a text from standard input or a file, and says what to write where there is none', async () => {
    await room.write('a.eml', 'From: ann@example.com\nSubject: Printer\n\nIt burns.\n')
    await room.run('receive', 'a.eml')
    expect((await room.runWith({ input: 'Said on standard input.\n' }, 'reply', 'HD-1')).code).toBe(0)
    await room.write('text.md', 'Said in a file.\n')
    expect((await room.run('note', 'HD-1', '--file', 'text.md')).code).toBe(0)
    expect((await shown('1')).messages.map(each => each.visible.trim()).slice(1)).toEqual([
      'Said on standard input.',
      'Said in a file.',
    ])
    const empty = await room.run('reply', 'HD-1')
    expect(empty).toMatchObject({ code: 64, stdout: '' })
    expect(empty.stderr).toMatch(/^relaydesk: .*reply HD-1.*\n$/)
    expect((await room.run('note', 'HD-1', '--file', 'nowhere.md')).code).toBe(66)
  })

  test('tells one who sends mail while it is not running to start it first', async () => {
    const { code, stderr } = await send('Hello')
    expect(code).toBe(69)
    expect(stderr).toMatch(/^relaydesk: Nothing answers on .*start the desk first.*\n$/)
  })

  test('ends cleanly with Ctrl-C, and carries on with the same data when started again', async () => {
    const first = await room.start()
    await send('--subject', 'Printer on fire', 'It burns.')
    first.child.kill('SIGINT')
    expect(await first.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
    const second = await room.start()
    await room.run('reply', 'HD-1', 'We come.')
    await eventually(
      async () => (await room.run('mailbox', 'ann@example.com')).stdout.includes('We come.'),
      'Ann has the answer',
    )
    expect((await send('--answer', 'Thank you.')).stdout).toBe('The desk answered: appended HD-1\n')
    expect((await send('--subject', 'Another', 'Hello')).stdout).toBe('The desk answered: opened HD-2\n')
    second.child.kill('SIGTERM')
    expect((await second.ended).code).toBe(0)
    expect((await room.run('verify')).code).toBe(0)
  })

  test('finishes the mail in hand before it ends, and takes no other', async () => {
    const desk = await room.start()
    const client = await dialogue(room.port)
    for (const line of ['EHLO here', 'MAIL FROM:<ann@example.com>', 'RCPT TO:<help@desk.localhost>']) {
      expect(await client.say(line)).toMatch(/^250/)
    }
    expect(await client.say('DATA')).toMatch(/^354/)
    client.socket.write('From: ann@example.com\r\nSubject: Slow\r\n\r\nfirst half, ')
    desk.child.kill('SIGINT')
    await eventually(() => desk.stdout().includes('Stopping'), 'the desk stops')
    await eventually(async () => !(await isTaken(room.port)), 'it takes no other')
    expect(await client.say('second half\r\n.')).toMatch(/^250 .*opened HD-1/)
    client.socket.destroy()
    expect((await desk.ended).code).toBe(0)
    expect((await shown('HD-1')).messages[0]?.visible).toContain('first half, second half')
  })

  test('ends although a client stays connected and says nothing', async () => {
    const desk = await room.start()
    const client = await dialogue(room.port)
    expect(await client.say('EHLO here')).toMatch(/^250/)
    desk.child.kill('SIGINT')
    expect((await desk.ended).code).toBe(0)
    client.socket.destroy()
  })
})

describe('a desk without any configuration', () => {
  test('prints commands that work as printed', async context => {
    room = await makeRoom(null)
    if (await isTaken(2525)) context.skip('port 2525 is in use on this machine')
    const desk = await room.start()
    const commands = printedCommands(desk.stdout())
    expect(commands.map(words => words[0])).toEqual(['send', 'list', 'claim', 'reply', 'mailbox', 'send'])
    for (const words of commands) {
      if (words[0] === 'mailbox') await untilMailIn(words)
      expect(await room.run(...words)).toMatchObject({ code: 0, stderr: '' })
    }
    expect((await shown('HD-1')).messages.map(each => each.direction)).toEqual(['in', 'out', 'in'])
    desk.child.kill('SIGINT')
    expect((await desk.ended).code).toBe(0)
  })

  test('prints commands that find the state folder which was chosen on the command line', async context => {
    room = await makeRoom(null)
    if (await isTaken(2525)) context.skip('port 2525 is in use on this machine')
    const desk = room.launch('--state', 'elsewhere', 'start')
    await untilReady(desk)
    for (const words of printedCommands(desk.stdout()).slice(0, 3)) {
      expect(await run(words, { cwd: room.folder })).toMatchObject({ code: 0, stderr: '' })
    }
  })
})

/** What stands behind `npx relaydesk`, without the remark beside it. */
function printedCommands(text: string): string[][] {
  return [...text.matchAll(/^ +npx relaydesk (.*?)(?: {3,}.*)?$/gm)].map(found =>
    [...(found[1] ?? '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''),
  )
}

async function untilMailIn(words: string[]): Promise<void> {
  await eventually(async () => (await room.run(...words)).stdout.includes('on our way'), 'the answer arrived')
}

async function isTaken(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise(resolve => {
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

interface Dialogue {
  socket: Socket
  /** Writes a line and gives the last line of the reply. */
  say(line: string): Promise<string>
}

/** A mail client by hand. Resolves after the greeting. */
async function dialogue(port: number): Promise<Dialogue> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let heard = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: string) => {
    heard += chunk
  })
  const reply = async () => {
    await eventually(() => /^\d{3} .*\r\n$/m.test(heard), 'the server answers')
    const [last = ''] = /^\d{3} .*$/m.exec(heard) ?? []
    heard = ''
    return last
  }
  await once(socket, 'connect')
  await reply()
  return {
    socket,
    say(line) {
      socket.write(`${line}\r\n`)
      return reply()
    },
  }
}
