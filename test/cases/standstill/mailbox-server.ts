// A desk reads a mailbox of a server that behaves in a way of its own; every ten seconds what both have done.
// node test/cases/standstill/mailbox-server.ts SCENE [SECONDS, 120]; without a SCENE it lists them
import { setTimeout as pause } from 'node:timers/promises'
import { mail } from '../../support/mail/cli-mail.ts'
import { type ImapCall, type ImapScript, internalDate, ScriptedImap } from '../../support/servers/scripted-imap.ts'
import { greeting, roomWith, tell } from './room.ts'

const asksForText = ({ verb, words }: ImapCall) => verb === 'UID FETCH' && /BODY\.PEEK\[\]/i.test(words)
const asksForSize = ({ verb, words }: ImapCall) => verb === 'UID FETCH' && !/BODY/i.test(words)

/** Answers one kind of command with these lines. */
function saying(when: (call: ImapCall) => boolean, ...lines: string[]): ImapScript {
  return call => {
    if (!when(call)) return false
    for (const line of lines) call.say(line.replaceAll('TAG', call.tag))
    return true
  }
}

/** Goes on talking and never ends the answer. */
function dripping(when: (call: ImapCall) => boolean, line: string, first?: string): ImapScript {
  return call => {
    if (!when(call)) return false
    if (first !== undefined) call.say(Buffer.from(first))
    const timer = setInterval(() => call.say(Buffer.from(line)), 1000)
    timer.unref()
    return true
  }
}

/** Sends much more than it said. */
function flooding(bytes: number): ImapScript {
  return call => {
    if (asksForSize(call)) {
      call.say(`* 1 FETCH (UID 1 RFC822.SIZE 100 INTERNALDATE "${internalDate(new Date())}")\r\n${call.tag} OK done`)
      return true
    }
    if (!asksForText(call)) return false
    call.say(Buffer.from(`* 1 FETCH (UID 1 BODY[] {${bytes}}\r\n`))
    const chunk = Buffer.alloc(1 << 20, 'a')
    for (let left = bytes; left > 0; left -= chunk.length) call.say(chunk.subarray(0, Math.min(left, chunk.length)))
    call.say(`)\r\n${call.tag} OK done`)
    return true
  }
}

const is =
  (...verbs: string[]) =>
  ({ verb }: ImapCall) =>
    verbs.includes(verb)
const STILL_HERE = '* OK still here\r\n'
const BACKOFF = 'TAG BAD Request is throttled. Suggested Backoff Time: 99999999999 milliseconds'

const SCENES: Record<string, ImapScript> = {
  'talks on at login': dripping(is('LOGIN', 'AUTHENTICATE'), STILL_HERE),
  'talks on at select': dripping(is('SELECT'), STILL_HERE),
  'talks on at search': dripping(is('UID SEARCH'), '* OK Searched 10% of the mailbox\r\n'),
  'talks on at fetch': dripping(is('UID FETCH'), STILL_HERE),
  'talks on at store': dripping(is('UID STORE'), STILL_HERE),
  'drips a text': dripping(asksForText, 'a', '* 1 FETCH (UID 1 BODY[] {100000}\r\n'),
  'gives less than it said': saying(asksForText, '* 1 FETCH (UID 1 BODY[] {100000}\r\nshort\r\n)', 'TAG OK done'),
  'gives another number': saying(asksForText, '* 1 FETCH (UID 777 BODY[] {5}\r\nSorry)', 'TAG OK done'),
  'gives nothing': saying(asksForText, '* 1 FETCH (UID 1 BODY[] NIL)', 'TAG OK done'),
  'gives far more than it said': flooding(500_000_000),
  'says goodbye at select': call => {
    if (call.verb !== 'SELECT') return false
    call.say('* BYE go away')
    call.hangUp()
    return true
  },
  'never begins to idle': is('IDLE'),
  'asks for a wait of years': saying(is('SELECT'), BACKOFF),
  'asks for a wait of years at login': saying(is('LOGIN', 'AUTHENTICATE'), BACKOFF),
  'names a message that is not there': saying(is('UID SEARCH'), '* SEARCH 1 4294967295', 'TAG OK done'),
  'names 300000 messages that are not there': call => {
    if (call.verb === 'UID FETCH') call.say(`${call.tag} OK done`)
    else if (call.verb !== 'UID SEARCH') return false
    else if (/,/.test(call.words)) call.say(`* SEARCH\r\n${call.tag} OK done`)
    else call.say(`* SEARCH ${Array.from({ length: 300_000 }, (_, n) => n + 10).join(' ')}\r\n${call.tag} OK done`)
    return true
  },
  'tells of news without an end': call => {
    if (call.verb !== 'IDLE') return false
    call.say('+ idling')
    setInterval(() => call.say(Buffer.from('* 5 EXISTS\r\n'.repeat(1000))), 1).unref()
    return true
  },
  'colours its refusal': saying(
    is('LOGIN', 'AUTHENTICATE'),
    'TAG NO [AUTHENTICATIONFAILED] \x1b]0;owned\x07\x1b[31mcall \u202e555 now\x9b2J',
  ),
}

const [scene = '', seconds = '120'] = process.argv.slice(2)
const script = SCENES[scene]
if (!script) {
  console.log(`Scenes:\n  ${Object.keys(SCENES).join('\n  ')}`)
  process.exit(64)
}
const server = await ScriptedImap.start()
const who = { host: '127.0.0.1', port: server.port, security: 'plain', user: 'support', password: 'secret' }
const { room, ports } = await roomWith({ read: { imap: [{ ...who, poll: '5s' }] }, other: {} })
try {
  await room.start()
  await pause(2000)
  server.script = script
  server.dropAll()
  server.add(mail('From the mailbox'))
  const end = Date.now() + Number(seconds) * 1000
  while (Date.now() < end) {
    await pause(10_000)
    const counts = Object.entries(Object.groupBy(server.verbs, verb => verb)).map(
      ([verb, all]) => `${verb} ${all?.length}`,
    )
    tell(`connections ${server.connections}; ${counts.join(', ')}; greeting ${await greeting(ports.other ?? 0)} ms`)
  }
  tell(`\n${(await room.run('inbox', 'list', '--all')).stdout}\n${(await room.run('alarms')).stdout}`)
} finally {
  await room.remove()
}
process.exit(0)
