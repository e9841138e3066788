import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { usageOf } from '../../src/commands/command/command.ts'
import { createCommands } from '../../src/commands/registry.ts'

const README = new URL('../../README.md', import.meta.url)
const BETWEEN = /(<!-- commands -->\n)[\s\S]*?(<!-- \/commands -->)/

/** UPDATE_README=1 writes the table anew. */
test('the table of commands in the README is that of the registry', () => {
  const rows = createCommands().all.map(command => {
    const usage = usageOf(command).replaceAll('|', '\\|')
    return `| \`${usage}\` | ${command.summary.replaceAll('|', '\\|')} |\n`
  })
  const table = `| command | what it does |\n|---|---|\n${rows.join('')}`
  const readme = readFileSync(README, 'utf8')
  const wanted = readme.replace(BETWEEN, `$1${table}$2`)
  if (process.env.UPDATE_README) writeFileSync(README, wanted)
  else expect(readme).toBe(wanted)
})
