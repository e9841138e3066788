import { SeededRandom } from '../support/seeded-random.ts'
import { CATEGORY_FIELDS, DESKS, HANDLES, KIND_FIELDS } from './fixtures.ts'

/** A command line of a run, and what is meant by it. */
export interface Wanted {
  /** Its place in the run; 0 for the first. */
  index: number
  handle: string
  /** Whether it is asked by somebody from whom the desk would take it, if there is one, in place of `handle`. */
  fitting: boolean
  line: string
  body: string
  /** The command that it is one of; 'nonsense' for what must be refused. */
  word: string
  /** Number of the ticket that it names; 0 for none. */
  ticket: number
  /** Number of a second ticket that it names. */
  other?: number
  /** Handle of the agent that it names. */
  to?: string
}

/** How a run is dealt out. */
export interface Run {
  seed: number
  commands: number
  processes: number
}

/** So many tickets are worked on at a time, and each sees about so many commands while it is. */
const AT_A_TIME = 8
const COMMANDS_EACH = 250

export function ticketsFor({ commands }: Pick<Run, 'commands'>): number {
  return Math.floor(commands / COMMANDS_EACH) + AT_A_TIME
}

/** The agents of one process. */
export function handlesOf(process: number, processes: number): string[] {
  return HANDLES.filter((_, index) => index % processes === process)
}

/** The command at a place of a run; the same for the same seed, whatever came of those before. */
export function wantedAt(run: Run, index: number): Wanted {
  const random = new SeededRandom(`${run.seed}/${index}`)
  const ticket = ticketAt(random, run, index)
  const hand = handFor(random, run, index % run.processes, ticket)
  const { word, line } = random.pick(DECK)
  const { other, to, ...written } = line(hand)
  return {
    ...{ index, handle: hand.handle, word, ticket: word === 'nonsense' ? 0 : ticket, body: '' },
    fitting: random.share() < 0.6,
    ...written,
    ...(other === undefined ? {} : { other }),
    ...(to === undefined ? {} : { to }),
  }
}

interface Written {
  line: string
  body?: string
  handle?: string
  other?: number
  to?: string
}

/** What a line is made of. */
interface Hand {
  random: SeededRandom
  handle: string
  /** The ticket as somebody may write it. */
  ref: string
  other: number
  /** Another agent, mostly of those who work on this ticket. */
  to: string
}

/** Half of what a process does is on tickets of its own, so that their owners often are who acts. */
function ticketAt(random: SeededRandom, run: Run, index: number): number {
  const first = Math.floor(index / COMMANDS_EACH) + 1
  if (random.share() < 0.05) return random.whole(1, first)
  const number = random.whole(first, first + AT_A_TIME - 1)
  const near = number - (number % run.processes) + (index % run.processes)
  const chosen = random.share() < 0.5 && near >= first ? near : number
  return Math.min(chosen, ticketsFor(run))
}

/** Each ticket has a crew, one of each process; who is of the ticket's own process does most. */
function handFor(random: SeededRandom, run: Run, process: number, ticket: number): Hand {
  const member = (of: number) => {
    const handles = handlesOf(of, run.processes)
    const place = random.share() < 0.85 ? ticket % handles.length : random.whole(0, handles.length - 1)
    return handles[place] ?? ''
  }
  const near = Math.max(1, ticket + random.whole(-3, 3))
  return {
    random,
    handle: member(process),
    ref: reference(random, ticket),
    other: random.share() < 0.03 ? ticket : Math.min(near, ticketsFor(run)),
    to: member(random.share() < 0.4 ? ticket % run.processes : random.whole(0, run.processes - 1)),
  }
}

function reference(random: SeededRandom, number: number): string {
  const plain = [`HD-${number}`, `hd${number}`, `#${number}`, `${number}`, `FM-${number}`] as const
  const marked = [
    `HD–${number}`,
    `HD\u2011${number}:`,
    `*HD-${number}*`,
    `(hd-${number})`,
    `HD ${number}`,
    `"HD-${number}"`,
  ] as const
  return random.pick(random.share() < 0.3 ? marked : plain)
}

function why(random: SeededRandom): string {
  return random.pick([
    '',
    '',
    ' "the part is ordered"',
    " 'after the move'",
    ' because of the weather',
    ' "ünïcödé “x”"',
  ])
}

function soon(random: SeededRandom): string {
  return random.pick(['0.01m', '0.02m', '0.03m', '2h', '1d', 'tomorrow 9:00', 'friday 17:00'])
}

const WORDS = [
  'It works again.',
  'The cable was loose.',
  'Ann knows of it.',
  '**Bold**, and `code`.',
  '日本語 👍',
] as const

function text(random: SeededRandom): string {
  return random.pick(WORDS)
}

const CATEGORIES = Object.keys(CATEGORY_FIELDS) as [string, ...string[]]

function someCategory(random: SeededRandom): string {
  return random.pick([...CATEGORIES, 'printer', 'Hardware > Phone', 'PASSWORD', 'other', 'other'])
}

