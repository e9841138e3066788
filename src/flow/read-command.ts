// Reads what somebody typed for the desk: the command, its options, the ticket that is meant, and the text.
import type { Action } from '../channel/surface.ts'
import { type Command, type Commands, type DeskFacts, isSent, optionsOf } from '../commands/command/command.ts'
import { MOST_TEXT } from '../commands/command/forms.ts'
import { readersOf } from '../commands/command/recipients.ts'
import { textAction } from '../commands/command/ticket-actions.ts'
import { isQuoted } from '../core/mail/reply/lines.ts'
import { plainName } from '../core/text/address.ts'
import { wordsOf } from '../core/text/command-line.ts'
import type { Options } from '../core/text/options.ts'
import { readTypedLine, type TypedLine, textIn, withoutQuotesAround, wordOf } from '../core/text/typed-line.ts'
import { formatReference, parseReference, type Reference, referenceAt, referencesIn } from '../core/ticket/reference.ts'
import { DeskError } from '../errors.ts'
import type { Sql } from '../store/engine/sql.ts'
import { currentTicket, type Ticket, ticketIdByNumber } from '../store/tickets.ts'

/** A command as it is to be run. */
export interface TypedCommand {
  command: Command
  options: Options
  /** With the ticket, as the conversation or the line says it. */
  args: string[]
  /** What goes with it. */
  text: string
  /** The ticket that the line itself names, if it does. */
  named: number | null
}

/** Where a line was typed. */
export interface TypedPlace {
  sql: Sql
  facts: DeskFacts
  commands: Commands
  /** The ticket that the conversation is about. */
  ticket: Ticket | undefined
  /** In a mail, whose program may have wrapped the line. */
  isMail?: boolean
  /** More goes with it than the line. */
  hasMore?: boolean
}

/**
 * Rejects with a `DeskError` of code `usage` for what is not understood. What is typed in the conversation of one ticket and
 * begins with the reference of another may be a text for either: then the error asks which, and nothing is done.
 */
export async function readCommand(place: TypedPlace, typed: string): Promise<TypedCommand> {
  const { facts, ticket, isMail = false } = place
  const { prefixes } = facts
  const command = place.commands.find(wordOf(typed))
  const kinds = optionsOf(command)
  const read = readTypedLine(typed, { kinds, prefixes, isOneLine: isMail })
  const isAbout = command.about === 'ticket'
  const line = isAbout ? { ...read, rest: withoutQuotesAround(read.rest, prefixes) } : read
  const made = (named: string[], behind: string) => split(command, line, behind, named, isMail)
  if (!isAbout) return { ...made([], line.rest), named: null }
  const explicit = line.options.text('ticket')
  if (explicit !== undefined) return { ...made([explicit], line.rest), named: parseReference(explicit, prefixes) }
  const found =
    referenceAt(line.rest, prefixes, { numbers: isNumberMeant(command, line.rest, place) }) ??
    (ticket && command.body !== 'none'
      ? await referenceBehind({ ...place, ticket }, line.rest, isSent(command, line.options))
      : null)
  const isOwnTicket = ticket && (!found || (await leadsTo(place.sql, found.number, ticket)))
  if (ticket && found && !isOwnTicket && isDoubtful(place, command, line, found)) {
    throw await whichTicket({ ...place, ticket }, { command, line, found })
  }
  if (!found?.isAlone) return { ...made(isOwnTicket ? [ticket.ref] : [], line.rest), named: null }
  return {
    ...made([formatReference(prefixes[0] ?? '', found.number)], line.rest.slice(found.end)),
    named: found.number,
  }
}

/**
 * Words that stand in front of a reference and are of no other use, in the languages that people write here; and options
 * that the command does not have.
 */
const IN_FRONT = new RegExp(
  `^\\s*(?:(?:${[
    'to|on|for|in|about|the|no|nr|re|ref|case|ticket|please|and|also',
    'für|zu|zum|an|auf|bei|im|über|fall|bitte|vorgang',
    'pour|sur|à|au|dans|le|la|no|billet',
    'para|sobre|en|al|el|por|favor|o|ao|em|caso',
    'voor|op|bij|aan|over|het',
    'per|su|sul|il|a|caso',
    'n[°º]|№|--?\\p{L}[\\p{L}\\p{N}-]*(?:=\\S*)?',
  ].join('|')})(?![\\p{L}\\p{N}])[\\s:.,]*){1,3}`,
  'iu',
)

