import { readFileSync } from 'node:fs'
import { simpleParser } from 'mailparser'

// The baseline, in a process of its own: reads and parses each file whose path stands in the list, and does nothing else.
// Files are read in the fastest way there is, so that nothing but parsing is compared with.
const files = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as string[]
let unread = 0
const since = performance.now()
for (const file of files) {
  await simpleParser(readFileSync(file)).catch(() => {
    unread += 1
  })
}
const seconds = (performance.now() - since) / 1000
process.stdout.write(JSON.stringify({ seconds, unread }))
