// The documents say what is there: their links lead somewhere, the files that they name exist, and so do the verbs.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCommands } from '../src/commands/registry.ts'
import { makeRoom } from './support/relaydesk-process.ts'

const ROOT = resolve(import.meta.dirname, '..')
const MOST_LINES = 180 // of the README

const markdownIn = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.md'))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)))

const DOCS = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['docs', 'data', 'src', 'adapters'].flatMap(markdownIn),
]
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** As GitHub makes anchors of headings. */
function anchorsOf(text: string): string[] {
  const headings = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ (.+)$/gm)]
  return headings.map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(DOCS)('%s', file => {
  const text = read(file)

  test('links to what is there', () => {
    const links = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(found => found[1] ?? '')
    const dead = links.filter(link => {
      if (/^https?:/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? file : join(dirname(file), path)
      if (!existsSync(join(ROOT, target))) return true
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
    })
    expect(dead).toEqual([])
  })

  test('names files that are there', () => {
    const named = [...text.matchAll(/`((?:src|adapters|test|docs|templates|data)\/[\w./-]*)`/g)].map(
      found => found[1] ?? '',
    )
    expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('names scripts that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(found => found[1] ?? '')
    expect(named.filter(name => scripts[name] === undefined)).toEqual([])
  })
})

test('every command line that is shown is one of the program', async () => {
  const room = await makeRoom('')
  try {
    const { stdout } = await room.run('--help')
    const verbs = [...stdout.matchAll(/^ {2}(\w[\w-]*)/gm)].map(found => found[1] ?? '')
    const commands = createCommands()
    const unknown = DOCS.flatMap(file =>
      [
        ...read(file).matchAll(
          /(?:npx|`|sudo -u relaydesk) relaydesk (?:--\w+ \S+ )*([a-z]+)\b|`relaydesk (?:--\w+ \S+ )*([a-z]+)\b/g,
        ),
      ]
        .map(found => found[1] ?? found[2] ?? '')
        .filter(word => !verbs.includes(word) && !commands.has(word))
        .map(word => `${file}: ${word}`),
    )
    expect(verbs).toContain('start')
    expect(unknown).toEqual([])
  } finally {
    await room.remove()
  }
})

test('the README is short', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(MOST_LINES)
})

test('each folder of the source says what is in it', () => {
  const folders = ['src', 'adapters'].flatMap(top => [
    top,
    ...readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .map(name => join(top, name))
      .filter(path => statSync(join(ROOT, path)).isDirectory()),
  ])
  expect(folders.filter(folder => !existsSync(join(ROOT, folder, 'README.md')))).toEqual([])
})
