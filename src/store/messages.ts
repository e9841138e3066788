// What was said on tickets.
import { randomUUID } from 'node:crypto'
import type { InboundAttachment, MessageKind } from '../channel/message.ts'
import { contentDigest } from '../core/ticket/digests.ts'
import { saveBlob } from './blobs.ts'
import { newId } from './engine/id.ts'
import { bindable, list, type Sql, type Tx } from './engine/sql.ts'

export interface Message {
  id: string
  ticketId: string
  /** `in`: from those we answer. `out`: to them. `internal`: among agents. */
  direction: 'in' | 'out' | 'internal'
  authorId: string
  authorName: string
  authorAddress: string | null
  channel: string
  externalId: string | null
  subject: string
  /** Null once erased. */
  text: string | null
  /** The new part of the text, null where it is all of it. */
  visible: string | null
  kind: MessageKind
  sentAt: string | null
  storedAt: string
  /** Digest of the message as it came. */
  raw: string | null
  salt: string | null
  /** What a text of agents is, beside a note: `call`, `tried`, `solution`, ...; `split` for a copy from another ticket. */
  what: string | null
  /** The message that this one says anew, or takes back (`what` is `deletion`). */
  revises: string | null
  /** An answer as Markdown, where its writer chose what is styled in it; null: `text` is plain, and sent as it was typed. */
  markdown: string | null
}

/** What a message went to beside the desk, where its transport says so. */
export interface MessageAudience {
  /** Addresses; undefined where a message goes to all who take part, as in a chat. */
  copied?: readonly string[] | undefined
}

export interface StoredAttachment {
  position: number
  name: string
  type: string
  contentId: string | null
  sha256: string
  size: number
}

/** A message ready to be stored, with what its event says of its content. */
export interface PreparedMessage extends MessageAudience {
  message: Message
  attachments: readonly MessageFile[]
  /** Salted digest. */
  content: string
}

/** A message before it is stored. */
export type NewMessage = Omit<Message, 'salt' | Rare> & Partial<Pick<Message, Rare>> & MessageAudience
type Rare = 'what' | 'revises' | 'markdown'

/** A file that came, or one that is stored with another message already. */
export type MessageFile = InboundAttachment | StoredAttachment

export function prepareMessage(
  { copied, ...message }: NewMessage,
  attachments: readonly MessageFile[],
): PreparedMessage {
  const salt = randomUUID() // 122 random bits, drawn from a pool
  const digests = attachments.map(each => ('content' in each ? each.content.sha256 : each.sha256))
  const whole = { what: null, revises: null, markdown: null, ...message, salt }
  return { message: whole, copied, attachments, content: digestOf(salt, whole, digests) }
}

/** Stores a message with its attachments. Large contents must have been kept in files before. */
export async function insertMessage(tx: Tx, { message: m, copied, attachments }: PreparedMessage): Promise<void> {
  await tx`
    INSERT INTO messages (id, ticket_id, direction, author_id, author_name, author_address, channel, external_id, subject,
                          text, visible, kind, sent_at, stored_at, raw, salt, what, revises, markdown, copied, seq)
    VALUES (${m.id}, ${m.ticketId}, ${m.direction}, ${m.authorId}, ${m.authorName}, ${m.authorAddress}, ${m.channel},
            ${m.externalId}, ${m.subject}, ${m.text}, ${m.visible}, ${m.kind}, ${m.sentAt}, ${m.storedAt}, ${m.raw},
            ${m.salt}, ${m.what}, ${m.revises}, ${m.markdown}, ${copied === undefined ? null : JSON.stringify(copied)},
            (SELECT event_seq FROM tickets WHERE id = ${m.ticketId}))`
  for (const [position, file] of attachments.entries()) {
    if ('content' in file) await saveBlob(tx, file.content)
    const { name, type, contentId } = file
    const { sha256, size } = 'content' in file ? file.content : file
    await tx`
      INSERT INTO attachments (message_id, position, name, type, content_id, sha256, size)
      VALUES (${m.id}, ${position}, ${name}, ${type}, ${contentId}, ${sha256}, ${size})`
  }
}

/** A message once more, for another ticket; its attachments follow with `copyAttachments`. */
export async function prepareCopy(sql: Sql, message: Message, ticketId: string, at: string): Promise<PreparedMessage> {
  const salt = randomUUID()
  const digests = (await attachmentsOf(sql, message.id)).map(each => each.sha256)
  const copy = { ...message, id: newId(), ticketId, storedAt: at, salt, what: 'split', revises: null }
  return { message: copy, attachments: [], content: digestOf(salt, copy, digests) }
}

