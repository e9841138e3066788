import fc from 'fast-check'
import { type How, MOST_MUCH } from './rough-mail.ts'
import { BYTE_SPOILERS } from './spoil-bytes.ts'
import { HEAD_SPOILERS } from './spoil-head.ts'
import { LENGTH_SPOILERS } from './spoil-length.ts'
import { PART_SPOILERS } from './spoil-parts.ts'

const SPOILERS = { ...HEAD_SPOILERS, ...PART_SPOILERS, ...LENGTH_SPOILERS, ...BYTE_SPOILERS }
const MOST_STEPS = 4
const LARGEST = 16_000_000 // bytes: what steps make of each other's work grows by the product
const LARGE_TO_GO_ON = 2_000_000 // a larger mail is spoiled no further
const LITTLE = 60 // of `much`, for most

/** How a message comes about: which mail it was, and what was done to it. */
export interface Plan {
  /** Chooses among the kinds of mail, and among the mails of that kind. */
  shelf: number
  mail: number
  steps: Step[]
}

interface Step {
  what: string
  where: number
  which: number
  much: number
  other: number
}

/** Mails to be spoiled, by kind, a character a byte. */
export type Shelves = readonly (readonly string[])[]

const number = fc.nat({ max: 1_000_003 })

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(...Object.keys(SPOILERS)),
  where: number,
  which: number,
  much: fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: LITTLE }) },
    { weight: 1, arbitrary: fc.nat({ max: MOST_MUCH }) },
  ),
  other: number,
})

/** Every way to spoil a mail. Shrinks to fewer steps that do less. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  shelf: number,
  mail: number,
  steps: fc.array(step, { minLength: 1, maxLength: MOST_STEPS, size: 'max' }),
})

/** The plan of one message: the same for the same seed and index, whatever else is made. */
export function planOf(seed: number, index: number): Plan {
  const [plan] = fc.sample(plans, { seed: seedOf(seed, index), numRuns: 1 })
  if (!plan) throw new Error('fast-check gave no sample.')
  return plan
}

/** What fast-check is to be seeded with for one message. */
export function seedOf(seed: number, index: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 0
}

/** The bytes of the message that a plan describes. */
export function carryOutPlan({ shelf, mail, steps }: Plan, shelves: Shelves): Buffer {
  let made = taken(shelves, shelf, mail)
  for (const { what, other, ...how } of steps) {
    if (made.length > LARGE_TO_GO_ON) break
    made = spoiled(made, what, { ...how, other: taken(shelves, other, how.where) })
  }
  return Buffer.from(made.slice(0, LARGEST), 'latin1')
}

/** A step that would make more than a string can hold does nothing, each time it is tried. */
function spoiled(mail: string, what: string, how: How): string {
  try {
    return (SPOILERS[what] ?? (same => same))(mail, how)
  } catch (error) {
    if (error instanceof RangeError) return mail
    throw error
  }
}

/** A plan in a few words. */
export function describePlan({ steps }: Plan): string {
  return steps.map(({ what, much }) => `${what} (${much})`).join(', ')
}

function taken(shelves: Shelves, shelf: number, mail: number): string {
  const mails = shelves[shelf % shelves.length] ?? []
  return mails[mail % mails.length] ?? ''
}
