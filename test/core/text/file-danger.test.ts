import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileDanger, isMailFile, nameToSave, safeFileName } from '../../../src/core/text/file-danger.ts'

test.each([
  ['setup.exe', 'application/octet-stream', 'can run programs'],
  ['invoice.pdf.exe', 'application/pdf', 'a program disguised as a document'],
  ['photo.jpg          .scr', '', 'a program disguised as a document'],
  ['budget.xlsm', '', 'can contain macros'],
  ['form.html', 'text/html', 'can contain scripts'],
  ['logo', 'image/svg+xml', 'can contain scripts'],
  ['link.lnk', '', 'can open another file or page'],
  ['report.pdf', 'application/pdf', null],
  ['notes.txt', 'text/plain', null],
  ['archive.zip', 'application/zip', null],
])('%s (%s): %s', (name, type, expected) => {
  expect(fileDanger(name, type)).toBe(expected)
})

test.each([
  ['a.eml', 'application/octet-stream', true],
  ['a.MSG', 'application/octet-stream', true],
  ['a', 'message/rfc822', true],
  ['a', 'message/partial', true],
  ['a', 'application/vnd.ms-outlook', true],
  ['1234.emlx', 'application/octet-stream', true],
  ['archive.mbox', 'application/octet-stream', true],
  ['archive.pst', 'application/octet-stream', true],
  ['winmail.dat', 'application/octet-stream', true],
  ['a', 'application/ms-tnef', true],
  ['eml.pdf', 'application/pdf', false],
  ['message.txt', 'text/plain', false],
])('%s (%s) is a mail: %s', (name, type, expected) => {
  expect(isMailFile({ name, type })).toBe(expected)
})

test.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\ann\\a.txt', 'a.txt'],
  ['a\r\nBcc: x@y.txt', 'a__Bcc_ x@y.txt'],
  ['a\0b.txt', 'a_b.txt'],
  ['invoice\u202Efdp.exe', 'invoice_fdp.exe'],
  ['CON', '_CON'],
  ['aux.txt', '_aux.txt'],
  ['NUL .txt', '_NUL .txt'],
  ['a.txt. . ', 'a.txt'],
  ['..', ''],
  ['...', ''],
  ['', ''],
])('%j is stored as %j', (given, expected) => {
  expect(safeFileName(given)).toBe(expected)
})

test('a very long name keeps its ending', () => {
  expect(safeFileName(`${'a'.repeat(4_000)}.pdf`)).toMatch(/^a{190,}….pdf$/)
})

test('whatever it is called: one name, on every system', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), name => {
      const safe = safeFileName(name)
      expect(safe).not.toMatch(/[/\\\p{Cc}<>:"|?*]/u)
      expect(safe.length).toBeLessThanOrEqual(200)
      expect(safe).not.toMatch(/[. ]$/)
    }),
    { seed: 20261125 },
  )
})

test.each([
  ['.bashrc', '_bashrc'],
  ['..ssh', '_ssh'],
  ['-rf', '_rf'],
  ['--checkpoint-action=exec=sh x.sh', '_checkpoint-action=exec=sh x.sh'],
  [' -rf', '_rf'],
  ['.-.-x', '_x'],
  ['\u200B-rf', '_-rf'],
  ['\u202E-rf', '_-rf'],
  ['\u00A0.profile', '_profile'],
  ['+!id', '_!id'],
  ['~root', '_root'],
  ['-', '_'],
  ['...', ''],
  ['.con', '_con'],
  ['con.', '_con'],
  ['../../.ssh/authorized_keys', 'authorized_keys'],
  ['..\\..\\-x', '_x'],
  ['photo.jpg                              .scr', 'photo.jpg .scr'],
  ['half\uD800.txt', 'half\uFFFD.txt'],
  ['C1\x9b31m.txt', 'C1_31m.txt'],
  ['report-2026.v1.pdf', 'report-2026.v1.pdf'],
])('%j is saved as %j', (given, expected) => {
  expect(nameToSave(given)).toBe(expected)
})

test('whatever it is called: what is saved is neither hidden nor an option, and fits', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', '.', '-', ' ', '\u200E', 'con', '…'),
      fc.string({ unit: 'binary', maxLength: 400 }),
      (start, rest) => {
        const name = nameToSave(start + rest)
        expect(name).not.toMatch(/^[-.+~\s]|[\p{Cc}\p{Cf}\p{Cs}/\\]|[. ]$/u)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(210)
      },
    ),
    { seed: 20261201 },
  )
})
