// Reads the tree of categories.
import { existsSync, readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import type { Category, Field, TicketPolicy } from './core/ticket/policy.ts'
import { DeskError, sentenceOf } from './errors.ts'

const word = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} _.-]{0,59}$/u, 'write a short name')

const fieldSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,30}$/i, 'write one word of letters, digits and hyphens')
    .refine(
      name => !/^(?:kind|impact|urgency|category|priority)$/i.test(name),
      'choose a name that is not already a setting',
    ),
  choices: z.array(z.string().min(1)).default([]),
  required: z.boolean().default(false),
})

const kindSchema = z.strictObject({ fields: z.array(fieldSchema).default([]) }).prefault({})

const fileSchema = z.strictObject({
  kinds: z.strictObject({ incident: kindSchema, request: kindSchema }).prefault({}),
  categories: z.record(z.string(), z.unknown()),
})

/** Reads the tree of categories. Throws a `DeskError` of code `config` that names the file and what is wrong in it. */
export function loadCategories(file: string): Pick<TicketPolicy, 'categories' | 'fields'> {
  if (!existsSync(file)) {
    throw new DeskError('config', `categories: there is no file ${file}: make it, or leave the setting out.`)
  }
  try {
    const { kinds, categories } = fileSchema.parse(parseYaml(readFileSync(file, 'utf8')))
    return {
      categories: branches(categories, ''),
      fields: { incident: kinds.incident.fields, request: kinds.request.fields },
    }
  } catch (error) {
    throw new DeskError('config', `categories: ${file}: ${mistakeIn(error)}.`)
  }
}

function mistakeIn(error: unknown): string {
  if (!(error instanceof z.ZodError)) return sentenceOf(error)
  const [issue] = error.issues
  return `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'cannot be read'}`
}

/** Each branch with its path, those above before those below. */
function branches(tree: Record<string, unknown>, above: string): Category[] {
  return Object.entries(tree).flatMap(([name, below]) => {
    const path = `${above}${word.parse(name).toLowerCase()}`
    const { fields, ...inner } = z.record(z.string(), z.unknown()).parse(below ?? {})
    const ownFields: Field[] = fields === undefined ? [] : z.array(fieldSchema).parse(fields)
    return [{ path, fields: ownFields }, ...branches(inner, `${path}/`)]
  })
}
