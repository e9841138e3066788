import { SeededRandom } from '../seeded-random.ts'

/** Mail as requesters write it: what is asked for decides every byte of it. */
export interface MailPlan {
  seed: number | string
  /** How many messages, duplicates included. */
  count: number
  /** How many of them carry a file of 300 kB to 2 MB. */
  large: number
  /** When the last one was written; the others came shortly before. */
  now: Date
  /** The desk's address. */
  to: string
}

export interface GeneratedMail {
  /** A file name; in order of these names each opener comes before its replies and duplicates. */
  file: string
  messageId: string
  /** Message-ID of the mail that opened the conversation; its own if it did. */
  conversation: string
  /** Position of that mail; undefined for the one that opens. */
  opener: number | undefined
  from: string
  raw: Buffer
}

interface Person {
  name: string
  address: string
}

interface Conversation {
  opener: number
  requester: Person
  subject: string
  messageIds: [string, ...string[]]
  lastText: string
}

const SECONDS_APART = 40
const REPLIES = 0.55
const DUPLICATES = 0.06
const SMALL_FILES = 0.15
const FIRST_ONES = 5 // openers, so that there is something to answer

const GIVEN = [
  'Ada',
  'Björn',
  'Chloé',
  'Dimitri',
  'Esra',
  'Fatou',
  'Gil',
  'Hana',
  'Ivo',
  'Júlia',
  'Kenji',
  'Lwazi',
] as const
const FAMILY = ['Abel', 'Brandt', 'Castro', 'Dahl', 'Endo', 'Fontaine', 'Greco', 'Holm', 'Ito', 'Juhász'] as const
const THINGS = [
  'The scanner',
  'My badge',
  'The meeting room display',
  'Our wiki',
  'The lift',
  'Order',
  'The VPN',
] as const
const TROUBLES = [
  'does not answer',
  'shows a blank page',
  'was delivered twice',
  'wants a new licence',
  'hums',
] as const
const SENTENCES = [
  'It worked until yesterday evening.',
  'I have switched it off and on, without success.',
  'Könnten Sie bitte heute noch nachsehen?',
  'Nobody on our floor can get on with the work until then.',
  'A picture of what I see is attached if the mail let it through.',
  'Je suis joignable au téléphone jusqu’à midi.',
  'Thank you for the quick help last time, by the way!',
] as const

/** A number that no two subjects of one person are alike without: mails that differ in digits alone look like a machine's. */
function inLetters(number: number): string {
  return [...String(number)].map(digit => 'BCDFGHKLMN'[Number(digit)]).join('')
}

/** Openers, replies of the same requesters, files small and large, and duplicates: exact ones and through another mailbox. */
export function generateMail(plan: MailPlan): GeneratedMail[] {
  return new MailGenerator(plan).all()
}

class MailGenerator {
  readonly #plan: MailPlan
  readonly #random: SeededRandom
  readonly #people: Person[]
  readonly #conversations: Conversation[] = []
  readonly #mails: GeneratedMail[] = []
  readonly #large: Set<number>

