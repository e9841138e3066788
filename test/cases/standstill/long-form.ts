// How long it takes to read forms of two megabytes, as anybody may post them to the endpoint for Slack.
// node test/cases/standstill/long-form.ts
import { parse } from 'node:querystring'

const FORMS: [string, number][] = [
  ['a&', 250_000],
  ['a&', 500_000],
  ['a&', 1_000_000],
  ['&', 2_097_152],
  ['a=&', 700_000],
]

function timed(work: () => unknown): number {
  const began = performance.now()
  work()
  return Math.round(performance.now() - began)
}

for (const [unit, count] of FORMS) {
  const text = unit.repeat(count)
  const search = timed(() => new URLSearchParams(text).get('payload'))
  const query = timed(() => parse(text))
  console.log(`${count} times "${unit}": URLSearchParams ${search} ms, querystring ${query} ms`)
}
