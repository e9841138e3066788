import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signToken } from '../../../src/core/ticket/token.ts'
import { ANN, type Attack, HELP, MIKE, Siege } from '../../support/attack-desk.ts'

// Attempts to get a message into a ticket of somebody else.

const REFERENCES = 'held:stranger-with-references'
const TOKEN = 'held:stranger-with-token'
const REFERENCE = 'held:stranger-with-reference'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

const subject = (text: string) => () => ({ subject: text })
const to = (detail: (siege: Siege) => string) => (at: Siege) => ({
  head: [`To: help+${detail(at)}@desk.example`],
  recipients: [`help+${detail(at)}@desk.example`],
})
const answering = (token: (siege: Siege) => string, from?: string) => (at: Siege) => ({
  head: [`In-Reply-To: <${token(at)}@desk.example>`],
  ...(from ? { from } : {}),
})
const noise = (many: number, of = 'evil') =>
  Array.from({ length: many }, (_, index) => `<noise-${index}@${of}.example>`)

const FORGED_REFERENCES: Attack[] = [
  ['the Message-ID of the requester in In-Reply-To', () => ({ head: ['In-Reply-To: <vpn@example.com>'] }), REFERENCES],
  ['the same at the end of References', () => ({ head: [`References: <a@b.example> <vpn@example.com>`] }), REFERENCES],
  [
    'the same as the first of a hundred',
    () => ({ head: [`References: <vpn@example.com> ${noise(99).join('\r\n ')}`] }),
    REFERENCES,
  ],
  [
    'the same amid a hundred',
    () => ({ head: [`References: ${[...noise(9), '<vpn@example.com>', ...noise(90, 'other')].join('\r\n ')}`] }),
    'opened',
  ],
  ['the same in capitals', () => ({ head: ['In-Reply-To: <VPN@EXAMPLE.COM>'] }), 'opened'],
  ['the same broken over two lines', () => ({ head: ['In-Reply-To: <vpn@\r\n example.com>'] }), 'opened'],
  ['the same without brackets', () => ({ head: ['In-Reply-To: vpn@example.com'] }), REFERENCES],
  ['the same among words', () => ({ head: ['In-Reply-To: Your mail of Monday <vpn@example.com>'] }), REFERENCES],
  [
    'the same in two fields In-Reply-To',
    () => ({ head: ['In-Reply-To: <a@b.example>', 'In-Reply-To: <vpn@example.com>'] }),
    REFERENCES,
  ],
  [
    'the Message-IDs of two tickets',
    () => ({ head: ['References: <vpn@example.com> <invoice@other.example>'] }),
    REFERENCES,
  ],
  ['the Message-ID of the requester as its own', () => ({ head: ['Message-ID: <vpn@example.com>'] }), 'opened'],
  [
    'a requester who names a ticket that is not his',
    () => ({ from: MIKE, head: ['In-Reply-To: <vpn@example.com>'] }),
    REFERENCES,
  ],
  [
    'a requester who names his ticket and then another',
    at => ({ from: MIKE, head: [`In-Reply-To: <${at.token.mike}@desk.example>`, 'References: <vpn@example.com>'] }),
    'appended HD-2 in',
  ],
  [
    'a requester who names another ticket and then his',
    at => ({
      from: MIKE,
      head: [`In-Reply-To: <${at.token.answer}@desk.example>`, `References: <${at.token.mike}@desk.example>`],
    }),
    TOKEN,
  ],
]

const SUBJECTS: Attack[] = [
  ['[HD-1]', subject('Re: [HD-1] VPN'), REFERENCE],
  ['[hd-1]', subject('[hd-1]'), REFERENCE],
  ['[HD-01]', subject('[HD-01] Hello'), REFERENCE],
  ['[HD-1] as an encoded word', subject('=?utf-8?b?W0hELTFdIEhlbGxv?='), REFERENCE],
  ['[HD-1] cut in two by encoded words', subject('=?utf-8?q?=5BHD?= =?utf-8?q?-1=5D?='), REFERENCE],
  ['[HD-1] with a mark of the reading direction inside', subject('[H\u202eD-1]'), REFERENCE],
  ['HD-1 by the way', subject('What about HD-1?'), 'opened'],
  ['#1', subject('#1'), 'opened'],
  ['[#1]', subject('[#1]'), 'opened'],
  ['HD1', subject('HD1'), 'opened'],
  ['full-width letters', subject('［ＨＤ－１］'), 'opened'],
  ['a Cyrillic letter', subject('[\u041dD-1]'), 'opened'],
  ['a hyphen that does not break', subject('[HD\u20111]'), 'opened'],
  ['a blank of no width', subject('[H\u200bD-1]'), 'opened'],
  ['Arabic digits', subject('[HD-\u0661]'), 'opened'],
  ['a ticket that is not there', subject('[HD-4711]'), 'opened'],
  ['a number without end', subject(`[HD-${'1'.repeat(500)}]`), 'opened'],
  [
    'the tags of all tickets there may be',
    subject(Array.from({ length: 60 }, (_, index) => `[HD-${index + 1}]`).join(' ')),
    REFERENCE,
  ],
  ['a requester who writes the tag of another ticket', () => ({ from: MIKE, subject: '[HD-1]' }), REFERENCE],
  ['a requester who writes both tags', () => ({ from: MIKE, subject: '[HD-1] [HD-2]' }), REFERENCE],
]

const lastChanged = (token: string) => token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a')
const withLetter = (token: string, letter: string) => letter + token.slice(1)
const withNumber = (token: string, number: string) => token.replace(/^(\w)-\w+/, `$1-${number}`)
const withKey = (token: string, key: string) => token.replace(/-k\w+-/, `-${key}-`)