export async function copyAttachments(tx: Tx, fromMessage: string, toMessage: string): Promise<void> {
  await tx`
    INSERT INTO attachments (message_id, position, name, type, content_id, sha256, size)
    SELECT ${toMessage}, position, name, type, content_id, sha256, size FROM attachments WHERE message_id = ${fromMessage}`
}

/** Whether somebody of ours answered after the requester's side wrote last. */
export async function wasAnsweredSinceQuestion(sql: Sql, ticketId: string): Promise<boolean> {
  const [last] = await sql<{ direction: string }>`
    SELECT direction FROM messages WHERE ticket_id = ${ticketId} AND direction <> 'internal' AND kind = 'person'
    ORDER BY seq DESC, id DESC LIMIT 1`
  return last?.direction === 'out'
}

type DigestedMessage = Pick<
  Message,
  'direction' | 'authorName' | 'authorAddress' | 'subject' | 'text' | 'visible' | 'markdown'
>

/** The digest that the event of a stored message must carry. */
function digestOf(salt: string, message: DigestedMessage, attachments: string[]): string {
  return contentDigest(salt, {
    direction: message.direction,
    author: bindable(`${message.authorName} ${message.authorAddress ?? ''}`),
    subject: bindable(message.subject),
    text: bindable(message.text ?? ''),
    visible: message.visible === null ? null : bindable(message.visible),
    attachments,
    markdown: message.markdown === null ? null : bindable(message.markdown),
  })
}

/** Whether somebody answered in these very words on a ticket since a time. */
export async function answeredAlike(
  sql: Sql,
  answer: { ticketId: string; authorId: string; text: string; since: string },
): Promise<boolean> {
  const rows = await sql`
    SELECT 1 AS one FROM messages WHERE ticket_id = ${answer.ticketId} AND stored_at >= ${answer.since}
      AND direction = 'out' AND author_id = ${answer.authorId} AND text = ${answer.text} LIMIT 1`
  return rows.length > 0
}

/** What somebody wrote on a ticket, newest first; `doubted`: what they may not have written, else what they have. */
export async function textsBy(
  sql: Sql,
  {
    ticketId,
    authorId,
    limit,
    doubted,
    longest,
  }: { ticketId: string; authorId: string; limit: number; doubted: boolean; longest: number },
): Promise<string[]> {
  const rows = await sql<{ text: string | null }>`
    SELECT substr(coalesce(visible, text), 1, CAST(${longest} AS INTEGER)) AS text FROM messages
    WHERE ticket_id = ${ticketId} AND direction = 'in' AND author_id = ${authorId}
      AND EXISTS (SELECT 1 FROM message_doubts d WHERE d.message_id = messages.id) = (1 = ${doubted ? 1 : 0})
    ORDER BY seq DESC, id DESC LIMIT ${limit}`
  return rows.map(row => row.text ?? '')
}

/** The message that an answer to a ticket answers: the newest that a person of the requester's side wrote. */
export async function answeredMessage(
  sql: Sql,
  ticketId: string,
): Promise<{ authorAddress: string | null; seq: number; copied: string[] | null } | undefined> {
  const [last] = await sql<{ authorAddress: string | null; seq: number; copied: string | null }>`
    SELECT author_address AS "authorAddress", seq, copied FROM messages
    WHERE ticket_id = ${ticketId} AND direction = 'in' AND kind = 'person' AND revises IS NULL
    ORDER BY seq DESC, id DESC LIMIT 1`
  return last && { ...last, copied: last.copied === null ? null : (JSON.parse(last.copied) as string[]) }
}

/** Answers of somebody on a ticket that were kept since they last answered there, newest first. */
export async function unsentBy(sql: Sql, ticketId: string, authorId: string): Promise<Message[]> {
  return sql<Message>`
    SELECT whole.* FROM messages m JOIN messages_read whole ON whole.id = m.id
    WHERE m.ticket_id = ${ticketId} AND m.author_id = ${authorId} AND m.what = 'unsent' AND NOT EXISTS (
      SELECT 1 FROM messages o WHERE o.ticket_id = m.ticket_id AND o.author_id = m.author_id AND o.direction = 'out'
        AND (o.seq > m.seq OR (o.seq = m.seq AND o.id > m.id)))
    ORDER BY m.seq DESC, m.id DESC`
}

export async function messageById(sql: Sql, id: string): Promise<Message | undefined> {
  const [found] = await sql<Message>`SELECT * FROM messages_read WHERE id = ${id}`
  return found
}

/** In the order of these ids. */
export async function messagesByIds(sql: Sql, ids: readonly string[]): Promise<Message[]> {
  const rows = await sql<Message>`SELECT * FROM messages_read WHERE id IN (${list(ids)})`
  const found = new Map(rows.map(row => [row.id, row]))
  return ids.flatMap(id => found.get(id) ?? [])
}

