import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BOB, EVE, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter } from '../../support/mail/letter.ts'

// Microsoft signs neither what a mail answers nor whom it is to. Where such a mail comes by a detour, so that nothing but
// its signature speaks for it, a secret of ours that went to its sender says the rest; without one nobody is confirmed.

const MALLORY = 'mallory@evil.example'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

/** As a server of ours hands it on, which it reached through a forwarder. */
function forwarded(from: string, letter: Letter): Letter {
  const domain = from.slice(from.indexOf('@') + 1)
  const found = `spf=pass smtp.mailfrom=forwarder.example; dkim=pass header.d=${domain}; dmarc=pass header.from=${domain}`
  const signature = [
    `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=${domain}; s=selector1;`,
    ' h=From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck;',
    ' bh=abc=; b=AbC/dEf=',
  ].join('\r\n')
  return { from, sender: 'x@forwarder.example', ...letter, top: [...checkedBy(TRUSTED, found), signature] }
}
const answers = (token: string) => `In-Reply-To: <${token}@desk.example>`

async function becomes(letter: Letter): Promise<string> {
  await siege.send(letter)
  return siege.newest()
}

describe('with a secret of theirs', () => {
  test('an agent answers the requester, and gives commands', async () => {
    const letter = { subject: 'Re: [HD-1] VPN', head: [answers(siege.token.told)], text: 'Try the other cable.' }
    expect(await becomes(forwarded(BOB, letter))).toBe('appended HD-1 out')
    expect(siege.world.to(ANN).at(-1)?.text).toContain('Try the other cable.')
    const order = { subject: 'Re: [HD-1] VPN', head: [answers(siege.token.told)], text: '!tag cable' }
    expect(await becomes(forwarded(BOB, order))).toBe('appended HD-1 internal')
    expect((await siege.desk.as('bob', 'show 1')).text).toContain('cable')
  })

  test('a requester brings a colleague along, and nobody is told to doubt it', async () => {
    const head = [answers(siege.token.answer), 'To: help@desk.example', 'Cc: zoe@example.com']
    expect(await becomes(forwarded(ANN, { subject: 'Re: [HD-1] VPN', head }))).toBe('appended HD-1 in')
    expect((await siege.tickets()).get('HD-1')?.facts.participants).toContain('copied zoe@example.com')
    expect((await siege.desk.as('bob', 'show 1')).text).not.toContain('could not be confirmed')
    expect(siege.world.to(BOB).at(-1)?.text).not.toContain('could not be confirmed')
    await siege.desk.as('bob', 'uninvite 1 zoe@example.com')
  })
})

describe('without', () => {
  test.each<[string, string, () => Letter, string]>([
    [
      'an agent, by what others can know',
      BOB,
      () => ({ head: ['In-Reply-To: <vpn@example.com>'] }),
      'held:unauthenticated',
    ],
    [
      'an agent, by the secret of another one',
      BOB,
      () => ({ head: [answers(siege.token.toldEve)] }),
      'held:unauthenticated',
    ],
    ['an agent, by the secret of Ann', EVE, () => ({ head: [answers(siege.token.answer)] }), 'held:unauthenticated'],
    ['Ann, by what others can know', ANN, () => ({ head: ['In-Reply-To: <vpn@example.com>'] }), 'held:unauthenticated'],
    ['Ann, by the secret of Mike', ANN, () => ({ head: [answers(siege.token.mike)] }), 'held:stranger-with-token'],
    ['Ann, with nothing', ANN, () => ({ subject: 'Mouse', head: [`Cc: ${MALLORY}`] }), 'opened'],
  ])('%s', async (_, from, letter, became) => {
    expect(await becomes(forwarded(from, { subject: 'VPN again', ...letter() }))).toBe(became)
    if (became !== 'opened') return
    const ref = await siege.lastTicket()
    expect((await siege.tickets()).get(ref)?.facts.participants).toEqual([`requester ${ANN}`])
    expect((await siege.desk.as('bob', `show ${ref}`)).text).toContain(
      'The address of this sender could not be confirmed',
    )
  })

  test('what a flaw makes of it is no matter of secrets', async () => {
    const letter = forwarded(BOB, { subject: 'Re: [HD-1] VPN', head: [answers(siege.token.told)], text: 'Send it.' })
    const flawed = (letter.top ?? []).map(each => each.replace('rsa-sha256', 'rsa-sha1'))
    expect(await becomes({ ...letter, top: flawed })).toBe('held:unauthenticated')
  })
})
