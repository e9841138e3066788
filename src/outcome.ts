// What becomes of a message that came in, and why. A reason stands here with the sentence that people read of it.

/** What became of one that was taken. */
const TAKEN = { opened: 'it opened a ticket', appended: 'it joined a ticket', duplicate: 'it came before' } as const

/** Why a message waits for somebody's decision. */
const HELD = {
  'stranger-with-token': 'it answers one of our mails, but its sender takes no part in the ticket',
  'stranger-in-thread': 'it belongs to a conversation that its sender takes no part in',
  'stranger-in-room': 'it was written below a card in the room of the agents, by somebody who is none',
  'stranger-with-references': 'it answers a mail of the ticket, but its sender takes no part in it',
  'stranger-with-reference': 'its subject names the ticket, but its sender takes no part in it',
  stranger: 'it seems to be about the ticket, but its sender takes no part in it',
  'no-sender': 'it says nothing of who sent it',
  'no-writer': 'it came through a list or group that says nothing of who wrote it',
  unauthenticated: 'its sender says to take part in the ticket, and the address could not be confirmed',
  commands: 'it gives commands in the name of an agent, and the address could not be confirmed',
  spam: 'it was taken for spam',
  flood: 'its sender writes too much; what follows of it is held as well',
  virus: 'the scanner found something in it',
  unscanned: 'the scanner could not look at its files',
  'own-address': 'it comes from an address of the desk itself, and wants to be answered elsewhere',
  unclear: 'its writer was asked whether it goes on with a ticket of theirs',
  early: 'it changes a message that has not come yet',
  deciding: 'it is being decided',
} as const

/** Why a message is recorded and left alone. */
const IGNORED = {
  'own-message': 'it is a message of the desk itself that came back',
  'own-address': 'it comes from an address of the desk itself',
  'answer-for-agent': 'it answers by itself for an agent',
  'answer-to-alarm': 'it answers a notice that has no ticket',
  newsletter: 'it is a newsletter',
  'sent-elsewhere': 'a colleague sent it from the mailbox, and it has to do with no ticket',
  blocked: 'its sender is blocked (senders.block)',
  commands: 'it gave commands, which were carried out',
  status: 'it asked how the tickets of its writer are',
  'small-talk': 'it is a greeting or thanks',
  'room-talk': 'agents talk among themselves',
  discarded: 'an agent discarded it',
  'other-app': 'another app wrote it',
  'no-writer': 'nothing says who wrote it',
  gone: 'it was announced, and was not there any more',
  'revision-of-nothing': 'it changes a message that the desk does not have',
  bounce: 'it tells that a mail did not arrive, which is none of ours',
  'auto-reply': 'a machine answers by itself, and it has to do with no ticket',
  bulk: 'a machine sent it to many, and it has to do with no ticket',
} as const

/** Why a message could not be read. Its bytes are kept. */
const QUARANTINED = {
  unparsable: 'it cannot be read',
  'too-large': 'it is larger than limits.message',
  'too-slow': 'reading it took too long',
  'not-given': 'its server named it and did not give it',
  failed: 'it could not be stored as what it is',
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
