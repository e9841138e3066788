import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mail } from '../support/mail/cli-mail.ts'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

/** A mail with a file for each name; each file holds its number. */
function mailWithNames(names: readonly string[]): string {
  const parts = names.map((name, index) => {
    const encoded = `=?utf-8?b?${Buffer.from(name).toString('base64')}?=`
    return `--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="${encoded}"\n\n${index}\n`
  })
  const fields = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n'
  return mail('files', fields, `--b\n\nSee the files.\n${parts.join('')}--b--`)
}

test('files that strangers named are neither hidden nor options, and none hides another', async () => {
  const names = [
    '.bashrc',
    '-rf',
    '--help',
    'Report.PDF',
    'report.pdf',
    'Re\u0301sume\u0301.txt',
    'R\u00e9sum\u00e9.txt',
  ]
  const more = ['\u202E-x.txt', 'con', 'a.txt', 'A.txt', `${'\u65e5'.repeat(300)}.pdf`]
  await room.write('a.eml', mailWithNames([...names, ...more]))
  await mkdir(room.path('out'))
  await writeFile(room.path('out', 'A.TXT'), 'there before')
  await room.run('receive', 'a.eml')
  const { code, stdout } = await room.run('save', 'HD-1', '--to', 'out')
  expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 0, lines: 12 })
  const saved = await readdir(room.path('out'))
  expect(saved).toEqual(
    expect.arrayContaining(['_bashrc', '_rf', '_help', 'report (2).pdf', '_con', 'a (2).txt', 'A (3).txt']),
  )
  expect(saved).toHaveLength(13)
  expect(new Set(saved.map(name => name.normalize('NFC').toLowerCase())).size).toBe(13)
  for (const name of saved) expect(Buffer.byteLength(name)).toBeLessThan(230)
  expect(await readFile(room.path('out', 'A.TXT'), 'utf8')).toBe('there before')
  const contents = await Promise.all(saved.map(name => readFile(join(room.path('out'), name), 'utf8')))
  expect(new Set(contents.map(each => each.trim())).size).toBe(13)
})

test('what programs read of a stranger is escaped, and says the same', async () => {
  const name = 'a\u009b31m\u202Eb\u200Fc'
  const text = 'C1 \u009b2J, bidi \u202E\u2066\u061C, lines \u2028\u2029, del \u007f.'
  const encoded = `=?utf-8?b?${Buffer.from(name).toString('base64')}?=`
  const fields = 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n'
  await room.write(
    'a.eml',
    mail(encoded, fields, Buffer.from(text).toString('base64'))
      .replace('ann@', `"${encoded}" <ann@`)
      .replace('example.com\nTo', 'example.com>\nTo'),
  )
  await room.run('receive', '--json', 'a.eml')
  const asked = [
    ['inspect', 'a.eml'],
    ['show', 'HD-1', '--json'],
    ['list', '--json'],
    ['history', 'HD-1', '--json'],
    ['inbox', 'list', '--all', '--json'],
    ['outbox', 'list', '--all', '--json'],
    ['mailbox', '--json'],
  ]
  const seen = await Promise.all(asked.map(words => room.run(...words)))
  for (const [index, { code, stdout }] of seen.entries()) {
    expect(code, asked[index]?.join(' ')).toBe(0)
    expect(stdout.trimEnd(), asked[index]?.join(' ')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    JSON.parse(stdout)
  }
  expect((JSON.parse(seen[0]?.stdout ?? '') as { text: string }).text).toContain('\u202E\u2066')
  const shown = await Promise.all(
    [['show', 'HD-1'], ['list'], ['explain', 'M-1'], ['history', 'HD-1'], ['show', name]].map(words =>
      room.run(...words),
    ),
  )
  for (const { stdout, stderr } of shown) {
    expect(stdout + stderr).not.toBe('')
    expect((stdout + stderr).replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
  }
})
