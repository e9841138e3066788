import fc from 'fast-check'
import { plainText } from '../../src/core/text/plain-text.ts'

/** What people type that some program might take for something else. */
export const TYPED = [
  '\\\\server01\\share\\_install',
  'C:\\Program  Files\\*.docx and *.xlsx',
  '# the password is',
  '2026. Bob',
  '- one\n- two',
  '+ plus\n* star',
  '> not a quote',
  '`code` ```fence``` ~~~',
  '```\nfence\n```',
  '    four blanks\n\ttab\n  \tboth',
  'a  b   c    d',
  'one\n\n\n\nfour',
  'Title\n=====\nSub\n---',
  'a | b\n--|--\n1 | 2',
  '[label](https://example.com) ![alt](x)',
  '[ref]: https://example.com "t"',
  '<b>bold</b> &amp; &copy; <https://example.com> <!-- x -->',
  '<script>alert(1)</script>',
  'See https://example.com/a_b_c?x=1&copy=2. Or (http://localhost:8080/x), "https://bücher.example/%20".',
  'share.install.sh www.example.com readme.md ann@example.com',
  '\\_ \\* \\\\ \\# \\n',
  '*bold* _italic_ ~strike~ :smile: :+1: @here <!channel> <@U1> <#C1|x>',
  '**Password:**s3cr3t__x__',
  'From here on\n.\n..\n-- \nBob',
  'trailing  \nblanks \t\nhere',
  "it's “quoted” – dashes — … (c) (tm) +- --",
  'Zeile eins\r\nZeile zwei\rDrei',
  '{{ ticket.ref }} {% raw %}',
  '___\n***\n---',
  '1) one\n2) two\n10. ten',
  '日本語　全角 ﾊﾝｶｸ 👩‍👩‍👧 é e\u0301 ﷽ שלום',
  ' x ',
  '\\',
  'ends with \\\nnext',
  '|',
  `${'x'.repeat(1200)} ${'y '.repeat(700)}`,
  '$HOME `date` $(rm -rf) !important',
  '&#32; &nbsp; &#x41;',
  'a\u00A0b\u2003c',
  '::: {.x}\n~sub~ ^sup^ ==mark==',
  'http:// https://. //server.example/x ftp://ftp.example.com mailto:ann@example.com',
] as const

const PIECES = [
  '\\',
  '*',
  '_',
  '`',
  '~',
  '#',
  '>',
  '<',
  '&',
  '[',
  ']',
  '(',
  ')',
  '|',
  '-',
  '+',
  '=',
  '1.',
  ':',
  '!',
  '"',
  "'",
  '{',
  '}',
  '$',
  '@',
  '.',
  ' ',
  '  ',
  '\t',
  '\n',
  '\n\n',
  'a',
  'b',
  'https://x.example/_',
  'amp;',
  ':tada:',
  '\u00AD',
  '\u200B',
  'é',
  '😀',
]

/** Any text, made of what is taken for something else more often than of anything else. */
export const typedText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map(each => each.join('')) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...TYPED), { minLength: 1, maxLength: 3 }).map(each => each.join('\n')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
)

/** What is shown of it: all but controls, what turns the reading direction, and line breaks at the end. */
export function asShown(text: string): string {
  return plainText(text)
    .replace(/[\uE000\uE001]/g, '')
    .replace(/\n+$/, '')
}

/** The same where blanks that do not break count as blanks, and those at the very ends as none. */
export function inWords(text: string): string {
  return asShown(text)
    .replaceAll('\u00A0', ' ')
    .replace(/^\s+|\s+$/g, '')
}
