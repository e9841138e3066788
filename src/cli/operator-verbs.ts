// Verbs for whoever runs the desk: inbox, outbox, alarms, doctor, config, keys.
import type { Command } from 'commander'
import { able } from '../channel/abilities.ts'
import type { Finding } from '../channel/adapter.ts'
import { age, shorten, table } from '../core/text/table.ts'
import { DeskError, sentenceOf } from '../errors.ts'
import { missingSecret } from '../fields.ts'
import { checkDesk } from '../flow/upkeep/check-store.ts'
import { findConfig, type OpenDesk, type Whereabouts } from '../main.ts'
import { outcomeInWords } from '../outcome.ts'
import { standingAlarms } from '../store/alarms.ts'
import { type Arrival, arrivalByNumber, newestArrivals, waitingArrivals } from '../store/arrivals.ts'
import { listOutbox, type OutboxLine } from '../store/outbox.ts'
import { print, printJson, withDesk } from './with-desk.ts'

const MOST = 500
const LONGEST_VALUE = 60 // columns; --json has all of it

type Json = { json?: boolean }

export function addOperatorVerbs(program: Command): void {
  const inbox = program.command('inbox').description('messages that are held or could not be read')
  inbox
    .command('list')
    .description('show them; --all shows the newest messages of any outcome')
    .option('--all', 'show all, newest first')
    .option('--json', 'print JSON, for programs')
    .action((options: Json & { all?: boolean }, command: Command) =>
      withDesk(command, desk => listInbox(desk, options)),
    )
  inbox
    .command('retry [messages...]')
    .description('read messages again that could not be read: M-3, or all of them')
    .action((messages: string[], _options, command: Command) => withDesk(command, desk => retryInbox(desk, messages)))

  const outbox = program.command('outbox').description('messages that are waiting to be sent or could not be delivered')
  outbox
    .command('list', { isDefault: true })
    .description('show them; --all also shows sent ones')
    .option('--all', 'show sent ones, too')
    .option('--json', 'print JSON, for programs')
    .action((options: Json & { all?: boolean }, command: Command) =>
      withDesk(command, desk => showOutbox(desk, options)),
    )
  outbox
    .command('retry <number>')
    .description('send one again now')
    .action((number: string, _options, command: Command) =>
      withDesk(command, desk => changeOutbox(desk, number, 'retry')),
    )
  outbox
    .command('drop <number>')
    .description('stop trying to send one')
    .action((number: string, _options, command: Command) =>
      withDesk(command, desk => changeOutbox(desk, number, 'drop')),
    )

  program
    .command('alarms')
    .description('show what needs attention')
    .option('--json', 'print JSON, for programs')
    .action((options: Json, command: Command) => withDesk(command, desk => listAlarms(desk, options)))

  program
    .command('config')
    .description('show every setting, its value, where it comes from and what it is for')
    .option('--json', 'print JSON, for programs')
    .action((options: Json, command: Command) => {
      const { settings } = findConfig(command.optsWithGlobals<Whereabouts>())
      if (options.json) return printJson(settings)
      print(
        table(
          ['SETTING', 'VALUE', 'FROM', 'WHAT IT IS FOR'],
          settings.map(s => [s.path, shorten(s.value, LONGEST_VALUE), s.from, s.sentence]),
          200,
        ),
      )
    })

  program
    .command('doctor')
    .description('check the store and each channel, and say what to fix')
    .option('--json', 'print JSON, for programs')
    .action((options: Json, command: Command) => withDesk(command, desk => examine(desk, options)))

  program
    .command('keys')
    .description('the keys that sign outgoing messages, so that answers to them are recognised')
    .command('rotate')
    .description('sign with a new key from now on; answers to older mail stay valid')
    .action((_options, command: Command) =>
      withDesk(command, async ({ service }) => {
        print(`Messages are signed with the key ${await service.rotateKey()} from now on.`)
      }),
    )
}

async function listInbox({ context }: OpenDesk, options: Json & { all?: boolean }): Promise<void> {
  const { read } = context.store
  const waiting = options.all ? await newestArrivals(read, MOST) : await waitingArrivals(read, MOST)
  if (options.json) return printJson(waiting)
  if (waiting.length === 0) return print(options.all ? 'No messages yet.' : 'No messages are waiting for a decision.')
  const now = context.clock.now().toISOString()
  const rows = waiting.map(each => [
    `M-${each.number}`,
    outcomeInWords(each.outcome),
    age(each.arrivedAt, now),
    each.sender ?? '-',
    each.subject ?? each.detail ?? '',
  ])
  print(table(['MESSAGE', 'WHY', 'AGE', 'FROM', 'SUBJECT'], rows))
  if (options.all)
    return print('\nWhy: relaydesk explain M-1. One that was ignored: relaydesk open M-1, or join M-1 TICKET.')
  print('\nHeld ones: relaydesk join M-1 [TICKET], or open M-1. Unreadable ones: relaydesk inbox retry M-1.')
}

