import { expect, test } from 'vitest'
import { createLog } from '../src/logger.ts'

function written(values: object): string {
  const lines: string[] = []
  createLog('info', { write: line => lines.push(line) }).warn(values, 'a sentence')
  return lines.join('')
}

const config = { headers: { Authorization: 'Bearer xoxb-1', 'X-Other': 'kept' }, botToken: 'xoxb-1' }
const within: { name: string; secret: string; self?: object } = { name: 'kept', secret: 'xoxb-1' }
within.self = within

test.each([
  ['at the top', { token: 'xoxb-1', name: 'kept' }],
  ['in an error', { err: Object.assign(new Error('kept'), { password: 'xoxb-1' }) }],
  ['deep in an error', { err: Object.assign(new Error('kept'), { original: { response: { config } } }) }],
  [
    'in an error within an error',
    { err: Object.assign(new Error('kept'), { original: Object.assign(new Error('x'), { config }) }) },
  ],
  ['in a list', { all: [{ name: 'kept', sets: [{ smtp: { pass: 'xoxb-1' } }] }] }],
  ['in what holds itself', { within }],
])('no secret is written: %s', (_where, values) => {
  expect(written(values)).not.toContain('xoxb-1')
  expect(written(values)).toContain('kept')
})

test('an error is told with its message, its code and where it arose', () => {
  const line = JSON.parse(written({ err: Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }) }))
  expect(line.err).toMatchObject({ type: 'Error', message: 'no route', code: 'EHOSTUNREACH' })
  expect(line.err.stack).toContain('logger.test.ts')
})
