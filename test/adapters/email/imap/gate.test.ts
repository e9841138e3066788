// What a mailbox server says reaches imapflow's parser byte for byte, in pieces, and ends where it is longer than an answer.
import { Transform } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LONGEST_ANSWER,
  LONGEST_LITERAL,
  MOST_LOGIN_TALK,
  MOST_TALK,
  TURN_BYTES,
  TURN_LINES,
} from '../../../../adapters/email/imap/imap-limits.ts'
import { LiteralTooLong, ResponseGate } from '../../../../adapters/email/imap/response-gate.ts'

interface Passed {
  bytes: Buffer
  pieces: Buffer[]
  fault: Error | undefined
}

/** Gives chunks to a parser behind a gate. */
async function pass(chunks: Iterable<Buffer>, { signedIn = true } = {}): Promise<Passed> {
  const pieces: Buffer[] = []
  const parser = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      pieces.push(chunk)
      next()
    },
  })
  let fault: Error | undefined
  const gate = new ResponseGate(error => {
    fault = error
  })
  gate.guard(parser)
  if (signedIn) gate.signedIn()
  for (const chunk of chunks) await new Promise<void>(done => parser.write(chunk, () => done()))
  return { bytes: Buffer.concat(pieces), pieces, fault }
}

function* repeated(line: string, bytes: number): Generator<Buffer> {
  const chunk = Buffer.from(line.repeat(Math.ceil(65_536 / line.length)))
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk
}

const text = (size: number, line = 'Hello\r\n') => Buffer.alloc(size, line)
const literal = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`* 1 FETCH (UID 1 BODY[] {${bytes.length}}\r\n`), bytes, Buffer.from(')\r\n')])

test('all passes as it came, wherever it is cut', async () => {
  const answers = [
    Buffer.from('* OK ready\r\n* 5 EXISTS\n'),
    literal(Buffer.from('a line {5}\r\nanother {99999999999}\r\n')),
    literal(Buffer.alloc(0)),
    literal(text(200_000)),
    Buffer.from(`* SEARCH${' 4294967295'.repeat(1400)}\r\n`),
    Buffer.from('* 1 FETCH (BODY[] {00000003}\r\nabc BODY[1] {1}\r\nx)\r\nA1 OK done {5+}\r\n'),
    Buffer.from('* 7 EXISTS\r\n'.repeat(1000)),
  ]
  const whole = Buffer.concat([...answers, ...answers])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 12 }), async sizes => {
      const chunks: Buffer[] = []
      for (let at = 0, n = 0; at < whole.length; n += 1) {
        const size = sizes[n % sizes.length] ?? 1
        chunks.push(whole.subarray(at, at + Math.max(size, 50)))
        at += Math.max(size, 50)
      }
      const { bytes, fault } = await pass(chunks)
      expect(fault).toBeUndefined()
      expect(bytes.equals(whole)).toBe(true)
    }),
    { numRuns: 25 },
  )
})

test('the parser gets so much at once as it reads in one turn', async () => {
  const { pieces, fault } = await pass([Buffer.from('* 5 EXISTS\r\n'.repeat(5_000))])
  expect(fault).toBeUndefined()
  for (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(TURN_BYTES + LONGEST_ANSWER)
    expect(piece.toString().split('\n').length - 1).toBeLessThanOrEqual(TURN_LINES)
  }
})

test('until it has let the desk in, a server is heard whole: imapflow sees what stands behind STARTTLS', async () => {
  const chunk = Buffer.from(`${'* OK wait\r\n'.repeat(1_000)}A1 OK begin TLS\r\n* OK planted\r\n`)
  expect((await pass([chunk], { signedIn: false })).pieces).toEqual([chunk])
})

describe('what is no answer ends the connection', () => {
  const LINE = 'The server gives an answer without an end.'
  const TALK = 'The server goes on talking and does not give what it was asked for.'

  test.each([
    ['a line without an end', repeated('a', 50_000_000), LINE],
    ['a number without an end', repeated('1', 50_000_000), LINE],
    ['lists in lists', repeated('(', 50_000_000), LINE],
    ['many empty literals', repeated('A {0}\r\n', 50_000_000), LINE],
    ['chatter', repeated('* OK still here\r\n', 50_000_000), TALK],
    ['news', repeated('* 5 EXISTS\r\n', 50_000_000), TALK],
    ['flags', repeated('* 1 FETCH (FLAGS (\\Seen))\r\n', 50_000_000), TALK],
    ['folders', repeated('* LIST () "/" "x"\r\n', 50_000_000), TALK],
  ])('%s', async (_what, chunks, said) => {
    const { bytes, fault } = await pass(chunks)
    expect(fault?.message).toBe(said)
    expect(bytes.length).toBeLessThanOrEqual(MOST_TALK)
  })

  test('chatter before it has let the desk in', async () => {
    const { bytes, fault } = await pass(repeated('* OK wait\r\n', 1_000_000), { signedIn: false })
    expect(fault?.message).toBe(TALK)
    expect(bytes.length).toBeLessThanOrEqual(MOST_LOGIN_TALK)
  })

  test.each([
    ['announced as five thousand million bytes', '{5000000000}'],
    ['of one byte too many', `{${LONGEST_LITERAL + 1}}`],
    ['whose length has many digits', `{${'9'.repeat(300)}}`],
    ['whose length is filled up with zeros', `{${'0'.repeat(300)}5}`],
    ['in parts that are too much together', `{${LONGEST_LITERAL}}`, LONGEST_LITERAL, 'BODY[2] {1}'],
  ])('a literal %s, before any of it is taken', async (_what, marker, size = 0, more = '') => {
    const first = Buffer.from(`* 1 FETCH (UID 1 BODY[] ${marker}\r\n`)
    const rest = function* () {
      yield first
      for (let left = size; left > 0; left -= 65_536) yield text(Math.min(left, 65_536))
      if (more) yield Buffer.from(` ${more}\r\nx`)
      yield text(65_536)
    }
    const { bytes, fault } = await pass(rest())
    expect(fault).toBeInstanceOf(LiteralTooLong)
    expect(bytes.length).toBe(size === 0 ? 0 : first.length + size)
  })
})
