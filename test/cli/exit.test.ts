import { expect, test } from 'vitest'
import { exitCodeFor, orTryAgain } from '../../src/cli/exit.ts'
import { DeskError } from '../../src/errors.ts'

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: something failed`), { code })
}

test.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS', 'SQLITE_BUSY', 'ECONNREFUSED'])(
  '%s is worth another try',
  code => {
    expect(exitCodeFor(failure(code))).toBe(75)
  },
)

test('what nobody foresaw ends with 1, but a mail server keeps the message meanwhile', () => {
  for (const error of [new TypeError('x is not a function'), failure('SQLITE_CORRUPT'), failure('XX001'), 'thrown']) {
    expect(exitCodeFor(error)).toBe(1)
    expect(exitCodeFor(orTryAgain(error))).toBe(75)
  }
  expect(exitCodeFor(orTryAgain(new DeskError('unsound', 'The database file is damaged.')))).toBe(75)
})

test.each([
  ['usage', 64],
  ['too-large', 65],
  ['no-input', 66],
  ['config', 78],
  ['temporary', 75],
] as const)('an error of the code %s ends with %i, also while mail is taken', (code, exit) => {
  const error = new DeskError(code, 'A sentence.')
  expect(exitCodeFor(error)).toBe(exit)
  expect(orTryAgain(error)).toBe(error)
})
