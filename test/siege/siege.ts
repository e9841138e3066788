// `npm run siege [WORD ...]`: plays each scene whose name has one of these words against a desk in a process of its own,
// and prints what everybody else saw of it meanwhile. Ends with 1 if anything was lost or held up.
import { backlog } from './backlog.ts'
import { BesiegedDesk, type Seen } from './besieged-desk.ts'
import { http } from './http.ts'
import { mailbox } from './mailbox.ts'
import type { Scene } from './scene.ts'
import { sending } from './sending.ts'
import { smtp } from './smtp.ts'

/**
 * What nobody may be kept from, in milliseconds and bytes. A turn is bounded by the processor time of the desk's thread:
 * who plays badly shares the processors with it here.
 */
const BOUNDS = { turn: 50, greeting: 200, command: 1_000, stop: 5_000, peakBytes: 600e6 }

const words = process.argv.slice(2)
const scenes: Scene[] = [...sending, ...http, ...smtp, ...mailbox, ...backlog].filter(
  ({ name }) => words.length === 0 || words.some(word => name.includes(word)),
)
console.log('longest, ms:  turn (own)  greeting  command (99 %)  stop   peak, MB')
let failed = 0
for (const scene of scenes) {
  const { end, ...options } = (await scene.options?.()) ?? {}
  const desk = await BesiegedDesk.start(options)
  let lost: string[] = []
  try {
    const seen = await desk.during(async () => {
      lost = await scene.play(desk)
    })
    if (!desk.isAlive) lost.push(`The desk ended: ${desk.stderr.slice(-500)}`)
    const stop = await desk.stop()
    const { sound, text } = await desk.verify()
    if (!sound) lost.push(text.trim())
    const beyond = tooLong(seen, stop)
    console.log(lineOf(seen, stop), ` ${scene.name}`)
    for (const each of [...lost, ...beyond]) console.log(`              ${each}`)
    failed += lost.length + beyond.length > 0 ? 1 : 0
  } catch (error) {
    failed += 1
    console.log(`              ${scene.name}:`, error)
  } finally {
    await desk.remove()
    await end?.()
  }
}
console.log(
  failed === 0
    ? `${scenes.length} scenes, nothing lost and nobody held up.`
    : `${failed} of ${scenes.length} scenes failed.`,
)
process.exit(failed === 0 ? 0 : 1)

function lineOf({ longestTurn, greeting, command, peakBytes }: Seen, stop: number): string {
  const column = (value: number, width: number) => value.toFixed(0).padStart(width)
  const commands = `${column(command.longest, 9)} ${`(${command.often.toFixed(0)})`.padStart(6)}`
  return `${column(longestTurn.longest, 18)} ${`(${longestTurn.processor.toFixed(0)})`.padStart(5)}${column(greeting.longest, 10)}${commands}${column(stop, 6)}${column(peakBytes / 1e6, 11)}`
}

function tooLong({ longestTurn, greeting, command, peakBytes }: Seen, stop: number): string[] {
  const sentences: [boolean, string][] = [
    [longestTurn.processor > BOUNDS.turn, `A turn of the event loop took more than ${BOUNDS.turn} ms.`],
    [greeting.often > BOUNDS.greeting, `Greetings took more than ${BOUNDS.greeting} ms.`],
    [command.longest > BOUNDS.command, `A command took more than ${BOUNDS.command} ms.`],
    [stop > BOUNDS.stop, `Stopping took more than ${BOUNDS.stop} ms.`],
    [peakBytes > BOUNDS.peakBytes, `It took more than ${BOUNDS.peakBytes / 1e6} MB.`],
  ]
  return sentences.filter(([is]) => is).map(([, sentence]) => sentence)
}
