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
  id: name.describe('Short name of the desk. Do not change it later.'),
  name: z.string().min(1).default('Help desk').describe('The name of the desk that requesters see.'),
  prefix: z
    .string()
    .regex(/^[A-Z][A-Z0-9]{0,9}$/, 'write up to ten capital letters and digits, such as HD')
    .default('HD')
    .describe('What references start with: HD gives HD-1234.'),
})

const agentSchema = z.strictObject({
  handle: name.describe('The name of the agent in commands.'),
  name: z.string().min(1).describe('The name of the agent that requesters see.'),
  email: mailAddress.describe('Where the agent gets notifications, and from which address the agent answers.'),
  lead: z.boolean().default(false).describe('Whether escalate TICKET lead goes to this agent.'),
})

const channelSchema = z.looseObject({
  name: name.describe('Name of the channel; stored with every message.'),
  kind: z.string().describe('The kind of channel, such as email or slack.'),
  desk: z.string().optional().describe('The desk that its tickets belong to; the first one if left out.'),
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
    .describe(
      'sqlite keeps everything in the state folder; with a postgres:// address several machines can work together.',
    )
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
    .describe('Who answers. Commands on the command line are run as the first one, unless you say otherwise.'),
  acknowledge: z
    .strictObject({
      within: duration.default(14 * 86_400_000).describe('Mail that arrived longer ago than this is not acknowledged.'),
    })
    .prefault({}),
  machines: z
    .strictObject({
      newsletters: z
        .enum(['ignore', 'open'])
        .default('ignore')
        .describe('Whether newsletters are only recorded, or open a ticket as other mail does.'),
      recovery: z
        .enum(['note', 'close'])
        .default('note')
        .describe('Whether an all-clear message is only kept with the ticket of its alert, or also closes it.'),
    })
    .prefault({}),
  senders: z
    .strictObject({
      block: z
        .array(senderPattern)
        .default([])
        .describe('Senders whose mail is recorded but ignored: addresses, or domains with their subdomains.'),
      allow: z
        .array(senderPattern)
        .default([])
        .describe('Senders whose mail is always accepted, whatever a spam filter says.'),
    })
    .prefault({}),
  floods: z
    .strictObject({
      tickets: limit
        .default(10)
        .describe(
          'How many tickets one sender can open within floods.within before further ones are held; 0: no limit.',
        ),
      messages: limit
        .default(40)
        .describe('How many messages one sender can add to tickets within floods.within; 0: no limit.'),
      within: duration.default(600_000).describe('The period for both limits.'),
    })
    .prefault({}),
  automatic: z
    .strictObject({
      perDay: limit.min(1).default(20).describe('The most automatic mails that one requester gets in a day.'),
      perAgentDay: limit.min(1).default(500).describe('The most notifications that one agent gets in a day.'),
    })
    .prefault({}),
  scanner: z
    .strictObject({
      clamd: z
        .string()
        .min(1)
        .describe(
          'Socket of ClamAV, such as /run/clamav/clamd.ctl, or host:port. Messages in which it finds something are held.',
        ),
    })
    .optional()
    .describe('A virus scanner for messages with files.'),
  categories: z
    .string()
    .optional()
    .describe('File with your own tree of categories and fields, to replace the built-in one.'),
  tickets: z
    .strictObject({
      priorities: z
        .record(level, byUrgency)
        .default(DEFAULT_MATRIX)
        .describe('Priority (P1 to P5) for each impact and urgency (low, medium, high).'),
      vip: z
        .array(senderPattern)
        .default([])
        .describe('Requesters whose urgency counts one level higher: addresses, or domains.'),
      handoverWithin: duration
        .default(86_400_000)
        .describe('How long an agent has to accept a handover; after that the ticket stays with its owner.'),
      closeAfter: duration
        .default(7 * 86_400_000)
        .describe('A resolved ticket closes if its requester does not answer for this long.'),
      reopenWithin: duration
        .default(30 * 86_400_000)
        .describe('For this long after closing, a message reopens the ticket; later it opens a new, linked one.'),
    })
    .prefault({}),
  web: z
    .strictObject({
      publicUrl: z
        .url('write an address such as https://desk.example.com')
        .transform(url => url.replace(/\/+$/, ''))
        .optional()
        .describe(
          'The public address of the desk, for its pages and for requests from Slack. Without it, mails contain no links.',
        )
        .meta({ address: true }),
      host: z
        .string()
        .default('127.0.0.1')
        .describe('The address to listen on for pages and for HTTP requests to channels.'),
      port: z.number().int().min(0).max(65_535).default(8025).describe('The port to listen on for these.'),
      proxies: z.array(network).default([]).describe(PROXIES),
    })
    .prefault({}),
  templates: z
    .string()
    .optional()
    .describe('Folder with your own templates; they replace the built-in ones of the same name.'),
  limits: z
    .strictObject({
      message: size
        .default(100_000_000)
        .describe('The largest message that is accepted; larger ones are refused or stay where they are.'),
      inFlight: size
        .default(128 * 1024 * 1024)
        .describe('How many bytes of messages are held in memory at once, over all channels.'),
    })
    .prefault({}),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('How much is written to the log.'),
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
    throw new DeskError('config', `${file}, line ${line}: this is not valid YAML: ${mistake.message.split('\n')[0]}`)
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
    throw new DeskError('config', `${file}, line ${line}: this is not valid YAML: ${sentenceOf(error)}.`)
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
