// Reads the configuration.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Alias, type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { DEFAULT_MATRIX, LEVELS, PRIORITIES } from './core/ticket/priority.ts'
import { DeskError, sentenceOf } from './errors.ts'
import { duration, mailAddress, network, PROXIES, size } from './fields.ts'
import { type DescribedValue, formatPath, knownKeys, listSettings, type Setting } from './setting-list.ts'

const name = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'write a short name of lower-case letters, digits and hyphens')

const deskSchema = z.strictObject({
  id: name.describe('Short name of the desk; stays when everything else changes.'),
  name: z.string().min(1).default('Help desk').describe('What requesters read as the name of the desk.'),
  prefix: z
    .string()
    .regex(/^[A-Z][A-Z0-9]{0,9}$/, 'write up to ten capital letters and digits, such as HD')
    .default('HD')
    .describe('What references begin with: HD gives HD-1234.'),
})

const agentSchema = z.strictObject({
  handle: name.describe('What the agent is called in commands.'),
  name: z.string().min(1).describe('What requesters read as the name of the agent.'),
  email: mailAddress.describe('Where the agent is told of tickets, and from where the agent answers.'),
  lead: z.boolean().default(false).describe('Tickets are escalated to this agent with escalate TICKET lead.'),
})

const channelSchema = z.looseObject({
  name: name.describe('Name of the channel; stored with every message.'),
  kind: z.string().describe('Which adapter serves it, e.g. email.'),
  desk: z.string().optional().describe('The desk its tickets belong to; the first one if left out.'),
})

const limit = z.number().int('write a whole number').min(0, 'write 0 or more')

const senderPattern = z
  .string()
  .regex(/^(?:[^\s@<>]+@)?[^\s@<>]+\.[^\s@<>]+$/, 'write an address, *@example.com, or a domain such as example.com')
  .transform(text => text.toLowerCase())

const level = z.enum(LEVELS)
const byUrgency = z.record(level, z.enum(PRIORITIES))

const rootSchema = z.strictObject({
  state: z.string().default('var').describe('Folder for the database, large files and keys.'),
  database: z
    .string()
    .regex(/^(sqlite|postgres(ql)?:\/\/.+)$/, 'write sqlite, or postgres://user@host/name')
    .default('sqlite')
    .describe('sqlite keeps everything in the state folder; a postgres:// address lets several machines work together.')
    .meta({ address: true }),
  desks: z
    .array(deskSchema)
    .min(1)
    .default([{ id: 'help', name: 'Help desk', prefix: 'HD' }])
    .describe('The desks of this installation; numbers run through all of them.'),
  agents: z
    .array(agentSchema)
    .min(1, 'list at least one agent: somebody must answer')
    .default([{ handle: 'agent', name: 'Agent', email: 'agent@desk.localhost', lead: true }])
    .describe('Who answers. The first one is who the command line speaks for, unless told otherwise.'),
  acknowledge: z
    .strictObject({
      within: duration
        .default(14 * 86_400_000)
        .describe('Mail that reached you longer ago than this is not acknowledged.'),
    })
    .prefault({}),
  machines: z
    .strictObject({
      newsletters: z
        .enum(['ignore', 'open'])
        .default('ignore')
        .describe('Newsletters are recorded and open no ticket; or open one as other mail does.'),
      recovery: z
        .enum(['note', 'close'])
        .default('note')
        .describe('The note of a machine that all is well again is kept with the ticket of its alert; or closes it.'),
    })
    .prefault({}),
  senders: z
    .strictObject({
      block: z
        .array(senderPattern)
        .default([])
        .describe('Senders whose mail is recorded and ignored: addresses, or domains with all below them.'),
      allow: z
        .array(senderPattern)
        .default([])
        .describe('Senders whose mail is wanted, whatever a spam filter says of it.'),
    })
    .prefault({}),
  floods: z
    .strictObject({
      tickets: limit.default(10).describe('Tickets one sender opens within that time before the rest is held; 0: any.'),
      messages: limit.default(40).describe('Messages one sender writes into tickets within that time; 0: any.'),
      within: duration.default(600_000).describe('The time that floods are counted in.'),
    })
    .prefault({}),
  automatic: z
    .strictObject({
      perDay: limit.min(1).default(20).describe('Automatic mails that one requester gets in a day at most.'),
      perAgentDay: limit.min(1).default(500).describe('Notifications that one agent gets in a day at most.'),
    })
    .prefault({}),
  scanner: z
    .strictObject({
      clamd: z
        .string()
        .min(1)
        .describe('Socket of ClamAV, such as /run/clamav/clamd.ctl, or host:port. What it finds something in is held.'),
    })
    .optional()
    .describe('A virus scanner for messages with files.'),
  categories: z.string().optional().describe('File with the tree of categories and their fields that replaces ours.'),
  tickets: z
    .strictObject({
      priorities: z
        .record(level, byUrgency)
        .default(DEFAULT_MATRIX)
        .describe('Priority (P1 to P5) by impact, then by urgency, each low, medium and high.'),
      vip: z
        .array(senderPattern)
        .default([])
        .describe('Requesters whose urgency counts one level higher: addresses, or domains.'),
      handoverWithin: duration
        .default(86_400_000)
        .describe('How long an agent has to accept what is handed over; then it stays with its owner.'),
      closeAfter: duration
        .default(7 * 86_400_000)
        .describe('A resolved ticket closes when its requester says nothing for this long.'),
      reopenWithin: duration
        .default(30 * 86_400_000)
        .describe('A message opens a closed ticket again for this long; after it a new, linked one.'),
    })
    .prefault({}),
  web: z
    .strictObject({
      publicUrl: z
        .url('write an address such as https://desk.example.com')
        .transform(url => url.replace(/\/+$/, ''))
        .optional()
        .describe(
          'Where the desk is reached from outside: requesters its pages, Slack its requests; without it mails hold no links.',
        )
        .meta({ address: true }),
      host: z.string().default('127.0.0.1').describe('Where pages, and what channels take by HTTP, are served.'),
      port: z.number().int().min(0).max(65_535).default(8025).describe('The port that these are served at.'),
      proxies: z.array(network).default([]).describe(PROXIES),
    })
    .prefault({}),
  templates: z.string().optional().describe('Folder whose templates replace ours of the same name.'),
  limits: z
    .strictObject({
      message: size.default(100_000_000).describe('Larger messages are refused or left where they are.'),
      inFlight: size.default(128 * 1024 * 1024).describe('Bytes of messages held in memory over all channels.'),
    })
    .prefault({}),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('How much goes to the log.'),
  channels: z
    .array(channelSchema)
    .min(1, 'list at least one channel')
    .default([
      {
        name: 'support',
        kind: 'email',
        address: 'help@desk.localhost',
        listen: { host: '127.0.0.1', port: 2525 },
        send: { maildir: 'mail' },
      },
    ])
    .describe('How people reach the desk.'),
})

