// Carries out the commands in an agent's mail once the mail has its place. It stands above all that takes messages in,
// because a command may decide a message that waits.
import type { Call, Command, SettleCommand, Settlement } from '../../commands/command/command.ts'
import { quoted } from '../../commands/talk/unseen.ts'
import { Options } from '../../core/text/options.ts'
import { formatShown } from '../../core/ticket/shown.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import type { Person } from '../../store/people.ts'
import type { Intake, Origin } from '../context.ts'
import { decideHeld } from '../intake/decide-held.ts'
import { changing, type SeenMail, seenByAnswer } from '../intake/seen.ts'
import { leadsTo } from '../read-command.ts'
import { changeReaders, runCommand, sentenceOfRefusal } from './change-readers.ts'
import { isAnswer, type MailCommand, type MailCommands, type PendingCommands } from './mail-command.ts'
import { notifyOfCommands } from './notify-author.ts'

/** Carries out an agent's commands, if all of them can be understood, and tells the agent what became of them. */
export async function runPending(tx: Tx, intake: Intake, pending: PendingCommands | null): Promise<void> {
  if (!pending) return
  const { origin, commands, actor, ticket, files } = pending
  const done = commands.mistakes.length === 0
  if (done && commands.steps.length + commands.results.length === 0) return
  const lines = done ? await runAll(tx, intake, origin, commands, actor, files) : commands.mistakes
  const rest = !done
    ? ['None of your commands was carried out.']
    : !ticket && commands.text
      ? ['The rest of your mail was not sent, as it does not answer a ticket.']
      : []
  if (lines.length + rest.length > 0) await notifyOfCommands(tx, intake, origin, actor, ticket, [...lines, ...rest])
}

/**
 * Does what an agent's mail asks for, first of all what it says of who reads its answer; gives a line for each command
 * with what became of it.
 */
async function runAll(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  commands: MailCommands,
  actor: Person,
  attachments: Call['attachments'],
): Promise<string[]> {
  const files = stepWithFiles(commands)
  const seen = await seenByAnswer(tx, commands.answeredMail)
  const refusal = await changing(tx, intake.facts, seen, () => changeReaders(tx, intake, origin, commands, actor))
  const results = [...commands.results]
  for (const candidate of commands.steps) {
    const isUnsent = isAnswer(candidate) && refusal !== null
    if (isUnsent)
      results.push(
        `!${candidate.line}: Nothing was sent, as the recipients could not be changed:\n\n${quoted(candidate.body)}`,
      )
    if (isUnsent) continue
    const step = isAnswer(candidate) && seen ? await asSeen(tx, intake, candidate, seen) : candidate
    const { line, command, options, args, body } = step
    const call: Call = {
      ...intake.facts,
      actor,
      channel: origin.channel,
      sign: '!',
      options,
      body,
      attachments: candidate === files ? attachments : [],
    }
    const result = await outcomeOf(tx, intake, command, call, args)
    results.push(result.includes('\n') ? `!${line}:\n\n${result}\n` : `!${line}: ${result}`)
  }
  return results
}

/** An answer leaves if nothing changed since the mail of ours that its own answers, whatever else was told meanwhile. */
async function asSeen(
  sql: Sql,
  { facts }: Intake,
  step: MailCommand,
  { named, ticket, shown }: SeenMail,
): Promise<MailCommand> {
  const { command } = step
  const [number = 0] = 'tickets' in command ? command.tickets(step.args) : []
  if (step.options.has('anyway') || step.options.has('read') || !(await leadsTo(sql, number, ticket))) return step
  const options = step.options.and(new Options([['read', formatShown(shown)]]))
  return { ...step, options, args: command.parse({ args: [named.ref], options }, facts) }
}

/** Which command the files of the mail go with: a note before an answer, so that none leaves that was meant for it. */
function stepWithFiles({ steps }: MailCommands): MailCommand | undefined {
  const withText = steps.filter(({ command }) => command.body === 'required')
  return withText.find(each => !isAnswer(each)) ?? withText[0]
}

/** A command throws before its first write or not at all, so that the others are not hurt by one that fails. */
async function outcomeOf(tx: Tx, intake: Intake, command: Command, call: Call, args: never): Promise<string> {
  try {
    if ('settles' in command) return await decide(tx, intake, call, (command as SettleCommand<never>).settles(args))
    return await runCommand(tx, command, call, args)
  } catch (error) {
    return sentenceOfRefusal(error)
  }
}

/** Decides waiting messages as a command says. Gives a sentence for each. */
async function decide(tx: Tx, intake: Intake, call: Call, { arrivals, decision }: Settlement): Promise<string> {
  const texts: string[] = []
  for (const number of arrivals) {
    const settled = decideHeld(tx, intake, call, number, decision, intake.reread.get(number))
    texts.push(
      await settled.then(async ({ reply, pending }) => {
        await runPending(tx, intake, pending)
        return reply.text
      }, sentenceOfRefusal),
    )
  }
  return texts.join(' ')
}
