import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Inspection } from '../../adapters/email/read/inspect.ts'

/** One line of a corpus's `expect.jsonl`: what the message's own source says of it. Patterns are regular expressions. */
export interface Expectation {
  file: string
  source_file?: string
  subject?: string
  from_email?: string
  from_name?: string
  kind?: string
  visible_reply?: string
  unchanged?: boolean
  first_fragment?: string
  first_fragment_matches?: string[]
  visible_matches?: string[]
  visible_not_matches?: string[]
  body_text?: string
  charset_text_contains?: string[]
  attachments?: string[]
  attachment_count?: number
  events?: { status: string; hard: boolean }[]
  hard_bounce?: boolean[]
}

/** What was expected and what came; null where the expectation does not speak of the property. */
export interface Outcome {
  passed: boolean
  expected: unknown
  found: unknown
}

type Check = (expected: Expectation, found: Inspection) => Outcome | null

/** What is measured of each message, by name. */
export const PROPERTIES: Readonly<Record<string, Check>> = {
  'visible reply': ({ visible_reply }, { reply }) => same(visible_reply?.trim(), reply.trim()),
  'reply begins with': ({ first_fragment }, { reply }) =>
    holds(first_fragment?.trim(), reply, found => reply.startsWith(found)),
  'reply matches': (expected, { reply }) => {
    const patterns = [...(expected.first_fragment_matches ?? []), ...(expected.visible_matches ?? [])]
    const absent = expected.visible_not_matches ?? []
    if (patterns.length + absent.length === 0) return null
    const passed = patterns.every(each => pattern(each).test(reply)) && !absent.some(each => pattern(each).test(reply))
    return { passed, expected: patterns, found: reply }
  },
  'reply is all': ({ unchanged }, { reply, text }) => (unchanged ? same(text.trim(), reply.trim()) : null),
  kind: ({ kind }, found) => same(kind, found.kind),
  'hard or soft': ({ hard_bounce }, { bounce }) =>
    same(hard_bounce?.toSorted(), bounce?.recipients.map(each => each.hard).toSorted() ?? []),
  status: ({ events }, { bounce }) =>
    same(events?.map(each => each.status).toSorted(), bounce?.recipients.map(each => each.status).toSorted() ?? []),
  subject: ({ subject }, found) => same(subject, found.subject),
  'address of the sender': ({ from_email }, { from }) => same(from_email?.toLowerCase(), from.address.toLowerCase()),
  'name of the sender': ({ from_name }, { from }) => same(from_name, from.name),
  text: ({ body_text }, { text }) => same(body_text?.trim(), text.trim()),
  'text contains': ({ charset_text_contains }, { text }) =>
    charset_text_contains
      ? {
          // The sources compare words, not the blanks and line ends between them.
          passed: charset_text_contains.every(each => folded(text).includes(folded(each))),
          expected: charset_text_contains,
          found: text,
        }
      : null,
  'names of files': ({ attachments }, found) =>
    same(attachments?.map(lastOfPath), attachments && found.attachments.map(each => each.name).filter(isNamed)),
  'number of files': ({ attachment_count }, found) => same(attachment_count, found.attachments.length),
}

function same(expected: unknown, found: unknown): Outcome | null {
  if (expected === undefined) return null
  return { passed: JSON.stringify(expected) === JSON.stringify(found), expected, found }
}

function holds(expected: string | undefined, found: string, test: (expected: string) => boolean): Outcome | null {
  return expected === undefined ? null : { passed: test(expected), expected, found }
}

/** The flags that other languages write in front are always on here. */
function pattern(source: string): RegExp {
  return new RegExp(source.replace(/^\(\?[a-z]+\)/, ''), 'm')
}

function folded(text: string): string {
  return text.replace(/\s+/g, ' ')
}

/** Files without a name get one from us. */
function isNamed(name: string): boolean {
  return !/^attachment-\d+\.\w+$/.test(name)
}

function lastOfPath(name: string): string {
  return name.replace(/^.*[\\/]/s, '')
}

/** The expectations of a corpus, in their order. */
export async function expectationsOf(corpus: string): Promise<Expectation[]> {
  const lines = (await readFile(join(corpus, 'expect.jsonl'), 'utf8')).split('\n')
  return lines.filter(line => line.trim()).map(line => JSON.parse(line) as Expectation)
}
