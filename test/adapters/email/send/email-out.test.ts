import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDesk, type TestDesk } from '../../../support/desk.ts'
import { answerTo, mailTo, World } from '../../../support/smtp-world.ts'

const ANN = 'ann@example.com'
const HELP = 'help@desk.example'

let world: World
let desk: TestDesk

beforeEach(async () => {
  world = new World()
  await world.start()
})

afterEach(async () => {
  await desk.remove()
  await world.stop()
})

const relay = () => ({ smtp: { host: '127.0.0.1', port: world.port, requireTls: false } })

test('an answer threads in any mail program: Message-ID, In-Reply-To and References', async () => {
  desk = await makeDesk('sqlite', relay())
  await mailTo(desk.port, { from: ANN, to: HELP, subject: 'VPN', text: 'It drops.', messageId: '<first@example.com>' })
  const acknowledgement = await world.next(ANN)
  expect(acknowledgement.inReplyTo).toBe('<first@example.com>')
  await desk.as('bob', 'reply 1', 'Restart it.')
  const answer = await world.next(ANN)
  expect(answer.messageId).toMatch(/^<q-[0-9a-z]+-k1-[a-z2-7]{16}@desk\.example>$/)
  expect(answer.inReplyTo).toBe('<first@example.com>')
  await mailTo(desk.port, { ...answerTo(answer, ANN, 'I did.'), messageId: '<second@example.com>' })
  await desk.as('bob', 'show 1')
  await desk.as('bob', 'reply 1', 'Again.')
  const further = await world.next(ANN)
  expect(further.inReplyTo).toBe('<second@example.com>')
  expect(further.references).toEqual(['<first@example.com>', answer.messageId, '<second@example.com>'])
})

test('with plusAddress an answer finds its way by its address alone', async () => {
  desk = await makeDesk('sqlite', relay(), { plusAddress: true })
  await mailTo(desk.port, { from: ANN, to: HELP, subject: 'VPN', text: 'It drops.' })
  const acknowledgement = await world.next(ANN)
  const replyTo = acknowledgement.replyTo?.value[0]?.address ?? ''
  expect(replyTo).toMatch(/^help\+q-[0-9a-z]+-k1-[a-z2-7]{16}@desk\.example$/)
  expect(replyTo.split('@')[0]?.length).toBeLessThanOrEqual(64)
  expect(acknowledgement.envelopeFrom).toBe(replyTo)
  await mailTo(desk.port, { from: ANN, to: replyTo.toUpperCase(), subject: 'Something else', text: 'It still drops.' })
  expect(await desk.expectSound()).toEqual({ opened: 1, appended: 1 })
})

test('an answer goes to Reply-To, copies those who take part, and never ourselves', async () => {
  desk = await makeDesk('sqlite', relay(), { aliases: ['it@desk.example'] })
  await mailTo(desk.port, {
    from: ANN,
    replyTo: 'ann@home.example',
    to: [HELP, 'it@desk.example'],
    cc: 'carl@example.com',
    subject: 'VPN',
    text: 'It drops.',
  })
  await world.next('ann@home.example')
  await desk.as('bob', 'reply 1', 'Restart it.')
  const answer = await world.next('ann@home.example')
  expect(answer.recipients.sort()).toEqual(['ann@home.example', 'carl@example.com'])
  expect([answer.to].flat().map(each => each?.text)).toEqual([expect.stringContaining('ann@home.example')])
  expect([answer.cc].flat().map(each => each?.text)).toEqual(['carl@example.com'])
  await desk.stop()
  expect(world.to(ANN)).toHaveLength(0)
  expect(world.mails.flatMap(mail => mail.recipients).filter(address => address.endsWith('@desk.example'))).toEqual([])
})

test('files of an answer leave with it', async () => {
  desk = await makeDesk('sqlite', relay())
  await mailTo(desk.port, { from: ANN, to: HELP, subject: 'VPN', text: 'It drops.' })
  await world.next(ANN)
  const notification = await world.next('bob@staff.example')
  const content = Buffer.alloc(700_000, 'pdf ')
  await mailTo(desk.port, {
    ...answerTo(notification, 'bob@staff.example', 'Read this.'),
    attachments: [{ filename: 'Größe.pdf', content }],
  })
  const answer = await world.next(ANN)
  expect(answer.attachments.map(file => [file.filename, file.contentType, file.size])).toEqual([
    ['Größe.pdf', 'application/pdf', 700_000],
  ])
  expect(answer.attachments[0]?.content.equals(content)).toBe(true)
})

test('a subject or a name cannot add a header', async () => {
  desk = await makeDesk('sqlite', relay())
  const raw = `From: =?utf-8?B?${Buffer.from('A\r\nBcc: x@evil.example').toString('base64')}?= <${ANN}>\r\nSubject: =?utf-8?B?${Buffer.from(
    'S\r\nX-Evil: 1',
  ).toString('base64')}?=\r\n\r\nText`
  await mailTo(desk.port, { envelope: { from: ANN, to: HELP }, raw })
  const acknowledgement = await world.next(ANN)
  expect(acknowledgement.headers.has('x-evil')).toBe(false)
  expect(acknowledgement.headers.has('bcc')).toBe(false)
  await desk.as('bob', 'reply 1', 'Hm.')
  const answer = await world.next(ANN)
  expect(answer.headers.has('x-evil')).toBe(false)
  expect(answer.headers.has('bcc')).toBe(false)
  expect(answer.recipients).toEqual([ANN])
})

test('a Maildir gets one file a recipient, under one name at every attempt', async () => {
  desk = await makeDesk('sqlite', { maildir: 'mail' })
  await mailTo(desk.port, { from: ANN, to: HELP, subject: 'VPN', text: 'It drops.' })
  await desk.stop()
  const folder = join(desk.place.folder, 'mail', 'new')
  const mails = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
  expect(mails.map(mail => /^Delivered-To: (.*)$/m.exec(mail)?.[1]).sort()).toEqual([
    ANN,
    'bob@staff.example',
    'eve@staff.example',
  ])
})