async function retryInbox({ context, service }: OpenDesk, messages: string[]): Promise<void> {
  const { read } = context.store
  const named = await Promise.all(messages.map(text => quarantinedArrival(context.store.read, text)))
  const all = (await waitingArrivals(read, MOST)).filter(each => each.outcome.startsWith('quarantined:'))
  for (const waiting of messages.length > 0 ? named : all) {
    try {
      const { outcome, ref } = await service.waiting.retry(waiting)
      print(`M-${waiting.number}: ${outcome}${ref ? ` ${ref}` : ''}`)
    } catch (error) {
      process.exitCode = 1
      print(`M-${waiting.number}: ${sentenceOf(error)}`)
    }
  }
  const hasQuarantined = (await waitingArrivals(read, MOST)).some(each => each.outcome.startsWith('quarantined:'))
  if (!hasQuarantined)
    for (const channel of context.channels.keys()) await service.deskFor(channel).settle('quarantine')
  if (messages.length === 0 && all.length === 0) print('Every message could be read.')
}

async function quarantinedArrival(sql: OpenDesk['context']['store']['read'], text: string): Promise<Arrival> {
  const number = Number(/^m?-?(\d+)$/i.exec(text)?.[1] ?? 0)
  const found = await arrivalByNumber(sql, number)
  if (found?.outcome.startsWith('quarantined:')) return found
  throw new DeskError(
    'not-found',
    `There is no unreadable message ${text}: relaydesk inbox list shows those there are.`,
  )
}

async function showOutbox({ context }: OpenDesk, options: Json & { all?: boolean }): Promise<void> {
  const lines = await listOutbox(context.store.read, options.all === true, MOST)
  if (options.json) return printJson(lines)
  if (lines.length === 0) return print(options.all ? 'Nothing has been sent yet.' : 'Nothing is waiting to be sent.')
  const rows = lines.map(line => [
    String(line.number),
    refOf(line),
    line.kind,
    line.recipient,
    line.state,
    String(line.attempts),
    line.error ?? '',
  ])
  print(table(['NUMBER', 'TICKET', 'WHAT', 'TO', 'STATE', 'TRIES', 'LAST ANSWER'], rows, 160))
}

function refOf(line: OutboxLine): string {
  return line.ticketNumber === null ? '-' : `${line.prefix}-${line.ticketNumber}`
}

async function changeOutbox({ service }: OpenDesk, text: string, what: 'retry' | 'drop'): Promise<void> {
  const number = Number(text)
  if (!Number.isSafeInteger(number))
    throw new DeskError('usage', `"${text}" is not a number: outbox list shows the numbers.`)
  const changed = what === 'retry' ? await service.retryOutbox(number) : await service.dropOutbox(number)
  if (changed === 0) {
    throw new DeskError('not-found', `Message ${number} is neither waiting nor failed: see outbox list.`)
  }
  print(
    what === 'retry' ? `Message ${number} is due now for ${changed} recipient(s).` : `Message ${number} was dropped.`,
  )
}

async function listAlarms({ context }: OpenDesk, options: Json): Promise<void> {
  const alarms = await standingAlarms(context.store.read)
  if (options.json) return printJson(alarms)
  if (alarms.length === 0) return print('No alarms.')
  const now = context.clock.now().toISOString()
  print(
    table(
      ['CHANNEL', 'SINCE', 'WHAT'],
      alarms.map(alarm => [alarm.channel, age(alarm.raisedAt, now), alarm.sentence]),
      160,
    ),
  )
}

async function examine({ config, context, service }: OpenDesk, options: Json): Promise<void> {
  const findings: Finding[] = await checkDesk(context)
  for (const [name, { adapter }] of context.channels) {
    const checkable = able(adapter, 'check')
    if (!checkable) continue
    const missing = missingSecret(config.channels.find(each => each.name === name)?.settings)
    if (missing) findings.push({ ok: false, what: `the secrets of ${name} are there`, advice: missing })
    else findings.push(...(await checkable.check(service.deskFor(name))))
  }
  if (findings.some(finding => !finding.ok)) process.exitCode = 1
  if (options.json) return printJson(findings)
  print(
    findings
      .map(({ ok, what, advice }) => `${ok ? 'ok   ' : 'FAIL '} ${what}${advice ? `\n      ${advice}` : ''}`)
      .join('\n'),
  )
}
