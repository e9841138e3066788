// What in a message can be read in two ways.
import { normaliseAddress } from '../../../src/core/text/address.ts'
import type { Field, Head } from '../mime/raw-head.ts'

/** Characters of a field; of a longer one not all is read. */
export const LONGEST_VALUE = 64 * 1024

/** What may stand in a message once (RFC 5322 section 3.6, RFC 2045 section 3): who reads two of them chooses. */
const ONCE =
  /^(?:from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|mime-version|content-.{1,50})$/

/**
 * Why nobody can be confirmed as the sender of a message, whoever vouches for it: other readers, whoever vouches among
 * them, could understand its head in another way. One clause each; `from` is whom we take for its sender.
 */
export function doubtsOf({ fields, doubt }: Head, from: string | null): string[] {
  const long = fields.some(({ value }) => value.length > LONGEST_VALUE)
  return [
    ...(doubt === null ? [] : [doubt]),
    ...(long ? ['a field of its header is too long'] : []),
    ...repeatedNames(fields),
    ...doubtOfSender(fields, from),
  ]
}

function repeatedNames(fields: readonly Field[]): string[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { name } of fields) {
    if (seen.has(name) && ONCE.test(name)) twice.add(name)
    seen.add(name)
  }
  return twice.size === 0 ? [] : [`it has more than one of these fields: ${[...twice].slice(0, 3).join(', ')}`]
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\\x80-\\xff-]"
const WORD = `${ATOM}+(?!${ATOM})|"(?:[^"\\\\]|\\\\.)*"|\\([^()\\\\<>@]*\\)`
const ADDRESS = `${ATOM}{1,64}@([A-Za-z0-9\\x80-\\xff-]+(?:\\.[A-Za-z0-9\\x80-\\xff-]+)*)`
/** One mailbox (RFC 5322 section 3.4): no list, no group, no route, nothing quoted in the address. */
const MAILBOX = new RegExp(
  `^(?:(?:(?:${WORD})[ \\t]*)*<(${ADDRESS})>|(${ADDRESS}))(?:[ \\t]*\\([^()\\\\<>@]*\\))?$`,
  's',
)
/** The address once more in the place of a name, as programs write it that know none: whichever is read is the same. */
const TWICE = new RegExp(`^(${ATOM}{1,64}@[A-Za-z0-9.-]{1,255})[ \\t]*(?:<\\1>|\\(\\1\\))$`, 'i')
const LONGEST = 2_000

function doubtOfSender(fields: readonly Field[], from: string | null): string[] {
  const written = fields.filter(({ name }) => name === 'from').map(({ value }) => value)
  if (written.length > 1) return [] // told already
  const [value] = written
  if (value === undefined) return ['it has no From field']
  const found = value.length > LONGEST ? null : MAILBOX.exec(value.replace(TWICE, '$1'))
  const address = found?.[1] ?? found?.[3] ?? ''
  // Beyond ASCII it may be written in several ways, all of which are one mailbox.
  const same = /[\x80-\xff]/.test(address) ? from !== null : normaliseAddress(address) === from && from !== null
  return same ? [] : ['its From field is not a single plain address']
}
