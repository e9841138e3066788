import { chmod } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

const CHANNEL = `
channels:
  - name: support
    kind: email
    address: help@desk.localhost
    send: { maildir: mail }
`

/** Closed for others, as the desk makes its own files: nothing is to be said of that. */
async function ofItsOwn(file: string): Promise<void> {
  await chmod(file, 0o600)
  await chmod(dirname(file), 0o700)
}

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

/** What a verb says of a configuration: one line to a mistake, exit 78, and nothing else. */
async function complaint(yaml: string, ...verb: string[]): Promise<string> {
  await room.write('relaydesk.yaml', yaml)
  const { code, stdout, stderr } = await room.run(...(verb.length > 0 ? verb : ['list']))
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  return stderr
}

function channel(lines: string): string {
  return CHANNEL.replace('    send: { maildir: mail }\n', `    ${lines}\n`)
}

describe('a mistake in the configuration is one sentence with its place and what to write instead', () => {
  test.each([
    ['an unknown setting', `chanels: []`, /^chanels: there is no such setting; write one of .*\bchannels\b.*\.$/],
    [
      'a name of JavaScript for a kind',
      CHANNEL.replace('kind: email', 'kind: constructor'),
      /^channels\[0\]\.kind: there is no adapter "constructor": write one of email, slack\.$/,
    ],
    [
      'a name of JavaScript for a setting, however deep',
      channel('send: { maildir: mail }\n    __proto__: { maildir: mail }'),
      /relaydesk\.yaml, line \d+: there is no setting "__proto__": take it out\.$/,
    ],
    [
      'a mailbox without a password',
      channel('imap: [{ host: imap.example.com, user: help }]\n    send: { maildir: mail }'),
      /^channels\[0\]\.imap\[0\]\.password: write the password, .* or add oauth to the channel\.$/,
    ],
    [
      'one mailbox twice',
      channel(
        'imap: [{ host: a, user: b, password: c }, { host: a, user: b, password: c }]\n    send: { maildir: mail }',
      ),
      /^channels\[0\]\.imap\[1\]: this is the mailbox of b again: put its folders into the first one\.$/,
    ],
    [
      'a canary that cannot come back',
      channel('canary: 1h\n    send: { maildir: mail }'),
      /^channels\[0\]\.canary: a canary leaves by send\.smtp and comes back through imap or listen: /,
    ],
    [
      'an unknown setting of a channel',
      `${CHANNEL}    adress: x\n`,
      /^channels\[0\]\.adress: there is no such setting; write one of .*\baddress\b.*\bname\b/,
    ],
    [
      'an unknown setting deep inside',
      channel('send: { smtp: { host: mx.example.com, prot: 25 } }'),
      /^channels\[0\]\.send\.smtp\.prot: there is no such setting; write one of .*\bport\b/,
    ],
    [
      'a text for a number',
      channel('send: { smtp: { host: mx.example.com, port: "25" } }'),
      /^channels\[0\]\.send\.smtp\.port: write a number here\.$/,
    ],
    [
      'a broken number',
      channel('send: { smtp: { host: mx.example.com, port: 25.5 } }'),
      /^channels\[0\]\.send\.smtp\.port: write a whole number.*\.$/,
    ],
    [
      'a number out of range',
      channel('send: { smtp: { host: mx.example.com, port: 70000 } }'),
      /^channels\[0\]\.send\.smtp\.port: write a port between 1 and 65535\.$/,
    ],
    ['a text for a list', 'agents: ann@example.com', /^agents: write a list here\.$/],
    ['a list for settings', 'limits: [1, 2]', /^limits: write settings of its own here\.$/],
    ['an empty list', 'agents: []', /^agents: list at least one agent.*\.$/],
    ['a number for a size', 'limits: { message: 5000 }', /^limits\.message: write .*such as 100MB\.$/],
    ['a size without a unit', 'limits: { message: "5000" }', /^limits\.message: write .*such as 100MB\.$/],
    ['a duration in words', 'acknowledge: { within: two weeks }', /^acknowledge\.within: write .*such as 14d\.$/],
    ['a word of its own', 'log: loud', /^log: write one of debug, info, warn, error, silent\.$/],
    [
      'no mail address',
      'agents: [{ handle: ann, name: Ann, email: ann }]',
      /^agents\[0\]\.email: write a mail address.*\.$/,
    ],
    [
      'a setting left out',
      'agents: [{ handle: ann, email: ann@example.com }]',
      /^agents\[0\]\.name: this setting is missing; write a text\.$/,
    ],
    ['a way out left out', channel(''), /^channels\[0\]\.send: this setting is missing; .*\.$/],
    [
      'two ways out',
      channel('send: { maildir: mail, smtp: { host: mx.example.com } }'),
      /^channels\[0\]\.send: write either smtp or maildir.*\.$/,
    ],
    [
      'an unknown adapter',
      'channels: [{ name: a, kind: pigeon }]',
      /^channels\[0\]\.kind: there is no adapter "pigeon": write one of .*email.*\.$/,
    ],
    ['no adapter', 'channels: [{ name: a }]', /^channels\[0\]\.kind: this setting is missing; write a text\.$/],
    [
      'two channels of one name',
      `${CHANNEL}${CHANNEL.replace('\nchannels:\n', '')}`,
      /^channels: there are two channels of one name \("support"\): rename one of them\.$/,
    ],
    [
      'a desk there is not',
      `${CHANNEL}    desk: sales\n`,
      /^channels\[0\]\.desk: there is no desk "sales": write the id of one in desks\.$/,
    ],
    [
      'two agents of one address',
      'agents: [{ handle: a, name: A, email: a@x.org }, { handle: b, name: B, email: A@x.org }]',
      /^agents: there are two agents of one address/,
    ],
    ['two desks of one prefix', 'desks: [{ id: a }, { id: b }]', /^desks: there are two desks of one prefix \("HD"\)/],
    ['no database', 'database: mysql://host/db', /^database: write sqlite, or postgres:.*\.$/],
    ['a folder of templates there is not', 'templates: nowhere', /^templates: there is no folder .*nowhere.*\.$/],
    ['nothing but a word', 'help', /^the configuration: write settings of its own here\.$/],
    ['a list', '- a\n- b\n', /^the configuration: write settings of its own here\.$/],
  ])('%s', async (_what, yaml, sentence) => {
    const said = await complaint(yaml)
    expect(said).toMatch(/^relaydesk: [^\n]+\n$/)
    expect(said.replace('relaydesk: ', '').trim()).toMatch(sentence)
  })

  test('several at once are one line each', async () => {
    const said = await complaint('log: loud\nagents: []\nchanels: []\n')
    expect(said.trim().split('\n')).toHaveLength(3)
    for (const key of ['log: ', 'agents: ', 'chanels: ']) expect(said).toContain(key)
  })

  test.each([
    ['a quote without its end', 'state: var\nlog: "info\nagents: []\n'],
    ['a tab that indents', 'state: var\nlimits:\n\tmessage: 1MB\n'],
    ['a key twice', 'state: var\nlog: info\nlog: warn\n'],
    ['a reference to nothing', 'state: var\nlog: *level\n'],
    ['two documents', 'state: var\n---\nlog: info\n'],
  ])('what is no YAML is named with its line: %s', async (_what, yaml) => {
    const said = await complaint(yaml)
    expect(said).toMatch(/^relaydesk: relaydesk\.yaml, line \d+: [^\n]+\n$/)
  })

  test('a configuration that is not there', async () => {
    const { code, stderr } = await room.run('--config', 'nowhere.yaml', 'list')
    expect(code).toBe(78)
    expect(stderr).toMatch(/^relaydesk: The configuration nowhere\.yaml cannot be read: .*\n$/)
  })

  test('an empty file is no mistake', async () => {
    await room.write('relaydesk.yaml', '')
    expect((await room.run('list')).code).toBe(0)
  })
})

