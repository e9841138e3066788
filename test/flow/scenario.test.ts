import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeDesk, type TestDesk } from '../support/desk.ts'
import { answerTo, mailTo, World } from '../support/smtp-world.ts'
import { ENGINES } from '../support/store/engines.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'
const EVE = 'eve@staff.example'

describe.each(ENGINES)('the whole path by mail on %s', engine => {
  let world: World
  let desk: TestDesk

  beforeEach(async () => {
    world = new World()
    await world.start()
    desk = await makeDesk(engine, { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } })
  })

  afterEach(async () => {
    await desk.remove()
    await world.stop()
  })

  test('mail, acknowledgement, claim, answer, reply, close, reopen', async () => {
    await mailTo(desk.port, {
      from: `Ann Ode <${ANN}>`,
      to: 'help@desk.example',
      subject: 'Printer on fire',
      text: 'It burns.',
    })
    const acknowledgement = await world.next(ANN)
    expect(acknowledgement.subject).toBe('[HD-1] Printer on fire')
    expect(acknowledgement.headers.get('auto-submitted')).toBe('auto-replied')
    expect((await world.next(BOB)).subject).toBe('[HD-1] New: Printer on fire')
    expect((await world.next(EVE)).subject).toBe('[HD-1] New: Printer on fire')

    await desk.as('bob', 'claim HD-1')
    await expect(desk.as('eve', 'claim HD-1')).rejects.toThrow('HD-1 belongs to Bob Berg')
    await desk.as('bob', 'reply hd1', 'Water is **on its way**.')
    const answer = await world.next(ANN)
    expect(answer.from?.text).toBe('"Bob Berg (Help desk)" <help@desk.example>')
    expect(answer.text).toContain('Water is **on its way**.')
    expect(answer.html).toContain('Water is **on its way**.')
    expect(answer.headers.has('auto-submitted')).toBe(false)
    expect(answer.subject).toBe('Re: [HD-1] Printer on fire')

    await mailTo(desk.port, answerTo(answer, ANN, 'It is out. Thank you!'))
    const told = await world.next(BOB)
    expect(told.subject).toBe('[HD-1] Ann Ode wrote: Printer on fire')
    expect(told.text).toContain('> It is out. Thank you!')
    expect(told.text).not.toContain('Water')
    expect(world.to(EVE)).toHaveLength(1)

    await desk.as('bob', 'close 1')
    await mailTo(desk.port, answerTo(answer, ANN, 'It burns again.'))
    const shown = (await desk.as('bob', 'show #1')).data as {
      state: string
      owner: string
      messages: { visible: string }[]
    }
    expect(shown.state).toBe('open')
    expect(shown.owner).toBe('bob')
    expect(shown.messages.map(each => each.visible)).toEqual([
      'It burns.',
      'Water is **on its way**.',
      'It is out. Thank you!',
      'It burns again.',
    ])
    expect(await desk.expectSound()).toEqual({ opened: 1, appended: 2 })
  })

  test('an agent answers the notification of a message and answers the requester; nothing of the notification leaves', async () => {
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    await world.next(ANN)
    const notification = await world.next(BOB)
    expect(notification.text?.split('\n')[0]).toContain(`your reply goes to ${ANN}, from Help desk`)
    await mailTo(desk.port, answerTo(notification, `Bob Berg <${BOB}>`, 'Please restart it.'))
    const answer = await world.next(ANN)
    expect(answer.from?.text).toBe('"Bob Berg (Help desk)" <help@desk.example>')
    expect(answer.text).toContain('Please restart it.')
    expect(answer.raw).not.toMatch(/your reply goes to|staff\.example|notif/i)
    const { owner } = (await desk.as('eve', 'show 1')).data as { owner: string }
    expect(owner).toBe('bob')
    await desk.expectSound()
  })

  test('an answer to the notification of a note stays internal', async () => {
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    await world.next(ANN)
    await world.next(BOB)
    await desk.as('bob', 'claim 1')
    await desk.as('eve', 'note 1', 'Ann drops it herself.')
    const notification = await world.next(BOB)
    expect(notification.text?.split('\n')[0]).toContain('your reply stays internal')
    await mailTo(desk.port, answerTo(notification, BOB, 'I thought so.'))
    const shown = (await desk.as('bob', 'show 1')).data as { messages: { direction: string; visible: string }[] }
    expect(shown.messages.map(each => [each.direction, each.visible])).toEqual([
      ['in', 'It drops.'],
      ['internal', 'Ann drops it herself.'],
      ['internal', 'I thought so.'],
    ])
    await desk.stop()
    expect(world.to(ANN)).toHaveLength(1)
  })

  test('an answer with contradicting tokens stays internal, and the agent is told', async () => {
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    const opened = await world.next(BOB)
    await desk.as('bob', 'claim 1')
    await desk.as('eve', 'note 1', 'Secret.')
    const note = await world.next(BOB)
    const doubtful = { ...answerTo(note, BOB, 'To whom?'), references: [opened.messageId ?? '', note.messageId ?? ''] }
    await mailTo(desk.port, doubtful)
    expect((await world.next(BOB)).subject).toContain('Your mail was not sent to the requester')
    await desk.stop()
    expect(world.to(ANN)).toHaveLength(1)
  })

  test('a stranger with the token is held; one command lets them in', async () => {
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    const acknowledgement = await world.next(ANN)
    await world.next(BOB)
    await mailTo(desk.port, answerTo(acknowledgement, 'carl@elsewhere.example', 'I see it, too.'))
    const held = await world.next(BOB)
    expect(held.subject).toBe('Held for you: Re: [HD-1] VPN')
    expect(await desk.expectSound()).toEqual({ opened: 1, held: 1 })
    expect((await desk.as('bob', 'join M-2')).text).toBe('M-2 joined HD-1.')
    await expect(desk.as('bob', 'join M-2')).rejects.toThrow('There is no held or ignored message M-2')
    await mailTo(desk.port, answerTo(acknowledgement, 'carl@elsewhere.example', 'Still.'))
    expect(await desk.expectSound()).toEqual({ opened: 1, appended: 2 })
    await desk.as('bob', 'show 1')
    await desk.as('bob', 'reply 1', 'Both of you, restart.')
    expect((await world.next('carl@elsewhere.example')).cc).toBeDefined()
  })

  test('knowing a reference lets nobody in', async () => {
    await mailTo(desk.port, {
      from: ANN,
      to: 'help@desk.example',
      subject: 'VPN',
      text: 'It drops.',
      messageId: '<vpn@example.com>',
    })
    await mailTo(desk.port, {
      from: 'x@evil.example',
      to: 'help@desk.example',
      subject: 'Re: [HD-1] VPN',
      text: 'Me too.',
    })
    await mailTo(desk.port, {
      from: 'y@evil.example',
      to: 'help@desk.example',
      subject: 'Hi',
      text: 'Me too.',
      inReplyTo: '<vpn@example.com>',
    })
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'About HD-1', text: 'It is me.' })
    expect(await desk.expectSound()).toEqual({ opened: 1, held: 2, appended: 1 })
  })

  test('each recipient has its own delivery: one refused for good, one for now, one accepted', async () => {
    world.refuse.set('gone@example.com', { code: 550, text: '5.1.1 No such user' })
    world.refuse.set('busy@example.com', { code: 451, text: '4.2.1 Try later' })
    await mailTo(desk.port, {
      from: ANN,
      to: 'help@desk.example',
      cc: ['gone@example.com', 'busy@example.com'],
      subject: 'VPN',
      text: 'It drops.',
    })
    await world.next(ANN)
    await world.next(BOB)
    await desk.as('bob', 'reply 1', 'Restart it.')
    expect((await world.next(ANN)).text).toContain('Restart it.')
    const failed = await world.next(BOB)
    expect(failed.subject).toBe('[HD-1] Not delivered: VPN')
    expect(failed.text).toContain('gone@example.com: 550 5.1.1 No such user')
    const shown = (await desk.as('bob', 'show 1')).data as {
      messages: { deliveries: { recipient: string; state: string; attempts: number }[] }[]
    }
    const states = shown.messages
      .at(-1)
      ?.deliveries.map(({ recipient, state, attempts }) => [recipient, state, attempts])
    expect(states).toEqual([
      [ANN, 'sent', 1],
      ['busy@example.com', 'queued', 1],
      ['gone@example.com', 'failed', 1],
    ])
    await desk.expectSound()
  })

  test('old mail opens a ticket, and nobody is told', async () => {
    const date = new Date(Date.now() - 15 * 86_400_000)
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'Old', text: 'Long ago.', date })
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'New', text: 'Now.' })
    expect((await world.next(ANN)).subject).toBe('[HD-2] New')
    expect((await world.next(BOB)).subject).toBe('[HD-2] New: New')
    expect(await desk.expectSound()).toEqual({ opened: 2 })
  })

  test('the same mail twice is a duplicate, whatever way it takes', async () => {
    const mail = {
      from: ANN,
      to: 'help@desk.example',
      subject: 'VPN',
      text: 'It drops.',
      messageId: '<a@b>',
      date: new Date(),
    }
    await mailTo(desk.port, mail)
    await mailTo(desk.port, mail)
    await mailTo(desk.port, { ...mail, headers: { 'X-Relay': 'another' } })
    await mailTo(desk.port, { ...mail, text: 'Another text under the same Message-ID.' })
    expect(await desk.expectSound()).toEqual({ opened: 1, duplicate: 2, appended: 1 })
  })

  test('automatic mail is never answered and never reopens', async () => {
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    const acknowledgement = await world.next(ANN)
    await desk.as('bob', 'close 1')
    const away = answerTo(acknowledgement, ANN, 'I am away.')
    await mailTo(desk.port, { ...away, headers: { 'Auto-Submitted': 'auto-replied' } })
    await mailTo(desk.port, {
      from: 'x@example.com',
      to: 'help@desk.example',
      subject: 'Away',
      text: 'I am away.',
      headers: { 'Auto-Submitted': 'auto-replied' },
    })
    expect(await desk.expectSound()).toEqual({ opened: 1, appended: 1, ignored: 1 })
    expect(((await desk.as('bob', 'show 1')).data as { state: string }).state).toBe('closed')
    await desk.stop()
    expect(world.to(ANN)).toHaveLength(1)
    expect(world.to('x@example.com')).toHaveLength(0)
  })

  test("an agent's out-of-office answer to a notification is kept among agents, and answered by nobody", async () => {
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    await world.next(ANN)
    const notification = await world.next(BOB)
    await desk.as('eve', 'claim 1')
    const away = answerTo(notification, BOB, 'I am away until Monday.')
    await mailTo(desk.port, { ...away, headers: { 'Auto-Submitted': 'auto-replied' } })
    const shown = (await desk.as('bob', 'show 1')).data as { messages: { direction: string; kind: string }[] }
    expect(shown.messages.map(each => [each.direction, each.kind])).toEqual([
      ['in', 'person'],
      ['internal', 'auto-reply'],
    ])
    await desk.stop()
    expect(world.to(ANN)).toHaveLength(1)
    expect(world.to(EVE)).toHaveLength(1)
  })

  test('a mail of our own that comes back is ignored', async () => {
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    const acknowledgement = await world.next(ANN)
    await mailTo(desk.port, { envelope: { from: ANN, to: 'help@desk.example' }, raw: acknowledgement.raw })
    await mailTo(desk.port, { from: 'help@desk.example', to: 'help@desk.example', subject: 'Loop', text: 'Hello me.' })
    expect(await desk.expectSound()).toEqual({ opened: 1, ignored: 2 })
  })
})
