import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { usageOf } from '../../src/commands/command/command.ts'
import { createCommands, summaryOf } from '../../src/commands/registry.ts'

const DOCS = new URL('../../docs/commands.md', import.meta.url)
const BETWEEN = /(<!-- commands -->\n)[\s\S]*?(<!-- \/commands -->)/

/** UPDATE_DOCS=1 writes the table anew. */
test('the table of commands in docs/commands.md is that of the registry', () => {
  const rows = createCommands().all.map(command => {
    const usage = usageOf(command).replaceAll('|', '\\|')
    return `| \`${usage}\` | ${summaryOf(command).replaceAll('|', '\\|')} |\n`
  })
  const table = `| command | what it does |\n|---|---|\n${rows.join('')}`
  const readme = readFileSync(DOCS, 'utf8')
  const wanted = readme.replace(BETWEEN, `$1${table}$2`)
  if (process.env.UPDATE_DOCS) writeFileSync(DOCS, wanted)
  else expect(readme).toBe(wanted)
})
