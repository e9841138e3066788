// What becomes of a message that came in, and why. A reason stands here with the sentence that people read of it.

/** What became of one that was taken. */
const TAKEN = {
  opened: 'it opened a ticket',
  appended: 'it was added to a ticket',
  duplicate: 'it came in before',
} as const

/** Why a message waits for somebody's decision. */
const HELD = {
  'stranger-with-token': 'it answers one of our mails, but its sender does not take part in the ticket',
  'stranger-in-thread': 'it belongs to a conversation that its sender does not take part in',
  'stranger-in-room': 'it was written below a card in the room of the agents by somebody who is not an agent',
  'stranger-with-references': 'it answers a mail on the ticket, but its sender does not take part in it',
  'stranger-with-reference': 'its subject names the ticket, but its sender does not take part in it',
  stranger: 'it seems to be about the ticket, but its sender does not take part in it',
  'no-sender': 'it does not say who sent it',
  'no-writer': 'it came through a list or group that does not say who wrote it',
  unauthenticated: 'its sender claims to take part in the ticket, but the address could not be confirmed',
  commands: 'it gives commands in the name of an agent, but the address could not be confirmed',
  spam: 'it looks like spam',
  flood: 'its sender writes too many messages; further ones are held as well',
  virus: 'the virus scanner found something in it',
  unscanned: 'the virus scanner could not check its files',
  'own-address': 'it comes from an address of the desk itself, but asks for answers to another address',
  unclear: 'its writer was asked whether it is about one of their tickets',
  early: 'it changes a message that has not come in yet',
  deciding: 'somebody is deciding about it right now',
} as const

/** Why a message is recorded and left alone. */
const IGNORED = {
  'own-message': 'it is one of our own messages that came back',
  'own-address': 'it comes from an address of the desk itself',
  'answer-for-agent': 'it is an automatic answer on behalf of an agent',
  'answer-to-alarm': 'it answers a notice that belongs to no ticket',
  newsletter: 'it is a newsletter',
  'sent-elsewhere': 'a colleague sent it from the mailbox, and it belongs to no ticket',
  blocked: 'its sender is blocked (senders.block)',
  commands: 'it gave commands, and they were carried out',
  status: 'its writer asked about their tickets',
  'small-talk': 'it is only a greeting or thanks',
  'room-talk': 'agents are talking to each other',
  discarded: 'an agent discarded it',
  'other-app': 'another app wrote it',
  'no-writer': 'it does not say who wrote it',
  gone: 'it was announced, but was no longer there',
  'revision-of-nothing': 'it changes a message that the desk does not have',
  bounce: 'it reports that a mail was not delivered, but not one of ours',
  'auto-reply': 'it is an automatic answer that belongs to no ticket',
  bulk: 'it is bulk mail that belongs to no ticket',
} as const

/** Why a message could not be read. Its bytes are kept. */
const QUARANTINED = {
  unparsable: 'it cannot be read',
  'too-large': 'it is larger than limits.message',
  'too-slow': 'reading it took too long',
  'not-given': 'its server announced it but did not deliver it',
  failed: 'it could not be stored in this form',
} as const

export type HeldReason = keyof typeof HELD
export type IgnoredReason = keyof typeof IGNORED
export type QuarantineReason = keyof typeof QUARANTINED

export type Outcome =
  | keyof typeof TAKEN
  | `ignored:${IgnoredReason}`
  | `held:${HeldReason}`
  | `quarantined:${QuarantineReason}`

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(TAKEN),
  ...Object.entries(HELD).map(([reason, sentence]) => [`held:${reason}`, sentence] as const),
  ...Object.entries(IGNORED).map(([reason, sentence]) => [`ignored:${reason}`, sentence] as const),
  ...Object.entries(QUARANTINED).map(([reason, sentence]) => [`quarantined:${reason}`, sentence] as const),
])

/** The sentence of an outcome, without a capital and a full stop. What an older desk stored is shown as it is. */
export function outcomeInWords(outcome: string): string {
  return SENTENCES.get(outcome) ?? outcome
}