  constructor(plan: MailPlan) {
    this.#plan = plan
    this.#random = new SeededRandom(plan.seed)
    this.#people = Array.from({ length: Math.ceil(plan.count / 6) }, (_, index) => this.#person(index))
    // Spread evenly, so that wherever somebody looks a large one is near.
    this.#large = new Set(
      Array.from({ length: plan.large }, (_, i) => Math.floor(((i + 0.5) * plan.count) / plan.large)),
    )
  }

  all(): GeneratedMail[] {
    for (let position = 0; position < this.#plan.count; position += 1) this.#mails.push(this.#next(position))
    return this.#mails
  }

  #person(index: number): Person {
    const given = this.#random.pick(GIVEN)
    const family = this.#random.pick(FAMILY)
    return { name: `${given} ${family}`, address: `requester${index}@customer${index % 7}.example` }
  }

  #next(position: number): GeneratedMail {
    const chance = this.#large.has(position) ? 1 : this.#random.share()
    if (position >= FIRST_ONES && chance < DUPLICATES) return this.#duplicate(position)
    if (position >= FIRST_ONES && chance < DUPLICATES + REPLIES) return this.#reply(position)
    return this.#open(position)
  }

  #open(position: number): GeneratedMail {
    const requester = this.#among(this.#people)
    const subject = `${this.#random.pick(THINGS)} ${inLetters(this.#random.whole(10, 9999))} ${this.#random.pick(TROUBLES)}`
    const messageId = this.#messageId(position, requester)
    const text = this.#text(requester)
    this.#conversations.push({ opener: position, requester, subject, messageIds: [messageId], lastText: text })
    const raw = this.#write(position, requester, [`Subject: ${subject}`, `Message-ID: ${messageId}`], text)
    return {
      file: fileOf(position),
      messageId,
      conversation: messageId,
      opener: undefined,
      from: requester.address,
      raw,
    }
  }

  #reply(position: number): GeneratedMail {
    const conversation = this.#among(this.#conversations)
    const { requester, subject, messageIds, opener } = conversation
    const messageId = this.#messageId(position, requester)
    const quoted = conversation.lastText.split('\n').slice(0, 4)
    const fresh = this.#text(requester)
    const text = `${fresh}\n\nOn Monday, ${requester.name} wrote:\n${quoted.map(line => `> ${line}`).join('\n')}`
    const fields = [
      `Subject: Re: ${subject}`,
      `Message-ID: ${messageId}`,
      `In-Reply-To: ${messageIds.at(-1)}`,
      `References: ${messageIds.join('\r\n ')}`,
    ]
    const raw = this.#write(position, requester, fields, text)
    messageIds.push(messageId)
    conversation.lastText = fresh
    return { file: fileOf(position), messageId, conversation: messageIds[0], opener, from: requester.address, raw }
  }

  /** The same bytes again, or the same mail as another mailbox of ours got it. */
  #duplicate(position: number): GeneratedMail {
    const original = this.#among(this.#mails)
    const opener = original.opener ?? this.#mails.findIndex(each => each.messageId === original.messageId)
    const way = this.#random.share() < 0.5 ? '' : `Delivered-To: second-mailbox-${position}@desk.example\r\n`
    return { ...original, file: fileOf(position), opener, raw: Buffer.concat([Buffer.from(way), original.raw]) }
  }

  #write(position: number, from: Person, fields: string[], text: string): Buffer {
    const { now, count, to } = this.#plan
    const date = new Date(now.getTime() - (count - position) * SECONDS_APART * 1000)
      .toUTCString()
      .replace('GMT', '+0000')
    const head = [
      `Received: from mail.customer.example by mx.desk.example with ESMTP id ${position}; ${date}`,
      `Date: ${date}`,
      `From: =?UTF-8?B?${Buffer.from(from.name).toString('base64')}?= <${from.address}>`,
      `To: ${to}`,
      ...fields,
      'MIME-Version: 1.0',
    ]
    const part = [
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      base64(Buffer.from(text)),
    ]
    const size = this.#fileSize(position)
    if (size === 0) return Buffer.from(`${[...head, ...part].join('\r\n')}\r\n`)
    const boundary = `=_part_${position}`
    const file = [
      `Content-Type: application/octet-stream; name="evidence-${position}.bin"`,
      `Content-Disposition: attachment; filename="evidence-${position}.bin"`,
      'Content-Transfer-Encoding: base64',
      '',
      base64(this.#random.bytes(size)),
    ]
    const type = `Content-Type: multipart/mixed; boundary="${boundary}"`
    const body = [`--${boundary}`, ...part, `--${boundary}`, ...file, `--${boundary}--`]
    return Buffer.from(`${[...head, type, '', ...body].join('\r\n')}\r\n`)
  }

  #fileSize(position: number): number {
    if (this.#large.has(position)) return this.#random.whole(300_000, 2_000_000)
    return this.#random.share() < SMALL_FILES ? this.#random.whole(1_000, 30_000) : 0
  }

  #text(from: Person): string {
    const sentences = Array.from({ length: this.#random.whole(2, 8) }, () => this.#random.pick(SENTENCES))
    return `Hello,\n\n${sentences.join('\n')}\n\nRegards,\n${from.name}`
  }

  #messageId(position: number, from: Person): string {
    return `<${position}.${this.#random.bytes(6).toString('hex')}@${from.address.split('@')[1]}>`
  }

  #among<T>(values: readonly T[]): T {
    return this.#random.pick(values as readonly [T, ...T[]])
  }
}

function fileOf(position: number): string {
  return `${String(position).padStart(6, '0')}.eml`
}

/** RFC 2045 section 6.8: lines of 76 characters. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n')
}