type Root = z.infer<typeof rootSchema>

/** A channel's part of the configuration: what every channel has, and what its adapter asks for. */
export interface ChannelConfig {
  name: string
  kind: string
  desk: string
  /** Parsed by the adapter's own schema. */
  settings: unknown
}

export interface Config extends Omit<Root, 'channels'> {
  channels: ChannelConfig[]
}

export interface LoadedConfig {
  config: Config
  settings: Setting[]
}

export interface Sources {
  /** The configuration file; undefined for defaults alone. */
  file?: string | undefined
  /** Overrides `state`, with where it came from. */
  state?: { value: string; from: string } | undefined
  /** Schemas of the adapters' settings, by kind. */
  kinds: Record<string, z.ZodObject>
}

/** Reads, checks and completes the configuration. Throws a `DeskError` of code `config`: one sentence for each mistake. */
export function loadConfig(sources: Sources): LoadedConfig {
  const raw = sources.file === undefined ? {} : readYaml(sources.file)
  const base = sources.file === undefined ? process.cwd() : dirname(resolve(sources.file))
  const root = parse(rootSchema, raw, [])
  const state = resolve(sources.state ? process.cwd() : base, sources.state?.value ?? root.state)
  const channels = root.channels.map((channel, index) => parseChannel(root, channel, index, sources.kinds))
  refuseTwins(
    'channels',
    root.channels.map(channel => channel.name),
    'channels of one name',
  )
  refuseTwins(
    'desks',
    root.desks.map(desk => desk.id),
    'desks of one id',
  )
  refuseTwins(
    'desks',
    root.desks.map(desk => desk.prefix),
    'desks of one prefix',
  )
  refuseTwins(
    'agents',
    root.agents.map(agent => agent.handle),
    'agents of one handle',
  )
  refuseTwins(
    'agents',
    root.agents.map(agent => agent.email),
    'agents of one address',
  )
  const templates = root.templates === undefined ? undefined : resolve(base, root.templates)
  if (templates !== undefined && !existsSync(templates)) {
    throw new DeskError('config', `templates: there is no folder ${templates}: make it, or leave the setting out.`)
  }
  const categories = root.categories === undefined ? undefined : resolve(base, root.categories)
  const config: Config = { ...root, state, channels, templates, categories }
  return { config, settings: settingsOf(root, raw, config, sources) }
}

function readYaml(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new DeskError('config', `The configuration ${file} cannot be read: ${sentenceOf(error)}.`)
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true })
  const [mistake] = document.errors
  if (mistake) {
    const { line } = lines.linePos(mistake.pos[0])
    throw new DeskError('config', `${file}, line ${line}: this is no YAML: ${mistake.message.split('\n')[0]}`)
  }
  const unsafe = keyOfPrototype(document)
  if (unsafe !== undefined) {
    const { line } = lines.linePos(unsafe)
    throw new DeskError('config', `${file}, line ${line}: there is no setting "${PROTOTYPE}": take it out.`)
  }
  try {
    return document.toJS() ?? {}
  } catch (error) {
    const { line } = lines.linePos(brokenAlias(document)?.range?.[0] ?? 0)
    throw new DeskError('config', `${file}, line ${line}: this is no YAML: ${sentenceOf(error)}.`)
  }
}