/** `ticket 2`, `for case no. 2`, `№2`: the number behind it is that of a ticket. */
const MARKED = /(?<![\p{L}\p{N}])(?:ticket|case|fall|vorgang|n[or]|n[°º]|№)[\s:.]*$/iu

/** `#2 ...` and `2: ...`; but `2 printers` is a text. */
const NUMBER_FIRST = /^\s*[[("'*_~`<“”„«‘]*(?:#\s?\d+|\d+[*_~`]*:(?=[*_~`]*(?:\s|$)))/u

/** Of a text that leaves. */
const FIRST_WORDS = /^\s*(?:\S+\s*){0,4}/u

/**
 * `reply to HD-2 that ...`: where the words in front of it are of no other use, it may be the ticket that is meant; in
 * a text that leaves whatever they are (`1. HD-2`, `Hi, HD-2`), if there is such a ticket. So may a number that is marked
 * as one.
 */
async function referenceBehind(
  { sql, facts: { prefixes }, ticket }: { sql: Sql; facts: Pick<DeskFacts, 'prefixes'>; ticket: Ticket },
  text: string,
  leaves: boolean,
): Promise<Reference | null> {
  const isOther = async (found: Reference | null) =>
    found !== null &&
    (await ticketIdByNumber(sql, found.number)) !== undefined &&
    !(await leadsTo(sql, found.number, ticket))
  const [words = ''] = IN_FRONT.exec(text) ?? []
  const behind = text.slice(words.length)
  const named = words === '' ? null : referenceAt(behind, prefixes)
  if (named) return { ...named, isAlone: false }
  const numbered =
    MARKED.test(words) || NUMBER_FIRST.test(text) ? referenceAt(behind, prefixes, { numbers: true }) : null
  if (numbered && (await isOther(numbered))) return { ...numbered, isAlone: false }
  const [firstWords = ''] = leaves ? (FIRST_WORDS.exec(text) ?? []) : []
  for (const { 0: word, index } of firstWords.matchAll(/\S+/gu)) {
    const later = referenceAt(text.slice(index + word.length), prefixes)
    if (later && (await isOther(later))) return { ...later, isAlone: false }
  }
  return null
}

/**
 * The other ticket that an answer to this one may be meant for: the one that its text begins with, or that the subject of
 * its mail names in this one's place. Null if there is none.
 */
export async function otherNamed(
  sql: Sql,
  facts: Pick<DeskFacts, 'prefixes'>,
  { text, subject }: { text: string; subject: string },
  ticket: Ticket,
): Promise<string | null> {
  const { prefixes } = facts
  const named = referencesIn(subject, prefixes).filter(each => each.bracketed)
  const ownReferences = await Promise.all(named.map(({ number }) => leadsTo(sql, number, ticket)))
  // What it quotes first is what somebody else named.
  const typed = isQuoted(text.trimStart().split('\n', 1)[0] ?? '') ? '' : text
  const reference = referenceAt(typed, prefixes) ?? (await referenceBehind({ sql, facts, ticket }, typed, false))
  const isOther = reference !== null && !(await leadsTo(sql, reference.number, ticket))
  const other = isOther ? reference : ownReferences.includes(true) ? undefined : named[0]
  return other ? formatReference(prefixes[0] ?? '', other.number) : null
}

/** In a conversation and in a mail a text may begin with any number: mostly only HD-2 names a ticket there. */
function isNumberMeant({ body }: Command, rest: string, { ticket, isMail }: TypedPlace): boolean {
  if (!ticket && !isMail) return true
  const isMarked = rest.trimStart().startsWith('#')
  return isMarked && (isMail ? !ticket : body !== 'required')
}

/** Where there is a text, the reference may be its first word; where nothing but the reference is, it is one. */
function isDoubtful(
  { isMail = false, hasMore = false }: TypedPlace,
  { body, anyone }: Command,
  { rest, tail }: TypedLine,
  found: Reference,
): boolean {
  if (anyone === true) return false
  const isAll = !isMail && !hasMore && (rest.slice(found.end) + tail).trim() === ''
  return !found.isAlone || (body !== 'none' && !isAll)
}

/** Whether a number is that of a ticket, or of one that became part of it. */
export async function leadsTo(sql: Sql, number: number, ticket: Ticket): Promise<boolean> {
  const id = await ticketIdByNumber(sql, number)
  return id !== undefined && (await currentTicket(sql, id))?.id === ticket.id
}

/** Arguments and text of what stands behind the ticket. */
function split(command: Command, { options, tail }: TypedLine, behind: string, named: string[], isOneLine: boolean) {
  const base = { command, options }
  if (command.body === 'required') {
    // What names no ticket is for the command to refuse.
    if (named.length === 0)
      return {
        ...base,
        args: wordsOf(behind)
          .map(each => each.value)
          .slice(0, 1),
        text: '',
      }
    return { ...base, args: named, text: textIn(behind, tail, optionsOf(command)) }
  }
  const all = behind.trim() === '' ? tail.slice(2) : behind + tail
  const words = wordsOf(all)
  const below = isOneLine
    ? -1
    : words.findIndex(({ start }, at) => all.slice(words[at - 1]?.end ?? 0, start).includes('\n'))
  const args = (below < 0 ? words : words.slice(0, below)).map(each => each.value)
  return { ...base, args: [...named, ...args], text: below < 0 ? '' : all.slice(words[below]?.start).trim() }
}

interface Doubt {
  command: Command
  line: TypedLine
  found: Reference
}

interface Way {
  ticket: Ticket
  /** What goes with the command. */
  text: string
}

const LONGEST_SHOWN = 200 // characters of a text that is shown again

/** What asks which ticket is meant, with both ways to say so. */
async function whichTicket(place: TypedPlace & { ticket: Ticket }, doubt: Doubt): Promise<DeskError> {
  const { sql, facts, ticket } = place
  const { command, line, found } = doubt
  const { rest, tail } = line
  const id = await ticketIdByNumber(sql, found.number)
  const other = id === undefined ? undefined : await currentTicket(sql, id)
  const ref = other?.ref ?? formatReference(facts.prefixes[0] ?? '', found.number)
  const isText = command.body !== 'none'
  const behind = found.isAlone ? rest.slice(found.end) : isText ? rest : rest.slice(found.end).replace(/^\S+/u, '')
  const here: Way = { ticket, text: isText ? rest + tail : behind + tail }
  const there: Way | undefined = other && { ticket: other, text: behind + tail }
  const began = rest.trim().split(/\s/u, 1)[0]
  const says = found.isAlone ? `begins with "${began}"` : `names ${ref}`
  const lines = [
    `Nothing was done: this is the conversation of ${ticket.ref}, but what you wrote ${says}.`,
    there ? sentenceFor(place, doubt, there, `--ticket ${ref}`) : `There is no ticket ${ref}.`,
    sentenceFor(place, doubt, here, ticket.ref),
  ]
  const ways = place.hasMore || place.isMail ? [] : there ? [there, here] : [here]
  const actions = await Promise.all(ways.map(way => actionsFor(place, doubt, way)))
  return new DeskError('usage', lines.join('\n\n'), { actions: actions.flat() })
}

/** `For HD-2 (My salary statement, from carl) write: ...`. */
function sentenceFor({ isMail }: TypedPlace, { command, line }: Doubt, { ticket, text }: Way, naming: string): string {
  const name = plainName(ticket.requesterName)
  const about = `For ${ticket.ref} (${ticket.subject}${name ? `, from ${name}` : ''})`
  if (isMail && naming !== ticket.ref && isSent(command, line.options)) return `${about} write a separate mail.`
  const shown = text.trim()
  const isShort = shown.length <= LONGEST_SHOWN && !shown.includes('\n')
  const words = [command.word, naming, line.options.toString(), isShort ? shown : '']
  const typed = `${isMail ? '!' : ''}${words.filter(Boolean).join(' ')}`
  return `${about} write: ${typed}${isShort ? '' : ' followed by your text'}`
}

async function actionsFor({ sql, facts }: TypedPlace, { command, line }: Doubt, way: Way): Promise<Action[]> {
  const { ref } = way.ticket
  const { options } = line
  const text = way.text.trim()
  const start = [command.word, '--ticket', ref, options.toString()].filter(Boolean).join(' ')
  const label = `${command.word[0]?.toUpperCase()}${command.word.slice(1)} on ${ref}`
  if (command.body !== 'required') return text.includes('\n') ? [] : [{ label, line: `${start} ${text}`.trim() }]
  const { ticket } = way
  const sent = isSent(command, options)
    ? { ticket, readers: await readersOf(sql, facts, ticket, { only: options.has('only') }) }
    : undefined
  const written = textIn(text, '', optionsOf(command))
  return written.length > MOST_TEXT ? [] : [textAction(label, start, written, sent)]
}
