#!/usr/bin/env node
// The launcher of both forms: in a checkout it runs the sources (type stripping), in an installed package the compiled
// files, because Node refuses to strip types below node_modules.
import { existsSync } from 'node:fs'
import module from 'node:module'

const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `Relaydesk needs Node 24 or newer; this is ${process.version}. Install a newer Node, or run it through npx in the checkout.\n`,
  )
  process.exit(69)
}
module.enableCompileCache()
const sources = new URL('../src/cli.ts', import.meta.url)
const entry = existsSync(sources) ? sources : new URL('../dist/src/cli.js', import.meta.url)
const { main } = await import(entry.href)
await main(process.argv.slice(2))
