// Templates: what is read by people.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Liquid, type Template } from 'liquidjs'
import { plainText } from '../../core/text/plain-text.ts'
import type { RichText } from '../../core/text/rich-text.ts'
import { DeskError, sentenceOf } from '../../errors.ts'

/**
 * What templates may use. Each is a text, '' where there is none; `message.files` is a list of names, `message.from` is
 * name and address, `tickets` a list of ref, subject, state, owner, expected and opened, `ticket.requester` a name that is no address, `held.messages` a list of number, reason, from,
 * subject and ref.
 */
const VARIABLES = [
  'desk.name',
  'marker',
  'ticket.ref',
  'ticket.subject',
  'ticket.requester',
  'ticket.owner',
  'message.author',
  'message.from',
  'message.text',
  'message.files',
  'answers.to',
  'answers.without',
  'held.count',
  'held.first',
  'held.number',
  'held.messages',
  'held.more',
  'note',
  'link',
  'tickets',
] as const

export interface TemplateValues {
  desk: { name: string }
  marker: string
  ticket: { ref: string; subject: string; requester: string; owner: string }
  message: { author: string; from: string; text: string | Answer; files: string[] }
  answers: { to: string /** Who takes part and gets none; '' for nobody. */; without: string }
  held: {
    count: string
    /** Subject and number of the first. */
    first: string
    number: string
    messages: { number: string; reason: string; from: string; subject: string; ref: string }[]
    /** How many are not listed; '' if all are. */
    more: string
  }
  note: string
  /** A page of ours for whoever reads it; '' if there is none. */
  link: string
  tickets: { ref: string; subject: string; state: string; owner: string; expected: string; opened: string }[]
}

/** What an agent wrote to be sent: as Markdown where they chose what is styled in it, else as typed, with its links. */
export class Answer {
  readonly text: string
  readonly markdown: string | null

  constructor(text: string, markdown: string | null) {
    this.text = text
    this.markdown = markdown
  }

  /** Where a template changes it. */
  toString(): string {
    return this.text
  }
}

/** The first line of a mail's template is its subject; what is said in a chat has none. */
export type Medium = 'mail' | 'chat'

export interface RenderedMessage {
  /** '' in a chat. */
  subject: string
  text: RichText
}

const MEDIA = ['mail', 'chat'] as const satisfies readonly Medium[]

/** Encloses a value on its way through a template, `-` before one with links; taken out of values themselves. */
const HELD = /\uE000(-?)([^\uE001]*)\uE001/g
const MARKS = /[\uE000\uE001]/g

/**
 * The texts people read, in Liquid. The first line of a template is `Subject: ...`, then comes Markdown. What a
 * variable holds is shown as it was written: as Markdown where its writer chose that, else as typed, even if a template
 * says `| raw`.
 */
export class Renderer {
  readonly #engine: Liquid
  readonly #templates = new Map<string, Template[]>()

  /**
   * Parses all templates, each from `override` if it is there, else from `shipped`. Throws a `DeskError` of code
   * `config` that names file and line of a mistake.
   */
  constructor(shipped: string, override: string | undefined) {
    const folders = override ? [override, shipped] : [shipped]
    this.#engine = new Liquid({
      root: folders,
      extname: '.liquid',
      strictVariables: true,
      strictFilters: true,
      ownPropertyOnly: true,
      outputEscape: value =>
        value instanceof Answer ? (value.markdown ?? encode(value.text, '-')) : encode(String(value ?? '')),
    })
    this.#engine.registerFilter('raw', value => value)
    for (const medium of MEDIA) {
      const known = readdirSync(join(shipped, medium)).filter(name => name.endsWith('.liquid'))
      if (override) refuseUnknown(join(override, medium), known)
      for (const name of known) {
        const file = folders.map(folder => join(folder, medium, name)).find(path => existsSync(path)) ?? name
        this.#templates.set(`${medium}/${name.replace(/\.liquid$/, '')}`, this.#parse(file))
      }
    }
  }

  #parse(file: string): Template[] {
    try {
      const parsed = this.#engine.parseFileSync(file)
      const { globals } = this.#engine.analyzeSync(parsed)
      for (const use of Object.values(globals).flat()) {
        const name = use.segments
          .map(String)
          .join('.')
          .replace(/^tickets\..*/, 'tickets')
        if (!VARIABLES.some(known => known === name)) {
          throw new Error(
            `there is no variable "${name}" (line ${use.location.row}); use one of ${VARIABLES.join(', ')}`,
          )
        }
      }
      return parsed
    } catch (error) {
      throw new DeskError('config', `templates: ${file}: ${missingFile(file, error) ?? sentenceOf(error)}.`)
    }
  }

  render(name: string, values: TemplateValues, medium: Medium = 'mail'): RenderedMessage {
    const template = this.#templates.get(`${medium}/${name}`)
    if (!template) throw new DeskError('unsound', `There is no template "${medium}/${name}".`)
    const rendered = this.#engine.renderSync(template, clean(values) as object) as string
    const [first = '', ...rest] = medium === 'mail' ? rendered.split('\n') : ['', rendered]
    const verbatim: string[] = []
    const linked: number[] = []
    const markdown = rest
      .join('\n')
      .trim()
      .replace(HELD, (_, link: string, value: string) => {
        const at = verbatim.push(decode(value)) - 1
        if (link) linked.push(at)
        return `\uE000${at}\uE001`
      })
    const subject = first.replace(/^Subject:\s*/i, '').replace(HELD, (_, _link, value: string) => decode(value))
    const text = { markdown, verbatim, ...(linked.length > 0 ? { linked } : {}) }
    return { subject: subject.replace(/\s+/g, ' ').trim(), text }
  }
}

/** Liquid names a file that a template asks for and that is not there, but not the line that asks. */
function missingFile(file: string, error: unknown): string | undefined {
  const name = /Failed to lookup "([^"]+)"/.exec(sentenceOf(error))?.[1]
  if (name === undefined || !existsSync(file)) return undefined
  const asking = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex(line => /\{%-?\s*(render|include|layout)\b/.test(line) && line.includes(name))
  return `there is no template file "${name}"${asking < 0 ? '' : ` (line ${asking + 1})`}`
}

function encode(value: string, link = ''): string {
  return `\uE000${link}${Buffer.from(value).toString('base64')}\uE001`
}

function decode(held: string): string {
  return Buffer.from(held, 'base64').toString()
}

function refuseUnknown(folder: string, known: string[]): void {
  const stranger = existsSync(folder)
    ? readdirSync(folder).find(name => name.endsWith('.liquid') && !known.includes(name))
    : undefined
  if (stranger) {
    throw new DeskError(
      'config',
      `templates: ${join(folder, stranger)} replaces nothing: name it one of ${known.join(', ')}.`,
    )
  }
}

/** Values as everybody is shown them. */
function clean(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value).replace(MARKS, '')
  if (value instanceof Answer) return new Answer(clean(value.text) as string, clean(value.markdown) as string | null)
  if (Array.isArray(value)) return value.map(clean)
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]))
  }
  return value
}
