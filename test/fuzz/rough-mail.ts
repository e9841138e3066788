/** A mail as spoilers see it: one character a byte, taken apart no further than they need, however damaged it is. */
export interface RoughMail {
  /** Fields of the head as they came, folded ones in one piece. */
  fields: string[]
  /** The line end that the head uses. */
  eol: string
  body: string
}

/** Numbers that say where and how a mail is spoiled: the same ones spoil it the same way, smaller ones spoil less. */
export interface How {
  /** Chooses among places. */
  where: number
  /** Chooses among kinds. */
  which: number
  /** From 0 to 100. */
  much: number
  /** Another mail, for what takes from two. */
  other: string
}

export type Spoiler = (mail: string, how: How) => string

export const MOST_MUCH = 100

export function takeApart(mail: string): RoughMail {
  const empty = /\r?\n\r?\n|\r\r/.exec(mail)
  const head = empty ? mail.slice(0, empty.index) : mail
  const eol = head.includes('\r\n') ? '\r\n' : '\n'
  return { fields: head.split(/\r?\n(?![ \t])/), eol, body: empty ? mail.slice(empty.index + empty[0].length) : '' }
}

export function putTogether({ fields, eol, body }: RoughMail): string {
  return `${fields.join(eol)}${eol}${eol}${body}`
}

/** The mail with its head changed. */
export function withFields(mail: string, change: (fields: string[], eol: string) => string[]): string {
  const rough = takeApart(mail)
  return putTogether({ ...rough, fields: change(rough.fields, rough.eol) })
}

/** The mail with these fields in place of those of their names. */
export function withField(mail: string, ...written: string[]): string {
  const names = new Set(written.map(nameOf))
  return withFields(mail, fields => [...fields.filter(each => !names.has(nameOf(each))), ...written])
}

/** The mail as a single text of this type. */
export function asText(mail: string, type: string, body: string): string {
  const kept = withFields(mail, fields => fields.filter(each => !nameOf(each).startsWith('content-')))
  const rough = takeApart(kept)
  const fields = [...rough.fields, `Content-Type: ${type}; charset=utf-8`, 'Content-Transfer-Encoding: 8bit']
  return putTogether({ ...rough, fields, body })
}

export function nameOf(field: string): string {
  return field.slice(0, Math.max(0, field.indexOf(':'))).toLowerCase()
}

/** One of the values; the first for 0. */
export function chosen<T>(values: readonly [T, ...T[]], number: number): T {
  return values[number % values.length] ?? values[0]
}

/** A position in something of this length. */
export function placeIn(length: number, number: number): number {
  return number % (length + 1)
}

/** From 1 to `most`: as often between 10 and 100 as between 1,000 and 10,000. */
export function upTo(most: number, much: number): number {
  return Math.round(most ** (much / MOST_MUCH))
}

export function insertAt(text: string, at: number, what: string): string {
  return text.slice(0, at) + what + text.slice(at)
}

/** Boundaries that the mail names, in order. */
export function boundariesOf(mail: string): string[] {
  const found = mail.slice(0, 200_000).matchAll(/boundary\s{0,4}=\s{0,4}(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))/gi)
  return [...found].map(each => each[1] ?? each[2] ?? '')
}
