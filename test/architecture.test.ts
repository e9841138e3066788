import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCommands } from '../src/commands/registry.ts'

const ROOT = resolve(import.meta.dirname, '..')

/** What everybody may import: they import next to nothing themselves. */
const BASE = [
  'src/channel/',
  'src/outcome',
  'src/clock',
  'src/errors',
  'src/content',
  'src/package',
  'src/rights',
  'src/network',
]

/** One row a folder or file: what it may import of ours (`$1`: what matched), and which outside modules. First match counts. */
const ROWS: { of: RegExp; ours: string[]; outside: RegExp }[] = [
  { of: /^src\/(outcome|clock)$/, ours: [], outside: /^$/ },
  { of: /^src\/channel\//, ours: ['src/channel/', 'src/core/text/rich-text', 'src/outcome'], outside: /^node:http$/ },
  { of: /^src\/errors$/, ours: ['src/channel/'], outside: /^$/ },
  { of: /^src\/(content|budget|package|rights)$/, ours: ['src/channel/', 'src/rights'], outside: /^node:/ },
  { of: /^src\/network$/, ours: [], outside: /^(node:net|ipaddr\.js)$/ },
  { of: /^src\/http-server$/, ours: ['src/channel/', 'src/errors', 'src/network', 'src/budget'], outside: /^node:/ },
  {
    of: /^src\/(categories|config|fields|logger|setting-list)$/,
    ours: [
      'src/errors',
      'src/fields',
      'src/setting-list',
      'src/core/ticket/priority',
      'src/core/ticket/policy',
      'src/core/text/printable',
      'src/network',
    ],
    outside: /./,
  },
  // Words that ship as data. It reads them once, so that the core reads no file.
  { of: /^src\/mail-words$/, ours: ['src/package'], outside: /^node:(?:fs|path)$/ },
  // Pure and synchronous: of the machine it asks for a digest, and how a host name is written.
  {
    of: /^src\/core\//,
    ours: ['src/core/', 'src/mail-words', 'src/errors', 'src/channel/', 'src/outcome'],
    outside: /^(node:crypto|node:module|node:url|string-width|sanitize-html|parse5|tldts|chrono-node\/en)$/,
  },
  {
    of: /^src\/store\//,
    ours: ['src/store/', 'src/core/', ...BASE],
    outside: /^(node:.*|better-sqlite3|pg|uuid)$/,
  },
  { of: /^src\/people\//, ours: [], outside: /^$/ },
  { of: /^src\/commands\//, ours: ['src/commands/', 'src/core/', 'src/store/', 'src/people/', ...BASE], outside: /^$/ },
  {
    of: /^src\/flow\//,
    ours: ['src/flow/', 'src/commands/', 'src/core/', 'src/store/', 'src/people/', 'src/logger', ...BASE],
    outside: /./,
  },
  {
    of: /^src\/web\//,
    ours: ['src/web/', 'src/flow/', 'src/store/', 'src/core/', 'src/people/', 'src/logger', 'src/http-server', ...BASE],
    outside: /./,
  },
  { of: /^(src\/main|src\/cli|src\/cli\/.*)$/, ours: [''], outside: /./ },
  { of: /^adapters\/(index|kind)$/, ours: ['adapters/', 'src/channel/'], outside: /^zod$/ },
  // What Slack and Teams share.
  { of: /^adapters\/chat\//, ours: ['adapters/chat/', ...BASE], outside: /^$/ },
  // A channel knows no other one.
  {
    of: /^(adapters\/email)\//,
    ours: ['$1/', 'adapters/kind', 'src/core/', 'src/fields', 'src/logger', 'src/http-server', ...BASE],
    outside: /./,
  },
  {
    of: /^(adapters\/\w+)\//,
    ours: ['$1/', 'adapters/kind', 'adapters/chat/', 'src/core/', 'src/fields', 'src/logger', ...BASE],
    outside: /./,
  },
]

const SQL = /\b(?:sql|tx|read|write)(?:<[^`]*>)?`\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/

/** What a file does that its row does not allow; one sentence each. */
function violations(file: string, text: string): string[] {
  const name = file.replace(/\.ts$/, '')
  const row = ROWS.find(each => each.of.test(name))
  if (!row) return [`${file} stands in no row of the table.`]
  const ours = row.ours.map(each => each.replace('$1', row.of.exec(name)?.[1] ?? ''))
  const found: string[] = []
  for (const specifier of importsOf(text)) {
    if (specifier.startsWith('.')) {
      const target = join(dirname(file), specifier).replace(/\.ts$/, '')
      if (!ours.some(allowed => target.startsWith(allowed))) found.push(`${file} imports ${target}.`)
    } else if (!row.outside.test(specifier)) {
      found.push(`${file} imports ${specifier}.`)
    }
  }
  if (name.startsWith('src/core/') && /\b(?:async|await)\b/.test(withoutComments(text))) found.push(`${file} is async.`)
  if (!name.startsWith('src/store/') && SQL.test(withoutComments(text))) {
    found.push(`${file} has SQL.`)
  }
  if (!/^src\/(flow|store)\//.test(name) && /\.transact\(/.test(text)) {
    found.push(`${file} calls transact.`)
  }
  return found
}

function importsOf(text: string): string[] {
  const code = withoutComments(text)
  const found = code.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g,
  )
  return [...found].map(each => each[1] ?? each[2] ?? each[3] ?? '')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)))
}

describe('who may import whom', () => {
  test.each([...sources('src'), ...sources('adapters')])('%s', file => {
    expect(violations(file, readFileSync(join(ROOT, file), 'utf8'))).toEqual([])
  })

  test.each([
    ['src/channel/message.ts', "import { sha256 } from '../content.ts'", 'imports src/content'],
    ['src/content.ts', "import { pino } from 'pino'", 'imports pino'],
    ['src/logger.ts', "import { openStore } from './store/store.ts'", 'imports src/store/store'],
    ['src/core/a.ts', "import { readFile } from 'node:fs'", 'imports node:fs'],
    ['src/core/a.ts', "import type { Tx } from '../store/sql.ts'", 'imports src/store/sql'],
    ['src/core/a.ts', 'export async function a() {}', 'is async'],
    ['src/store/a.ts', "import { claim } from '../commands/claim.ts'", 'imports src/commands/claim'],
    ['src/store/a.ts', "import express from 'express'", 'imports express'],
    ['src/commands/a.ts', "import { Receiver } from '../flow/receive.ts'", 'imports src/flow/receive'],
    ['src/commands/a.ts', 'await tx`SELECT 1`', 'has SQL'],
    [
      'src/flow/a.ts',
      "import { EmailChannel } from '../../adapters/email/adapter.ts'",
      'imports adapters/email/adapter',
    ],
    ['src/flow/a.ts', "const a = await import('../cli/start.ts')", 'imports src/cli/start'],
    ['adapters/index.ts', "import { openStore } from '../src/store/engine/store.ts'", 'imports src/store/engine'],
    ['adapters/email/a.ts', "import { MemoryChannel } from '../memory/adapter.ts'", 'imports adapters/memory/adapter'],
    [
      'adapters/webhook/a.ts',
      "import { MailListener } from '../email/take/listener.ts'",
      'imports adapters/email/take',
    ],
    ['adapters/email/a.ts', "import { openStore } from '../../src/store/store.ts'", 'imports src/store/store'],
    ['adapters/memory/a.ts', "import { parseMail } from '../email/parse.ts'", 'imports adapters/email/parse'],
    ['adapters/email/a.ts', 'await desk.store.transact(work)', 'calls transact'],
    ['src/elsewhere/a.ts', '', 'stands in no row'],
  ])('a violation planted in %s is caught: %s', (file, text, what) => {
    expect(violations(file, text).join()).toContain(what)
  })
})

describe('the shape of the house', () => {
  const files = [...sources('src'), ...sources('adapters')]
  const importedBy = new Map(
    files.map(file => {
      const relatives = importsOf(readFileSync(join(ROOT, file), 'utf8')).filter(each => each.startsWith('.'))
      return [file, relatives.map(each => join(dirname(file), each))]
    }),
  )

  test('no file leads back to itself by what it imports', () => {
    expect(circleIn(importedBy)).toEqual([])
    expect(
      circleIn(
        new Map([
          ['a.ts', ['b.ts']],
          ['b.ts', ['c.ts']],
          ['c.ts', ['b.ts']],
        ]),
      ),
    ).toEqual(['b.ts', 'c.ts', 'b.ts'])
  })

  test('each file begins with what it is for', () => {
    expect(files.filter(file => !/^(?:\/\/|\/\*\*?) ?\S/.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([])
  })

  test('no folder holds more than 24 files, but that of the tables', () => {
    const all = [...files, ...sources('test')].map(file => dirname(file))
    const sizes = Map.groupBy(all, folder => folder)
    const large = [...sizes].filter(([folder, { length }]) => length > 24 && folder !== 'src/store')
    expect(large.map(([folder, { length }]) => `${folder} has ${length} files`)).toEqual([])
  })
})

/** The first circle there is, from a file to the same one; [] if there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next, [...path, file])
      if (circle.length > 0) return circle
    }
    done.add(file)
    return []
  }
  for (const file of graph.keys()) {
    const circle = visit(file, [])
    if (circle.length > 0) return circle
  }
  return []
}

describe('what stands in one place', () => {
  const words = createCommands().all.flatMap(({ word, aliases = [] }) => [word, ...aliases])
  // Words that are others' as well: of events, of states, of what a file or a socket does.
  const ambiguous = [
    'open',
    'close',
    'list',
    'status',
    'time',
    'spam',
    'link',
    'note',
    'call',
    'help',
    'back',
    'find',
    'set',
    'show',
  ]
  const own = words.filter(word => !ambiguous.includes(word)).join('|')
  const asWord = new RegExp(
    `(?:word|line|command)(?: ===|:) ['"\`](?:${own})\\b|(?:find|has)\\(['"\`](?:${own})['"\`]\\)`,
  )
  const begins = /['"`](?:claim|release|reopen|merge|swarm|unmerge|handover|escalate)\b/

  const elsewhere = ['adapters', 'src/flow', 'src/web', 'src/cli', 'src/commands/command']
  test.each(elsewhere.flatMap(folder => sources(folder)))('%s knows no command by name', file => {
    const text = withoutComments(readFileSync(join(ROOT, file), 'utf8'))
    expect(text).not.toMatch(asWord)
    if (file.startsWith('adapters/')) expect(text).not.toMatch(begins)
  })

  test('who may do what is asked of one function', () => {
    const compares = /\bhandle\)?\s*(?:===?|!==?)\s*null\b|\?\.handle\)|!\w+\.handle\b/
    const found = [...sources('src'), ...sources('adapters')].filter(
      file => file !== 'src/people/access.ts' && compares.test(withoutComments(readFileSync(join(ROOT, file), 'utf8'))),
    )
    expect(found).toEqual([])
  })
})

describe('nothing depends on chance', () => {
  /** See CONTRIBUTING.md for what does it. */
  const CHANCES: [what: string, where: RegExp, code: RegExp][] = [
    ['is ordered by a time alone', /^src\/store\//, /ORDER BY [^`]*?(?:_at|[a-z]At")(?: DESC| ASC)?\s*(?:`|LIMIT|$)/m],
    ['asserts what was measured', /^test\//, /(?:Date|performance)\.now\(\)[^\n;]*\.toBeLessThan/],
    [
      'has a time of its own after which a test fails',
      /^test\/.*\.test\.ts$/,
      /^\s*\}, [\d_]{4,}\)|timeout: [\d_]{5,}/m,
    ],
    ['waits by a clock of its own', /^test\/.*\.test\.ts$/, /\b(?:expect|vi)\s*\.(?:poll|waitFor|waitUntil)\(/],
    ['listens at a port of its own choice', /^test\//, /\.listen\([1-9]\d*/],
  ]

  const chancesIn = (file: string, text: string) =>
    CHANCES.filter(([, where, code]) => where.test(file) && code.test(text)).map(([what]) => what)

  test('in what is stored and what is tested', () => {
    const files = [...sources('src/store'), ...sources('test')].filter(file => file !== 'test/architecture.test.ts')
    const found = files.map(file => [file, ...chancesIn(file, readFileSync(join(ROOT, file), 'utf8'))])
    expect(found.filter(each => each.length > 1)).toEqual([])
  })

  test.each([
    ['src/store/a.ts', 'sql`SELECT 1 FROM a ORDER BY role DESC, stored_at DESC LIMIT 1`', 'by a time alone'],
    ['src/store/a.ts', 'sql`SELECT 1 FROM a WHERE b ORDER BY "storedAt"`', 'by a time alone'],
    ['test/a.test.ts', 'expect(performance.now() - began).toBeLessThan(3_000)', 'was measured'],
    ['test/a.test.ts', "test('a', async () => {\n}, 60_000)", 'a time of its own'],
    ['test/a.test.ts', "test('a', { timeout: 60_000 }, async () => {})", 'a time of its own'],
    ['test/a.test.ts', 'await expect.poll(ask).toBe(1)', 'a clock of its own'],
    ['test/support/a.ts', 'server.listen(8080)', 'a port of its own choice'],
  ])('a chance planted in %s is caught: %s', (file, text, what) => {
    expect(chancesIn(file, text).join()).toContain(what)
  })
})