function settings(random: SeededRandom): string {
  const level = () => random.pick(['low', 'medium', 'high', 'HIGH'])
  const fields = [...Object.values(CATEGORY_FIELDS), ...Object.values(KIND_FIELDS)].flat()
  const field = () => {
    const { name, choices } = random.pick(fields as [(typeof fields)[0], ...typeof fields])
    return `${name}=${choices.length > 0 ? random.pick([...choices, ''] as [string]) : random.pick(['"X 12"', 'A7', ''])}`
  }
  const makes = [
    () => `kind=${random.pick(['incident', 'request', 'incident'])}`,
    () => `impact=${level()}`,
    () => `urgency=${level()}`,
    () => `urgency ${level()} impact ${level()}`,
    () => `impact=${level()} urgency=${level()}`,
    () => `category="${someCategory(random)}"`,
    () => 'category=other kind=incident',
    () => 'category=hardware serial=A7',
    () => 'kind=request approved=boss',
    field,
    () => `impact=${level()} ${field()}`,
  ] as const
  return random.pick(makes)()
}

/** Options stand in front of the text, within it and behind it, as phones write them, too. */
function withOptions(random: SeededRandom, begin: string, options: readonly string[], said: string): Written {
  const written = options.map(each => (random.share() < 0.2 ? each.replace(/^--/, random.pick(['—', '–-'])) : each))
  if (random.share() < 0.3) return { line: [begin, ...written].join(' '), body: said }
  const quoted = random.share() < 0.4 && said !== '' ? [`"${said.replaceAll('"', "'")}"`] : said.split(' ')
  const at = random.whole(0, quoted.length)
  return { line: [begin, ...quoted.slice(0, at), ...written, ...quoted.slice(at)].join(' ').trim() }
}

function solution({ ref, random }: Hand): Written {
  const category = random.share() < 0.5 ? [`--category${random.pick([' ', '='])}"${someCategory(random)}"`] : []
  const options = ['--tell', '--told', '--told', '--workaround'].filter(() => random.share() < 0.4)
  return withOptions(random, `resolve ${ref}`, [...category, ...options], random.share() < 0.9 ? text(random) : '')
}

function tags({ random }: Hand): string {
  const tag = () => random.pick(['vip', '#later', 'q3', 'Büro', 'a.b-c', 'vip,later'])
  return Array.from({ length: random.whole(1, 3) }, tag).join(' ')
}

const LINES: { word: string; weight: number; line(hand: Hand): Written }[] = [
  {
    word: 'claim',
    weight: 9,
    line: ({ ref, random }) => ({ line: `${random.pick(['claim', 'take', '!claim'])} ${ref}` }),
  },
  { word: 'release', weight: 7, line: ({ ref }) => ({ line: `release ${ref}` }) },
  { word: 'assign', weight: 4, line: ({ ref, to, random }) => ({ line: `assign ${ref} @${to}${why(random)}`, to }) },
  { word: 'handover', weight: 9, line: ({ ref, to, random }) => ({ line: `handover ${ref} ${to}${why(random)}`, to }) },
  { word: 'accept', weight: 10, line: ({ ref }) => ({ line: `accept ${ref}` }) },
  { word: 'decline', weight: 4, line: ({ ref, random }) => ({ line: `decline ${ref}${why(random)}` }) },
  { word: 'swarm', weight: 5, line: helpers },
  { word: 'leave', weight: 5, line: ({ ref, to, random }) => leaving(ref, to, random) },
  { word: 'escalate', weight: 7, line: escalation },
  { word: 'wait', weight: 6, line: ({ ref, random }) => ({ line: `wait ${ref}${waiting(random)}` }) },
  {
    word: 'schedule',
    weight: 4,
    line: ({ ref, random }) => ({ line: `schedule ${ref} ${soon(random)}${why(random)}` }),
  },
  { word: 'resume', weight: 4, line: ({ ref }) => ({ line: `resume ${ref}` }) },
  { word: 'resolve', weight: 9, line: solution },
  { word: 'close', weight: 2, line: ({ ref }) => ({ line: `close ${ref}` }) },
  { word: 'reopen', weight: 9, line: ({ ref }) => ({ line: `reopen ${ref}` }) },
  { word: 'set', weight: 10, line: ({ ref, random }) => ({ line: `set ${ref} ${settings(random)}` }) },
  { word: 'tag', weight: 4, line: hand => ({ line: `tag ${hand.ref} ${tags(hand)}` }) },
  { word: 'untag', weight: 3, line: hand => ({ line: `untag ${hand.ref} ${tags(hand)}` }) },
  {
    word: 'expect',
    weight: 3,
    line: ({ ref, random }) => ({ line: `expect ${ref} ${random.pick([soon(random), 'none'])}` }),
  },
  {
    word: 'spent',
    weight: 2,
    line: ({ ref, random }) => ({ line: `spent ${ref} ${random.pick(['20m', '1h30m'])}${why(random)}` }),
  },
  { word: 'tried', weight: 1, line: ({ ref, random }) => ({ line: `tried ${ref}`, body: text(random) }) },
  { word: 'call', weight: 1, line: ({ ref, random }) => ({ line: `call ${ref}`, body: text(random) }) },
  { word: 'note', weight: 2, line: ({ ref, random }) => ({ line: `note ${ref}`, body: text(random) }) },
  {
    word: 'reply',
    weight: 4,
    line: ({ ref, random }) => withOptions(random, `reply ${ref}`, random.pick([[], ['--anyway']]), text(random)),
  },
  { word: 'link', weight: 9, line: linking },
  {
    word: 'unlink',
    weight: 3,
    line: ({ ref, other, random }) => ({ line: `unlink ${ref} ${reference(random, other)}`, other }),
  },
  { word: 'duplicate', weight: 2, line: ({ ref, other }) => ({ line: `duplicate ${ref} of ${other}`, other }) },
  {
    word: 'merge',
    weight: 2,
    line: ({ ref, other, random }) => ({ line: `merge ${ref} into ${reference(random, other)}`, other }),
  },
  { word: 'unmerge', weight: 5, line: ({ ref }) => ({ line: `unmerge ${ref}` }) },
  { word: 'nonsense', weight: 4, line: nonsense },
]

