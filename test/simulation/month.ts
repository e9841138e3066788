/**
 * A month of mail between two desks and a world of lists, responders, bounces, forwards, other help desks, spam and
 * people, at a simulated time.
 *
 *   npm run simulate -- [--days 30] [--seed 1] [--mute]
 *
 * The same seed gives the same month; with `--mute` what answers for agents says nothing of itself at all. Prints who got how much, and ends with 1 if something went in circles, a machine
 * opened a ticket again, somebody got too much, or a desk is not sound afterwards.
 */
import { parseArgs } from 'node:util'
import { runMonth } from './run-month.ts'

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    mute: { type: 'boolean', default: false },
  },
})
const [days, seed] = [Number(values.days), Number(values.seed)]
if (!(Number.isSafeInteger(days) && days > 0 && Number.isSafeInteger(seed))) {
  throw new Error('--days and --seed: write whole numbers; at least 1 day.')
}
const began = performance.now()
const { text, broken } = await runMonth(seed, days, {
  mute: values.mute,
  tell: day => {
    if (process.stderr.isTTY) process.stderr.write(`\rday ${day} of ${days}`)
  },
})
say(`${days} days, seed ${seed}, in ${Math.round((performance.now() - began) / 1000)} s`)
say(text)
say(broken.length === 0 ? 'Every bound held.' : `BROKEN:\n${broken.map(each => `- ${each}`).join('\n')}`)
process.exitCode = broken.length === 0 ? 0 : 1

function say(line: string): void {
  process.stdout.write(`${line}\n\n`)
}
