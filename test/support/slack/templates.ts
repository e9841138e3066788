import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from './shapes.ts'

const FOLDER = join(import.meta.dirname, '../../fixtures/slack')

const texts = new Map<string, string>()

/**
 * What Slack sends, from its template in test/fixtures/slack. `"{{name}}"` stands for the value of that name; what has
 * no value is left out. A value that the template has no place for is an error: somebody misspelt it.
 */
export function fromTemplate(name: string, values: Json): Json {
  const text = texts.get(name) ?? readFileSync(join(FOLDER, `${name}.json`), 'utf8')
  texts.set(name, text)
  for (const key of Object.keys(values)) {
    if (!text.includes(`"{{${key}}}"`)) throw new Error(`The template ${name} has no place for ${key}`)
  }
  return filled(JSON.parse(text), values) as Json
}

function filled(part: unknown, values: Json): unknown {
  if (typeof part === 'string') {
    const [, name] = /^\{\{(\w+)\}\}$/.exec(part) ?? []
    return name === undefined ? part : values[name]
  }
  if (Array.isArray(part)) return part.map(each => filled(each, values))
  if (typeof part !== 'object' || part === null) return part
  const entries = Object.entries(part).map(([key, each]) => [key, filled(each, values)] as const)
  return Object.fromEntries(entries.filter(([, each]) => each !== undefined))
}