/** Each as often as it weighs. */
const DECK = LINES.flatMap(each => Array.from({ length: each.weight }, () => each)) as [
  (typeof LINES)[0],
  ...typeof LINES,
]

function helpers({ ref, to, random }: Hand): Written {
  return random.pick([
    { line: `swarm ${ref}` },
    { line: `swarm ${ref} me` },
    { line: `swarm ${ref} @${to}`, to },
    { line: `swarm ${ref} ${to} @${to}`, to },
    { line: `swarm ${ref} ${random.pick(HANDLES as [string])} ${random.pick(HANDLES as [string])}` },
  ])
}

function leaving(ref: string, to: string, random: SeededRandom): Written {
  return random.pick([{ line: `leave ${ref}` }, { line: `leave ${ref} @${to}`, to }])
}

function escalation({ ref, to, random }: Hand): Written {
  const desk = random.pick(DESKS)
  const reason = random.pick(['"it is the server"', 'nobody here knows'])
  return random.pick([
    { line: `escalate ${ref} @${to} ${reason}`, to },
    { line: `escalate ${ref} to ${to} ${reason}`, to },
    { line: `escalate ${ref} lead ${reason}` },
    { line: `escalate ${ref} ${random.pick([desk.id, desk.prefix])} ${reason}` },
  ])
}

function waiting(random: SeededRandom): string {
  const whom = random.pick(['', ' for requester', ' for vendor', ' vendor', ' for third party'])
  const until = random.share() < 0.6 ? ` until ${soon(random)}` : ''
  return `${whom}${until}${why(random)}`
}

function linking({ ref, other, random }: Hand): Written {
  const as = random.pick([' parent', ' parent', ' child', ' related', ''])
  return { line: `link ${ref}${as} ${reference(random, other)}`, other }
}

/** Misspelt, incomplete, or of what there is not: all of it is refused. */
function nonsense({ ref, random }: Hand): Written {
  const lines = [
    ...[
      '',
      '   ',
      '""',
      '"',
      '🙂',
      'clam',
      `clam ${ref}`,
      'claim',
      `claim ${ref} now please`,
      'claim X-99',
      'claim -1',
    ],
    ...[
      'claim HD-999999',
      'accept HD-0',
      `reslove ${ref}`,
      `assign ${ref}`,
      `assign ${ref} @nobody`,
      `handover ${ref}`,
    ],
    ...[`wait ${ref} until yesterday`, `schedule ${ref}`, `schedule ${ref} whenever`, `expect ${ref} whenever`],
    ...[`set ${ref}`, `set ${ref} impact=huge`, `set ${ref} colour=blue`, `set ${ref} priority=P1`],
    ...[`set ${ref} kind=wish`, `set ${ref} category=nowhere`, `tag ${ref}`, `tag ${ref} !!`, `spent ${ref} 0.001m`],
    ...[
      `spent ${ref} -5m`,
      `spent ${ref} 9999d`,
      `link ${ref}`,
      `link ${ref} aunt 3`,
      `merge ${ref} into`,
      `note ${ref}`,
    ],
    ...[
      `resolve ${ref}`,
      `duplicate ${ref}`,
      `escalate ${ref} lead`,
      `escalate ${ref} mars "far"`,
      `swarm ${ref} @nobody`,
    ],
    ...[`reply ${ref} The cable --anway`, `resolve ${ref} --tel The cable`, `resolve ${ref} The cable --category`],
    ...[`claim ${ref}; close ${ref}`, `claim ${'9'.repeat(40)}`, `DROP TABLE tickets`, `claim ${ref}\nclose ${ref}`],
  ] as unknown as [string]
  if (random.share() < 0.05) return { line: `claim ${ref}`, handle: 'nobody' }
  if (random.share() < 0.05) return { line: `claim ${ref}`, body: 'a text that claim does not take' }
  return { line: random.pick(lines) }
}
