// What the desk does with odd mails: who is answered, what is opened, what counts as a word of the requester.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Siege, TRUSTED } from '../support/attack-desk.ts'
import { checkedBy, type Letter } from '../support/mail/letter.ts'
import { caseMail } from './case-mail.ts'

const ADDRESS = 'help@desk.localhost' // the desk's in the mails of the folder
const PETRA = 'petra@example.com'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin({ channel: { aliases: [ADDRESS] } })
})

afterAll(() => siege.end())

/** Hands a mail of the folder over, dated now and with this id. Gives the references of what it opened. */
async function hand(file: string, sender: string, id?: string): Promise<string[]> {
  const before = await siege.tickets()
  expect(await siege.sendRaw(caseMail('mail', file, siege.clock.now(), id), sender, [ADDRESS])).toMatch(/^250/)
  return [...(await siege.tickets()).keys()].filter(ref => !before.has(ref))
}

/** A command of Bob's: what is said, also where it is refused. */
const command = (line: string, body = '') =>
  siege.desk.as('bob', line, body).then(
    ({ text }) => text,
    (error: Error) => `refused: ${error.message}`,
  )

/** Who reads an answer of Bob's. */
async function readersOfAnswer(ref: string): Promise<string[]> {
  const before = siege.world.mails.length
  expect(await command(`reply ${ref}`, 'We look into it.')).not.toMatch(/^refused/)
  await siege.quiet()
  const mails = siege.world.mails.slice(before).filter(mail => mail.text?.includes('We look into it.'))
  return mails.flatMap(mail => mail.recipients.filter(each => !each.endsWith('@staff.example'))).sort()
}

describe('what a form of the own site sends in the name of the desk', () => {
  /** It came, and may wait: what a command says that settles it. */
  async function settled(id: string, word: string): Promise<string> {
    await hand('own-address-held.eml', ADDRESS, id)
    const became = await siege.newest()
    expect(became).toMatch(/^(?:opened|held)/)
    return became === 'opened' ? became : command(`${word} M-${await siege.arrivalNumber()}`)
  }

  test.fails('is opened, or can be, and its writer is answered', async () => {
    expect(await settled('open@www.example.com', 'open')).not.toMatch(/^refused/)
    expect(await readersOfAnswer(await siege.lastTicket())).toEqual(['quin@example.com'])
  })

  test.fails('is opened, or can be put aside', async () => {
    expect(await settled('discard@www.example.com', 'discard')).not.toMatch(/^refused/)
  })
})

test.fails('everybody whom Reply-To names is answered', async () => {
  const [ref = ''] = await hand('two-reply-to.eml', 'pam@t50.example')
  expect(await readersOfAnswer(ref)).toEqual(['assi@t50.example', 'pam.work@t50.example'])
})

test.fails('an address of the desk that is not listed is no person who is copied', async () => {
  const [ref = ''] = await hand('unlisted-alias-copied.eml', 'bea@t12.example')
  expect(await readersOfAnswer(ref)).toEqual(['bea@t12.example'])
})

test.fails('a message of Exchange in place of one that it cannot give is not thrown away', async () => {
  await siege.sendRaw(caseMail('desk', 'exchange-placeholder.eml', siege.clock.now()), '', [ADDRESS])
  expect(await siege.newest()).not.toMatch(/^ignored/)
})

