import fc from 'fast-check'
import { type Plan, plans } from './spoiled-mail.ts'

const LONGEST_MS = 90_000 // for each of the two ways
const MOST_TRIES = 400

/** A plan that does less and still fails; the same one if there is none. */
export async function smallerPlan(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  const property = fc.asyncProperty(plans, async each => !(await fails(each)))
  const { counterexample } = await fc.check(property, {
    examples: [[plan]],
    numRuns: 1,
    interruptAfterTimeLimit: LONGEST_MS,
    endOnFailure: false,
  })
  return counterexample?.[0] ?? plan
}

/** Bytes that still fail, without what can be left out: lines first, then signs. */
export async function smallerBytes(bytes: Buffer, fails: (bytes: Buffer) => Promise<boolean>): Promise<Buffer> {
  const limits = { until: Date.now() + LONGEST_MS, tries: MOST_TRIES }
  const attempt = (pieces: readonly string[]) => fails(Buffer.from(pieces.join(''), 'latin1'))
  const lines = await fewer(bytes.toString('latin1').split(/(?<=\n)/), attempt, limits)
  const signs = lines.join('')
  const pieces = signs.match(new RegExp(`[^]{1,${Math.ceil(signs.length / 4_000)}}`, 'g')) ?? []
  return Buffer.from((await fewer(pieces, attempt, limits)).join(''), 'latin1')
}

/** Leaves out runs of pieces, long ones first, as long as what is left fails. */
async function fewer(
  pieces: readonly string[],
  fails: (pieces: readonly string[]) => Promise<boolean>,
  limits: { until: number; tries: number },
): Promise<readonly string[]> {
  let left = pieces
  for (let run = Math.ceil(left.length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let at = 0; at < left.length; ) {
      if (limits.tries <= 0 || Date.now() > limits.until) return left
      limits.tries -= 1
      const without = left.toSpliced(at, run)
      if (without.length > 0 && (await fails(without))) left = without
      else at += run
    }
  }
  return left
}