const TOKENS: Attack[] = [
  ['a valid token in In-Reply-To', answering(at => at.token.answer), TOKEN],
  ['a valid token without brackets', at => ({ head: [`References: ${at.token.answer}@desk.example`] }), TOKEN],
  ['a valid token at another domain', at => ({ head: [`References: <${at.token.answer}@evil.example>`] }), TOKEN],
  ['a valid token behind the plus', to(at => at.token.answer), TOKEN],
  ['a valid token in capitals', to(at => at.token.answer.toUpperCase()), TOKEN],
  ['a valid token behind another detail', to(at => `x+${at.token.answer}`), TOKEN],
  ['a valid token on the envelope alone', at => ({ recipients: [`help+${at.token.answer}@desk.example`] }), TOKEN],
  ['a valid token in Delivered-To', at => ({ head: [`Delivered-To: help+${at.token.answer}@desk.example`] }), TOKEN],
  ['the token of the acknowledgement', answering(at => at.token.acknowledgement), TOKEN],
  ["the token of an agent's notification", answering(at => at.token.told), TOKEN],
  ['the token of a note', answering(at => at.token.note), TOKEN],
  ['the token of a note, as a requester of another ticket', answering(at => at.token.note, MIKE), TOKEN],
  ['a token with another last letter', answering(at => lastChanged(at.token.answer)), 'opened'],
  ['a token without its last letter', answering(at => at.token.answer.slice(0, -1)), 'opened'],
  ['a token with a letter more', answering(at => `${at.token.answer}a`), 'opened'],
  ['a token with something in front', answering(at => `z${at.token.answer}`), 'opened'],
  [
    'the right number and a guessed seal',
    answering(at => at.token.answer.replace(/\w{16}$/, 'aaaabbbbccccdddd')),
    'opened',
  ],
  ['a token with the letter of an agent', answering(at => withLetter(at.token.answer, 'a')), 'opened'],
  ['a token with the letter of a note', answering(at => withLetter(at.token.answer, 'i')), 'opened'],
  ['the token of one mail with the number of another', answering(at => withNumber(at.token.mike, '1')), 'opened'],
  ['a token of a key that is not there', answering(at => withKey(at.token.answer, 'k9')), 'opened'],
  [
    'a token signed with a key of their own',
    answering(() => signToken({ id: 'k1', secret: 'x' }, { purpose: 'requester', number: 1 })),
    'opened',
  ],
  [
    'the requester with another letter, to speak as an agent',
    answering(at => withLetter(at.token.answer, 'a'), ANN),
    'opened',
  ],
  [
    'the requester with the token of a note, which was copied to her',
    answering(at => at.token.note, ANN),
    'appended HD-1 in',
  ],
  ["the requester with the token of an agent's notification", answering(at => at.token.told, ANN), 'appended HD-1 in'],
]

describe.each([
  ['references', FORGED_REFERENCES],
  ['subjects', SUBJECTS],
  ['tokens', TOKENS],
])('%s', (_, attacks) => {
  test.each(attacks)('%s', (_name, letter, becomes, writesTo) => siege.withstands(letter(siege), becomes, writesTo))
})

describe('afterwards', () => {
  test("a stranger's mail under the Message-ID of the requester does not draw her answers to it", async () => {
    await siege.withstands({ from: ANN, head: ['In-Reply-To: <vpn@example.com>'] }, 'appended HD-1 in')
  })

  test('who is held learns nothing of the ticket from the server', async () => {
    const said = await siege.send({ head: [`In-Reply-To: <${siege.token.answer}@desk.example>`] })
    expect(said).toMatch(/^250 /)
    expect(said).not.toContain('HD-')
  })

  test('an address that is no detail of ours is refused', async () => {
    for (const address of [
      'helpx@desk.example',
      'root@desk.example',
      'help@desk.example.evil.example',
      'x@evil.example',
    ]) {
      expect(await siege.sendNow({ recipients: [address] })).toMatch(/^5/)
    }
  })

  test('tokens of a key that was rotated are worth what they were: hers open the door to her, and to nobody else', async () => {
    const old = siege.token.answer
    await siege.desk.desk.service.rotateKey()
    await siege.withstands({ head: [`In-Reply-To: <${old}@desk.example>`] }, TOKEN)
    await siege.withstands({ head: [`In-Reply-To: <${withKey(old, 'k2')}@desk.example>`] }, 'opened')
    await siege.withstands({ from: ANN, head: [`In-Reply-To: <${old}@desk.example>`] }, 'appended HD-1 in')
  })

  test('a third person to whom an answer was forwarded waits, and takes part once an agent says so', async () => {
    await siege.withstands(
      { from: 'dora@third.example', head: [`References: <${siege.token.answer}@desk.example>`] },
      TOKEN,
    )
    const number = await siege.arrivalNumber()
    expect((await siege.desk.as('eve', `join M-${number}`)).text).toBe(`M-${number} joined HD-1.`)
    await expect(siege.desk.as('eve', `join M-${number}`)).rejects.toThrow('There is no held or ignored message')
    await siege.withstands(
      { from: 'dora@third.example', head: [`References: <${siege.token.answer}@desk.example>`] },
      'appended HD-1 in',
    )
  })

  test('what came from the desk itself can neither join nor open', async () => {
    await siege.withstands({ from: HELP }, 'ignored:own-address')
    const number = await siege.arrivalNumber()
    await expect(siege.desk.as('eve', `join M-${number} HD-2`)).rejects.toThrow('There is no held or ignored message')
    await expect(siege.desk.as('eve', `open M-${number}`)).rejects.toThrow('There is no held or ignored message')
  })
})
