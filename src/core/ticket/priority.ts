// Impact, urgency, and the priority that follows from them.
import { DeskError } from '../../errors.ts'

/** How many are affected, and how soon it hurts. */
export const LEVELS = ['low', 'medium', 'high'] as const
export type Level = (typeof LEVELS)[number]

export const PRIORITIES = ['P1', 'P2', 'P3', 'P4', 'P5'] as const
export type Priority = (typeof PRIORITIES)[number]

/** Priority by impact, then by urgency. */
export type PriorityMatrix = Record<Level, Record<Level, Priority>>

/** The matrix of ITIL, as most desks have it. */
export const DEFAULT_MATRIX: PriorityMatrix = {
  high: { high: 'P1', medium: 'P2', low: 'P3' },
  medium: { high: 'P2', medium: 'P3', low: 'P4' },
  low: { high: 'P3', medium: 'P4', low: 'P5' },
}

export interface Assessment {
  impact: Level
  urgency: Level
  priority: Priority
  /** Urgency was raised, because the requester is a VIP. */
  raised: boolean
}

/** Impact x urgency -> priority. A VIP's urgency counts one level higher; `raised` says that it did. */
export function assess(matrix: PriorityMatrix, impact: Level, urgency: Level, vip: boolean): Assessment {
  const counted = vip ? (LEVELS[LEVELS.indexOf(urgency) + 1] ?? 'high') : urgency
  return { impact, urgency, priority: matrix[impact][counted], raised: counted !== urgency }
}

/** Throws a `DeskError` of code `usage` for what is none. */
export function priorityIn(typed: string): Priority {
  const priority = PRIORITIES.find(each => each === typed.toUpperCase())
  if (priority) return priority
  throw new DeskError('usage', `"${typed}" is not a priority: write one of ${PRIORITIES.join(', ')}.`)
}