/** The message that a ticket began with. */
export async function firstMessage(sql: Sql, ticketId: string): Promise<Message | undefined> {
  const [first] = await sql<Message>`
    SELECT whole.* FROM messages m JOIN messages_read whole ON whole.id = m.id
    WHERE m.ticket_id = ${ticketId} ORDER BY m.seq, m.id LIMIT 1`
  return first
}

export async function countMessages(sql: Sql, ticketIds: readonly string[]): Promise<number> {
  const [row] = await sql<{ count: number }>`
    SELECT count(*) AS count FROM messages WHERE ticket_id IN (${list(ticketIds)})`
  return row?.count ?? 0
}

/** Which messages a ticket got last, and when each was stored; the newest first. */
export async function newestMessages(
  sql: Sql,
  ticketId: string,
  limit: number,
): Promise<{ id: string; storedAt: string }[]> {
  return sql<{ id: string; storedAt: string }>`
    SELECT id, stored_at AS "storedAt" FROM messages
    WHERE ticket_id = ${ticketId} ORDER BY seq DESC, id DESC LIMIT ${limit}`
}

/** In the order in which the ticket got them. */
export async function messagesOf(sql: Sql, ticketId: string): Promise<Message[]> {
  return sql<Message>`
    SELECT whole.* FROM messages m JOIN messages_read whole ON whole.id = m.id
    WHERE m.ticket_id = ${ticketId} ORDER BY m.seq, m.id`
}

/** Message-IDs by which a mail program threads an answer to this ticket, newest first; internal ones left out. */
export async function threadIds(sql: Sql, ticketId: string, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT external_id AS id FROM messages
    WHERE ticket_id = ${ticketId} AND direction <> 'internal' AND external_id IS NOT NULL
    ORDER BY seq DESC, id DESC LIMIT ${limit}`
  return rows.map(row => row.id)
}

/** What an outgoing message went with, once it has a token. */
export async function nameMessage(tx: Tx, id: string, externalId: string): Promise<void> {
  await tx`UPDATE messages SET external_id = ${externalId} WHERE id = ${id}`
}

export async function attachmentsOf(sql: Sql, messageId: string): Promise<StoredAttachment[]> {
  return sql<StoredAttachment>`
    SELECT position, name, type, content_id AS "contentId", sha256, size
    FROM attachments WHERE message_id = ${messageId} ORDER BY position`
}

/** The attachments of several messages, by message. */
export async function attachmentsOfAll(
  sql: Sql,
  messageIds: readonly string[],
): Promise<Map<string, (StoredAttachment & { messageId: string })[]>> {
  const rows = await sql<StoredAttachment & { messageId: string }>`
    SELECT message_id AS "messageId", position, name, type, content_id AS "contentId", sha256, size
    FROM attachments WHERE message_id IN (${list(messageIds)}) ORDER BY message_id, position`
  return Map.groupBy(rows, each => each.messageId)
}

/** Digests of what the messages of a range of tickets say; null where the content was erased. */
export async function digestsOf(
  sql: Sql,
  afterTicket: string,
  lastTicket: string,
): Promise<Map<string, string | null>> {
  const messages = await sql<DigestedMessage & { id: string; salt: string | null }>`
    SELECT id, direction, author_name AS "authorName", author_address AS "authorAddress", subject, text, visible, markdown,
           salt
    FROM messages WHERE ticket_id > ${afterTicket} AND ticket_id <= ${lastTicket}`
  const attachments = await sql<{ messageId: string; sha256: string }>`
    SELECT a.message_id AS "messageId", a.sha256 FROM attachments a JOIN messages m ON m.id = a.message_id
    WHERE m.ticket_id > ${afterTicket} AND m.ticket_id <= ${lastTicket} ORDER BY a.message_id, a.position`
  const files = Map.groupBy(attachments, each => each.messageId)
  return new Map(
    messages.map(message => {
      const digests = (files.get(message.id) ?? []).map(each => each.sha256)
      const erased = message.salt === null || message.text === null
      return [message.id, erased ? null : digestOf(message.salt ?? '', message, digests)]
    }),
  )
}

/** The newest message of the requester's side; of one that was revised what it says now. */
export async function latestFromRequester(sql: Sql, ticketId: string): Promise<Message | undefined> {
  const [last] = await sql<Message>`
    SELECT whole.* FROM messages m JOIN messages_read whole ON whole.id = m.id
    WHERE m.ticket_id = ${ticketId} AND m.direction = 'in'
    ORDER BY m.seq DESC, m.id DESC LIMIT 1`
  return last
}
