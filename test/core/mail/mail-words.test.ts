// The words of mail programs: each language has its file, and each file has all lists.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BOUNCE_LISTS, bounceWords, FIELDS, MAIL_LISTS, mailWords, readWords } from '../../../src/mail-words.ts'
import { packagePath } from '../../../src/package.ts'

const FOLDERS = [
  { name: 'mail-words', lists: MAIL_LISTS as readonly string[] },
  { name: 'bounce-words', lists: BOUNCE_LISTS as readonly string[] },
]

const FILES = FOLDERS.flatMap(({ name, lists }) =>
  readdirSync(packagePath('data', name))
    .filter(file => file !== 'README.md')
    .map(file => ({ file: `data/${name}/${file}`, lists })),
)

const read = (file: string) => JSON.parse(readFileSync(packagePath(file), 'utf8')) as Record<string, string[]>

describe.each(FILES)('$file', ({ file, lists }) => {
  test('has all lists, and no others', () => {
    expect(Object.keys(read(file)).sort()).toEqual([...lists].sort())
  })

  test('is named by the code of a language', () => {
    const code = /\/([\w-]+)\.json$/.exec(file)?.[1] ?? ''
    const name = code === 'no-language' ? 'none' : new Intl.DisplayNames('en', { type: 'language' }).of(code)
    expect(name).not.toBe(code)
  })

  test('writes each word once, in lower case and in the form NFC', () => {
    for (const words of Object.values(read(file))) {
      expect(words).toEqual([...new Set(words)].map(word => word.toLowerCase().normalize('NFC')))
      expect(words.filter(word => word.trim().length < 1 || word !== word.trimStart())).toEqual([])
    }
  })
})

test.each(FOLDERS)('the README.md of $name says what each list is', ({ name, lists }) => {
  const text = readFileSync(packagePath('data', name, 'README.md'), 'utf8')
  expect(lists.filter(list => !text.includes(`\`${list}\``))).toEqual([])
})

test('each file has at least one word', () => {
  expect(FILES.filter(({ file }) => Object.values(read(file)).flat().length === 0)).toEqual([])
})

test('no name of a field tells two things', () => {
  const names = FIELDS.flatMap(field => mailWords()[field])
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
})

test('words of all languages are known, each once', () => {
  const { wrote, legal } = mailWords()
  expect(wrote).toEqual(expect.arrayContaining(['wrote', 'schrieb', 'написала', '写道', 'ने लिखा']))
  expect(legal.filter(word => word === 'virus' || word === 'destinatari')).toHaveLength(2)
  expect(bounceWords().full).toEqual(expect.arrayContaining(['mailbox full', 'postfach voll', 'quotaexceeded']))
})

test('a new language is one file, and one without a list is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'words-'))
  try {
    writeFileSync(join(folder, 'aa.json'), '{ "from": ["x"], "to": [] }')
    writeFileSync(join(folder, 'bb.json'), '{ "from": ["y", "x"], "to": ["z"] }')
    expect(readWords(folder, ['from', 'to'])).toEqual({ from: ['x', 'y'], to: ['z'] })
    writeFileSync(join(folder, 'cc.json'), '{ "from": [] }')
    writeFileSync(join(folder, 'dd.json'), '{}')
    expect(() => readWords(folder, ['from', 'to'])).toThrow(
      'cc.json lacks "to", dd.json lacks "from", dd.json lacks "to"',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