const PROTOTYPE = '__proto__' // JavaScript takes it for something else than a key, so that no check would see it

/** Where the first such key stands. */
function keyOfPrototype(document: Document): number | undefined {
  let found: number | undefined
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === PROTOTYPE) found ??= key.range?.[0] ?? 0
    },
  })
  return found
}

/** The alias that refers to nothing, else the first one. */
function brokenAlias(document: Document): Alias | undefined {
  const aliases: Alias[] = []
  visit(document, { Alias: (_, alias) => void aliases.push(alias) })
  return aliases.find(alias => !alias.resolve(document)) ?? aliases[0]
}

function parseChannel(
  root: Root,
  channel: Root['channels'][number],
  index: number,
  kinds: Sources['kinds'],
): ChannelConfig {
  const schema = Object.hasOwn(kinds, channel.kind) ? kinds[channel.kind] : undefined
  if (!schema) {
    const known = Object.keys(kinds).join(', ')
    throw new DeskError(
      'config',
      `channels[${index}].kind: there is no adapter "${channel.kind}": write one of ${known}.`,
    )
  }
  const desk = channel.desk ?? root.desks[0]?.id ?? ''
  if (!root.desks.some(known => known.id === desk)) {
    throw new DeskError('config', `channels[${index}].desk: there is no desk "${desk}": write the id of one in desks.`)
  }
  const { name, kind, desk: _desk, ...values } = channel
  const settings = parse(schema, values, ['channels', index], Object.keys(channelSchema.shape))
  return { name, kind, desk, settings }
}

function parse<T extends z.ZodType>(
  schema: T,
  value: unknown,
  at: (string | number)[],
  alsoKnown: string[] = [],
): z.infer<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const mistakes = result.error.issues.map(issue => sentenceFor(issue, at, schema, value, alsoKnown))
  throw new DeskError('config', mistakes.join('\n'))
}

/** `a.b[0].c: what to write instead.` */
function sentenceFor(
  issue: z.core.$ZodIssue,
  at: (string | number)[],
  schema: z.ZodType,
  value: unknown,
  alsoKnown: string[],
): string {
  const path = [...at, ...issue.path.map(part => (typeof part === 'number' ? part : String(part)))]
  const where = formatPath(path) || 'the configuration'
  if (issue.code === 'unrecognized_keys') {
    const known = [...knownKeys(schema, issue.path), ...(issue.path.length === 0 ? alsoKnown : [])]
    const advice = known.length > 0 ? `write one of ${known.join(', ')}` : 'leave it out'
    return issue.keys.map(key => `${formatPath([...path, key])}: there is no such setting; ${advice}.`).join('\n')
  }
  if (issue.code === 'invalid_type') {
    const missing = issue.path.reduce<unknown>((inner, part) => (inner as never)?.[part as never], value) === undefined
    const kind = {
      string: 'a text',
      number: 'a number',
      int: 'a whole number',
      array: 'a list',
      object: 'settings of its own',
      record: 'settings of its own',
      boolean: 'true or false',
    }
    const expected = kind[issue.expected as keyof typeof kind] ?? issue.expected
    // A message of our own says more than the type does.
    const advice = issue.message.startsWith('Invalid input') ? `write ${expected}` : issue.message
    if (missing) return `${where}: this setting is missing; ${advice}.`
    return advice === issue.message ? `${where}: ${advice}.` : `${where}: ${advice} here.`
  }
  if (issue.code === 'invalid_value') return `${where}: write one of ${issue.values.join(', ')}.`
  return `${where}: ${issue.message.replace(/\.$/, '')}.`
}

function refuseTwins(path: string, values: readonly string[], what: string): void {
  const twin = values.find((value, index) => values.indexOf(value) !== index)
  if (twin !== undefined)
    throw new DeskError('config', `${path}: there are two ${what} ("${twin}"): rename one of them.`)
}

function settingsOf(root: Root, raw: unknown, config: Config, sources: Sources): Setting[] {
  const effective = { ...root, state: config.state, templates: config.templates }
  const described: DescribedValue[] = [
    { path: [], schema: rootSchema.omit({ channels: true }), value: effective, written: raw },
  ]
  config.channels.forEach((channel, index) => {
    const written = (raw as { channels?: unknown[] }).channels?.[index]
    const path = ['channels', index]
    described.push({ path, schema: channelSchema, value: channel, written })
    const schema = sources.kinds[channel.kind]
    if (schema) described.push({ path, schema, value: channel.settings, written })
  })
  const settings = listSettings(described, sources.file ?? '')
  const state = settings.find(setting => setting.path === 'state')
  if (state && sources.state) state.from = sources.state.from
  return settings
}