describe('a reaction of Gmail', () => {
  /** A ticket of Petra's that was answered. Gives it and the id of the newest mail to her of such a subject. */
  async function answered(subject: string): Promise<string> {
    await siege.send({ from: PETRA, subject })
    const ref = await siege.lastTicket()
    await siege.desk.as('bob', `reply ${ref}`, 'It lies there.')
    await siege.quiet()
    return ref
  }

  const stateOf = async (ref: string) => (await siege.tickets()).get(ref)?.facts.state

  function reaction(emoji: string, answers: string): Letter {
    const json = 'Content-Type: text/vnd.google.email-reaction+json; charset=utf-8'
    return {
      from: `Petra <${PETRA}>`,
      subject: 'Re: A reaction',
      top: checkedBy(TRUSTED, 'dkim=pass header.d=example.com; dmarc=pass header.from=example.com'),
      head: [`In-Reply-To: <${answers}@desk.example>`, `References: <${answers}@desk.example>`],
      type: 'multipart/alternative',
      parts: [
        `Content-Type: text/plain; charset=utf-8\n\n${emoji}\n\nPetra reacted via Gmail\n`,
        `${json}\n\n{"version":1,"emoji":"${emoji}"}\n`,
        `Content-Type: text/html; charset=utf-8\n\n<p style="font-size:50px">${emoji}</p><p>Petra reacted via Gmail</p>\n`,
      ],
    }
  }

  test.fails('opens nothing that is closed', async () => {
    const ref = await answered('Where is it?')
    await siege.desk.as('bob', `close ${ref}`)
    await siege.quiet()
    expect(await stateOf(ref)).toBe('closed')
    await siege.send(reaction('❤️', siege.tokenOf(PETRA, /^Re: \[HD-\d+\] Where is it/)))
    expect(await siege.newest()).not.toMatch(/^opened/)
    expect(await stateOf(ref)).toBe('closed')
  })

  test.fails('a thumb up says yes to the question whether it is solved', async () => {
    const ref = await answered('Where did it go?')
    await siege.desk.as('bob', `resolve ${ref} --tell --category network/vpn`, 'It lies there.')
    await siege.quiet()
    expect(await stateOf(ref)).toBe('resolved')
    await siege.send(reaction('👍', siege.tokenOf(PETRA, /Is it solved\?/)))
    expect(await stateOf(ref)).toBe('closed')
  })
})

describe('away notes of one text from ever new addresses of one domain', () => {
  const ACKNOWLEDGED = 5 // a few

  let other: Siege

  beforeAll(async () => {
    other = await Siege.begin({ root: { floods: {} } })
    for (let n = 0; n < 13; n += 1) {
      const letter = {
        from: `m-${(0x5f3a91c2 + n * 7919).toString(16)}@crm.example`,
        subject: 'Out of the office until Monday',
        text: 'Thank you for your message. I am out of the office until Monday and will answer then.\r\n',
      }
      expect(await other.sendNow(letter)).toMatch(/^250/)
    }
  })

  afterAll(() => other.end())

  test.fails('are known after a few', () => {
    const answers = other.world.mails.filter(mail => mail.recipients.some(each => each.endsWith('@crm.example')))
    expect(answers.length).toBeLessThanOrEqual(ACKNOWLEDGED)
  })
})

describe('an address in letters of its language', () => {
  test.fails('is the same person as in its other spelling', async () => {
    await siege.send({
      from: 'Änne Groß <anne@bücher.example>',
      sender: 'anne@xn--bcher-kva.example',
      subject: 'Katalog',
    })
    const ref = await siege.lastTicket()
    await siege.send({ from: 'Änne Groß <anne@xn--bcher-kva.example>', subject: `Re: [${ref}] Katalog` })
    expect(await siege.newest()).toBe(`appended ${ref} in`)
  })

  test('finds its ticket in one spelling', async () => {
    await siege.send({
      from: 'Änne Groß <anna@bücher.example>',
      sender: 'anna@xn--bcher-kva.example',
      subject: 'Liste',
    })
    const ref = await siege.lastTicket()
    await siege.send({
      ...{ from: 'Änne Groß <anna@bücher.example>', sender: 'anna@xn--bcher-kva.example' },
      subject: `Re: [${ref}] Liste`,
    })
    expect(await siege.newest()).toBe(`appended ${ref} in`)
  })
})

test.fails('a text from right to left says so in HTML', async () => {
  await siege.send({ from: 'k@cust.example', subject: 'طابعة', text: 'الطابعة لا تعمل.\r\n' })
  const ref = await siege.lastTicket()
  await siege.desk.as('bob', `reply ${ref}`, 'شكرا، سنأتي غدا (الساعة 10:30) مع طابعة جديدة HP 500.')
  await siege.quiet()
  const html = String(siege.world.to('k@cust.example').at(-1)?.html)
  expect(html).toContain('HP 500')
  expect(html).toMatch(/dir="?(?:auto|rtl)/)
})