describe('what only shows when the desk starts is told in the same way', () => {
  test('an address this machine does not have', async () => {
    const said = await complaint(
      channel(`listen: { host: 192.0.2.1, port: ${room.port} }\n    send: { maildir: mail }`),
      'start',
    )
    expect(said).toMatch(/^relaydesk: channels\[0\]\.listen\.(host|port): [^\n]+\n$/)
  })

  test('a state folder that cannot be one', async () => {
    await room.write('file', '')
    expect(await complaint(`state: file\n${CHANNEL}`, 'start')).toMatch(/^relaydesk: state: [^\n]*file[^\n]*\n$/)
    expect(await complaint(`state: file/below\n${CHANNEL}`)).toMatch(/^relaydesk: state: [^\n]*file[^\n]*\n$/)
  })

  test('a state folder with a file of another program in the place of the database', async () => {
    await ofItsOwn(await room.write('var/relaydesk.db', 'This is no database. '.repeat(100)))
    expect(await complaint(CHANNEL)).toMatch(/^relaydesk: [^\n]*relaydesk\.db is not a Relaydesk database[^\n]*\n$/)
  })

  test('a Maildir that cannot be one', async () => {
    await ofItsOwn(await room.write('var/mail', ''))
    expect(await complaint(CHANNEL, 'start')).toMatch(/^relaydesk: channels\[0\]\.send\.maildir: [^\n]+\n$/)
  })

  test('a certificate that is not there', async () => {
    const listen = `listen: { port: ${room.port}, tlsKey: nowhere.key, tlsCert: nowhere.crt }`
    const said = await complaint(channel(`${listen}\n    send: { maildir: mail }`), 'start')
    expect(said).toMatch(/^relaydesk: channels\[0\]\.listen[^\n]*nowhere\.(key|crt)[^\n]*\n$/)
  })
})

describe('a mistake in a template is named with file and line', () => {
  test.each([
    [
      'an unknown variable',
      'Subject: x\n\n{{ tikket.ref }}\n',
      'acknowledgement',
      /there is no variable "tikket\.ref" \(line 3\)/,
    ],
    [
      'an unknown part of a known variable',
      'Subject: x\n\n\n{{ ticket.colour }}\n',
      'reply',
      /there is no variable "ticket\.colour" \(line 4\)/,
    ],
    ['an unknown file', 'Subject: x\n{% render "nowhere" %}\n', 'reply', /nowhere.*line:? ?2/],
    ['an unknown filter', 'Subject: x\n{{ note | shout }}\n', 'reply', /shout.*line:? ?2/],
    ['a tag without its end', 'Subject: x\n\n{% if note %}\n', 'reply', /if.*line:? ?3/],
  ])('%s', async (_what, text, name, sentence) => {
    const file = await room.write(`own/mail/${name}.liquid`, text)
    const said = await complaint(`templates: own\n${CHANNEL}`, 'start')
    expect(said).toMatch(/^relaydesk: templates: [^\n]+\n$/)
    expect(said).toContain(file)
    expect(said).toMatch(sentence)
  })

  test('a template that replaces nothing', async () => {
    await room.write('own/mail/acknowledgment.liquid', 'Subject: x\n')
    expect(await complaint(`templates: own\n${CHANNEL}`)).toMatch(/acknowledgment\.liquid replaces nothing/)
  })
})
