// Reads why a mail could not be delivered.
import { bounceWords, once } from '../../mail-words.ts'

/** Why a mail could not be delivered, as far as it can be told. */
export type BounceReason =
  | 'unknown-user'
  | 'unknown-host'
  | 'moved'
  | 'disabled'
  | 'full'
  | 'size'
  | 'relay'
  | 'sender'
  | 'program'
  | 'policy'
  | 'expired'
  | 'network'
  | 'loop'
  | 'system'
  | 'filtered'
  | 'unclear'

const LONGEST = 8_000 // characters of an explanation that are looked at

/** Reasons in the order in which they are looked for: what is said of a mailbox outweighs how the server words its no. */
const reasonPhrases = once((): readonly (readonly [BounceReason, readonly string[], (readonly RegExp[])?])[] => {
  const words = bounceWords()
  return [
    ['full', words.full, [/\bis vol\b/, /\bist voll\b/, /\ber full\b/]],
    ['size', words.size],
    ['disabled', words.disabled, [/inactive(?! email address)/]],
    ['moved', words.moved],
    ['relay', words.relay, [/(?<!or user isn't in my list of )allowed rcpthosts/]],
    ['sender', words.sender],
    ['unknown-host', words['unknown-host'], [/\bhost \S{1,255} not found/]],
    [
      'unknown-user',
      words['unknown-user'],
      [
        /no valid recipient(?!s from)/,
        /(?:user|account|subscriber|mailbox|addressee|customer|number|msisdn|phone) (?:\S{1,128} ){0,2}(?:is|was) (?:unknown|invalid|not valid)/,
      ],
    ],
    ['loop', words.loop],
    ['network', words.network],
    ['policy', words.policy],
    ['expired', words.expired, [/failed (?:after )?\d{1,4} (?:attempts|tries)/, /after \d{1,4} (?:attempts|tries)/]],
    ['network', words['perhaps-network']],
    ['system', words.system],
    ['unknown-user', words['perhaps-unknown-user']],
  ]
})

/** RFC 3463 sections 3.2 to 3.8, RFC 7505 section 4.2, and what mail systems mean by them. */
function reasonOfStatus(status: string): BounceReason {
  if (/^5\.1\.(?:[013]|10)$/.test(status)) return 'unknown-user'
  if (/^5\.(?:1\.6|7\.1[78])$/.test(status)) return 'moved'
  if (/^5\.(?:1\.2|4\.4)$/.test(status)) return 'unknown-host'
  if (/^[45]\.1\.[78]$/.test(status)) return 'sender'
  if (/^[45]\.2\.2$/.test(status)) return 'full'
  if (/^[45]\.(?:2\.3|3\.4)$/.test(status)) return 'size'
  if (/^[45]\.2\.1$/.test(status)) return 'disabled'
  if (/^[45]\.7\./.test(status)) return 'policy'
  if (/^[45]\.4\.7$/.test(status)) return 'expired'
  if (/^[45]\.4\.6$/.test(status)) return 'loop'
  if (/^[45]\.4\./.test(status)) return 'network'
  if (/^[45]\.[35]\./.test(status)) return 'system'
  return 'unclear'
}

/**
 * Why, by what was said and the status code.
 *
 * @param explanation what the mail systems say of this recipient, the server's own answer included; '' if nothing
 * @param status enhanced status code (RFC 3463), or ''
 * @param near all that is said of this recipient, which may tell what command was answered with no
 * @param report all of the report, which may show the dialogue
 */
export function reasonOf(explanation: string, status: string, near = explanation, report = near): BounceReason {
  // What may be is no statement (Google Groups).
  const text = plain(explanation).replace(/(?<!domain )(?:may|might) not exist/g, '')
  const command = refusedCommand(plain(near)) ?? transcribedCommand(plain(report))
  // A program that took the mail and failed says nothing sure of the address (Diagnostic-Code: x-unix).
  if (
    /(?:^|\s)x-unix;|command died with status|command output:|local delivery agent|child process of .{1,80} returned \d|could mean unable to exec/.test(
      text,
    )
  )
    return 'program'
  if (command === 'mail') return 'sender'
  // The name server was asked in vain, which is not to say that there is no such name.
  if (/not found,? try again|name service error for [^.]{0,80}[^:]{0,80}: (?:host not found, )?try again/.test(text))
    return 'network'
  const phrased = reasonPhrases().find(
    ([, words, patterns]) => words.some(each => text.includes(each)) || patterns?.some(each => each.test(text)),
  )?.[0]
  const reason = chooseReason(phrased, status)
  if (reason !== 'unknown-user' || /^[45]\.1\.[1-9]/.test(status)) return reason
  // The address was taken and the mail refused after it: filters of carriers word it like that.
  if (command === 'data' || (command !== 'rcpt' && CARRIERS.test(text))) return 'filtered'
  return reason
}

/** A status about the address outweighs words that may mean anything; other words outweigh the status. */
function chooseReason(phrased: BounceReason | undefined, status: string): BounceReason {
  const coded = reasonOfStatus(status)
  if (phrased === undefined) return coded
  // What is unknown or does not exist is the sender's then.
  if (coded === 'sender' && isHard(phrased)) return coded
  // A host that was not found for long may be found again.
  if (coded === 'expired' && phrased === 'unknown-host') return coded
  // Exchange Online numbers what its filters refuse, which it words as if there were no such recipient.
  if (phrased === 'unknown-user' && /^5\.7\.5\d\d$/.test(status)) return coded
  const vague = phrased === 'network' || phrased === 'system' || phrased === 'expired'
  if (!vague) return phrased
  // RFC 3463 section 3.5: x.4.4 is also said of a host that does not answer, x.1.0 of anything about an address.
  const sure = coded === 'moved' || /^5\.1\.[1-9]/.test(status)
  return sure && isHard(coded) ? coded : phrased
}

/** How filters of NTT docomo and au say no, whose servers answer RCPT where there is no such address. */
const CARRIERS = /unknown user \S{1,64}@docomo\.ne\.jp|550 : user unknown/

type Command = 'mail' | 'rcpt' | 'data' | undefined

/** How reports tell which SMTP command was answered with no. */
const REFUSED: readonly (readonly [Command, RegExp])[] = [
  [
    'rcpt',
    /does not like recipient|did not like our rcpt|\(state 14\)|smtp:rcpt host|error following rcpt|after rcpt command|smtp command rcpt/,
  ],
  [
    'data',
    /failed (?:on data command|after i sent the message)|did not like our (?:data|final|message)|\(state 1[578]\)|smtp:(?:data|eom) host|error following data|(?:after|for) (?:data|text) command|smtp command data/,
  ],
  [
    'mail',
    /but (?:sender|my name) was rejected|did not like our (?:mail|ehlo|helo)|smtp:mail host|error following mail|after mail command|smtp command mail/,
  ],
]

/** The SMTP command that was answered with no, where a recipient's explanation tells. */
function refusedCommand(text: string): Command {
  const named =
    /(?:in (?:reply|response) to (?:the |end of )?|error from remote mail(?:er| server) after (?:pipelined |end of )?)(mail|rcpt|data|ehlo|helo|initial)/.exec(
      text,
    )?.[1]
  if (named === 'rcpt' || named === 'data') return named
  return named === undefined ? REFUSED.find(([, words]) => words.test(text))?.[0] : 'mail'
}

/** The command that sendmail shows to have been answered with no, for all recipients of one dialogue. */
function transcribedCommand(text: string): Command {
  if (text.includes('>>> rcpt')) return 'rcpt'
  if (text.includes('>>> data')) return 'data'
  return text.includes('>>> mail') ? 'mail' : undefined
}

function plain(text: string): string {
  return (
    text
      .slice(0, LONGEST)
      .toLowerCase()
      .replace(/[\u2018\u2019`]/g, "'")
      .replace(/\s+/g, ' ')
      // IronPort puts what the code means in general before the server's own words.
      .replace(/\b[45]\.\d\.\d - [a-z ]{1,60} (?=\d{3}-')/g, '')
  )
}

/** Whether the address itself will not work later either. */
export function isHard(reason: BounceReason): boolean {
  return reason === 'unknown-user' || reason === 'unknown-host' || reason === 'moved'
}

/**
 * The status code (RFC 3463) for a reason, for reports that give none; '' where nothing is known.
 *
 * @param code of the server's reply (RFC 5321 section 4.2.1), whose class the status has then; or ''
 */
export function derivedStatus(reason: BounceReason, code: string): string {
  const usual = statusOf(reason)
  if (!code) return usual
  return usual ? `${code[0]}${usual.slice(1)}` : `${code[0]}.0.0`
}

/** The status code (RFC 3463) that is usual for a reason. */
function statusOf(reason: BounceReason): string {
  const statuses: Partial<Record<BounceReason, string>> = {
    'unknown-user': '5.1.1',
    'unknown-host': '5.1.2',
    moved: '5.1.6',
    disabled: '5.2.1',
    full: '5.2.2',
    size: '5.3.4',
    relay: '5.7.1',
    policy: '5.7.1',
    sender: '5.7.1',
    expired: '4.4.7',
    network: '4.4.1',
    loop: '5.4.6',
    program: '5.3.0',
  }
  return statuses[reason] ?? ''
}

/** A reason as an agent reads it; '' where nothing is known. */
export function inWords(reason: BounceReason): string {
  const words: Record<BounceReason, string> = {
    'unknown-user': 'there is no such mailbox',
    'unknown-host': 'there is no such mail domain',
    moved: 'the address has moved',
    disabled: 'the mailbox is disabled',
    full: 'the mailbox is full',
    size: 'the message is too large for it',
    relay: 'its server does not accept our mail for it',
    sender: 'its server does not accept our sender address',
    program: 'a program that sorts its mail failed',
    policy: 'its server refuses our mail',
    expired: 'its server could not be reached for a long time',
    network: 'its server cannot be reached',
    loop: 'our mail got into a loop there',
    system: 'its server has a problem',
    filtered: 'a filter refused it',
    unclear: '',
  }
  return words[reason]
}
