import { expect, test } from 'vitest'
import { holdsOwnMarker } from '../../../src/core/mail/reply/own-marker.ts'
import { aboveMarker, visibleReply, writtenIn } from '../../../src/core/mail/visible.ts'

const OURS =
  '##- Reply above this line: your reply goes to Ann <ann@example.com> and carl@example.com, from Help desk -##'
const BELOW = 'It could not be confirmed that Ann wrote this.\n\nAnn <ann@example.com> wrote:\n\n> It burns.'

test.each([
  ['as it was', OURS],
  ['quoted', `> ${OURS}`],
  ['with a blank between its signs', OURS.replaceAll('##', '# #')],
  ['with its signs escaped', OURS.replaceAll('#', '\\#')],
  ['with entities', OURS.replaceAll('#', '&#35;')],
  ['with wide signs', OURS.replaceAll('#', '＃')],
  ['with signs of music', OURS.replaceAll('#', '♯')],
  ['with dashes', OURS.replaceAll('-', '–')],
  ['without its first signs', OURS.slice(4)],
  ['without any sign', OURS.slice(4, -4)],
  ['wrapped behind its first signs', OURS.replace('- ', '-\n')],
  ['wrapped in the middle', OURS.replace('this line', 'this\nline')],
  ['behind what introduces it', `Help desk wrote: ${OURS}`],
  ['translated', '##- Antworten Sie oberhalb: Ihre Antwort geht an Ann -##'],
  ['translated, without its first signs', 'Antworten Sie oberhalb: Ihre Antwort geht an Ann -##'],
  ['in capitals', OURS.toUpperCase()],
  ['with signs of no width', OURS.replace('##', '#\u200b#')],
  ['for those who asked', '\\#\\#- Please write your reply above this line -\\#\\#'],
  ['of an internal mail', '# #- Reply above this line: your reply stays internal, only agents see it -# #'],
  ['of held messages', '＃＃- Answer above this line with commands; nothing else in your answer is read -＃＃'],
])('our first line ends what was written: %s', (_how, marker) => {
  expect(aboveMarker(`We come.\n\n${marker}\n\n${BELOW}`)).toMatch(/^We come\.(?:\n\nHelp desk wrote:)?$/)
})

test.each([
  ['with its signs escaped', (marker: string) => marker.replaceAll('#', '\\#')],
  ['with wide signs', (marker: string) => marker.replaceAll('#', '＃')],
  ['without any sign', (marker: string) => marker.slice(4, -4)],
])('also where it names many who read the answer: %s', (_how, change) => {
  const many = Array.from({ length: 120 }, (_, n) => `Somebody ${n} <somebody-${n}@example.com>`).join(', ')
  const marker = change(`##- Reply above this line: your reply goes to ${many}, from Help desk -##`)
  expect(aboveMarker(`We come.\n\n${marker}\n\n${BELOW}`)).toBe('We come.')
})

test.each([
  'See #12\nReply above the line.',
  'I use C#\nReply above this line: it is easy.',
  'Please write your reply above this line, thanks.',
  '## Above this line\nis the answer.',
  'Nobody reads replies to this mail, I was told.',
])('a text of somebody stays whole: %j', text => {
  expect(aboveMarker(text)).toBe(text)
})

test('a mail that begins with our line says nothing below it', () => {
  expect(aboveMarker(visibleReply(`${OURS}\n\n${BELOW}`))).toBe('')
  expect(aboveMarker(visibleReply(`${OURS}\n\n${BELOW}\n\nWe come.`))).toBe('')
})

test.each([
  `On Mon, 5 Jan 2026 at 10:00, Help desk <help@desk.example> wrote:\n> ${BELOW.replaceAll('\n', '\n> ')}`,
  'On Mon, 5 Jan 2026 at 10:00, Help desk <help@desk.example> wrote:',
  '> It burns.\n> Ann',
  '-- \nBob Berg\nHelp desk',
])('nothing was written where all is quoted: %j', text => {
  expect(writtenIn(visibleReply(text))).toBe('')
})

test.each(['We come.', '> It burns.\n\nSince when?', 'Thanks,\nBob', '👍'])('it was written: %j', text => {
  expect(writtenIn(visibleReply(text))).toBe(text)
})

test('it is found in files of any kind', () => {
  expect(holdsOwnMarker(`<div>x</div>\n<p>##- Reply above <b>this</b> line: your reply goes to Ann -##</p>`)).toBe(true)
  expect(holdsOwnMarker(`{\\rtf1 x\\par ${OURS}\\par y}`)).toBe(true)
  expect(holdsOwnMarker('a,b\n1,2\n# a comment above this line\n')).toBe(false)
})
