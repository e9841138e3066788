// What a request of Slack says, once it is known to be Slack's.
import type { IncomingHttpHeaders } from 'node:http'
import { parse } from 'node:querystring'
import { HttpRefusal } from '../../../src/channel/http.ts'

/** A message of 40,000 characters, escaped, in text and blocks, before and after an edit, is half of it. */
export const MOST_BYTES = 2 * 1024 * 1024

/** A slash command has some fifteen. */
const MOST_FIELDS = 100

/** What reads a body with this head. Throws an `HttpRefusal` for one that Slack does not send; so does what it gives. */
export function readerFor(headers: IncomingHttpHeaders): (body: Buffer) => Record<string, unknown> {
  // Slack packs nothing, and unpacked it could be of any size.
  const { 'content-encoding': packed = 'identity', 'content-type': type = '' } = headers
  if (packed !== 'identity') throw new HttpRefusal(415, 'Compressed requests are not accepted.')
  switch (type.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/json':
      return body => objectIn(body.toString())
    case 'application/x-www-form-urlencoded':
      return body => formIn(body.toString())
    default:
      throw new HttpRefusal(415, 'Slack sends JSON or a form.')
  }
}

/** A slash command is a form; everything else is JSON in its field `payload`. */
function formIn(text: string): Record<string, unknown> {
  // `URLSearchParams` takes a minute for two megabytes of `a&`.
  const form = parse(text, '&', '=', { maxKeys: MOST_FIELDS })
  return typeof form.payload === 'string' ? objectIn(form.payload) : { ...form }
}

function objectIn(text: string): Record<string, unknown> {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw new HttpRefusal(400, 'That is not JSON.')
  }
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Record<string, unknown>
  throw new HttpRefusal(400, 'That is not an object.')
}
