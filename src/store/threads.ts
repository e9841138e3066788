// Conversations, by their keys.
import { keyOf } from './engine/id.ts'
import { list, type Sql, type Tx } from './engine/sql.ts'

/** `seen`: we had it. `mentioned`: somebody referred to it, and we never had it. What we sent is known by its token. */
export type ThreadKnowledge = 'seen' | 'mentioned'

export interface Thread {
  key: string
  ticketId: string
  known: ThreadKnowledge
  /** What is said there stays among agents. */
  internal?: boolean
}

/** Message-IDs are one namespace for all mail channels: an answer may come in through another mailbox. */
export function messageKey(messageId: string): string {
  return keyOf('message-id', messageId)
}

/** A chat's own conversation key is its channel's. */
export function threadKey(channel: string, thread: string): string {
  return keyOf('thread', channel, thread)
}

export async function findThreads(sql: Sql, keys: readonly string[]): Promise<Thread[]> {
  if (keys.length === 0) return []
  const rows = await sql<Thread & { inside: number }>`
    SELECT key, ticket_id AS "ticketId", known, internal AS inside FROM threads WHERE key IN (${list(keys)})`
  return rows.map(({ inside, ...thread }) => ({ ...thread, internal: inside === 1 }))
}

/** The ticket of a chat's conversation, if it is one's. */
export async function ticketOfThread(sql: Sql, channel: string, thread: string): Promise<Thread | undefined> {
  const [found] = await findThreads(sql, [threadKey(channel, thread)])
  return found
}

/** A conversation goes on with another ticket: the one before is closed for good. */
export async function moveThread(tx: Tx, channel: string, thread: string, ticketId: string): Promise<void> {
  await tx`UPDATE threads SET ticket_id = ${ticketId} WHERE key = ${threadKey(channel, thread)}`
}

/** A conversation that the desk began itself. */
export async function beginThread(
  tx: Tx,
  { channel, thread, ticketId, internal }: { channel: string; thread: string; ticketId: string; internal: boolean },
): Promise<void> {
  await tx`
    INSERT INTO threads (key, ticket_id, known, internal)
    VALUES (${threadKey(channel, thread)}, ${ticketId}, 'seen', ${internal ? 1 : 0})
    ON CONFLICT (key) DO NOTHING`
}

/** The first ticket to name a key keeps it; what was only mentioned becomes known better. */
export async function addThread(tx: Tx, thread: Thread): Promise<void> {
  if (thread.known === 'mentioned') {
    await tx`
      INSERT INTO threads (key, ticket_id, known) VALUES (${thread.key}, ${thread.ticketId}, 'mentioned')
      ON CONFLICT (key) DO NOTHING`
    return
  }
  await tx`
    INSERT INTO threads (key, ticket_id, known) VALUES (${thread.key}, ${thread.ticketId}, ${thread.known})
    ON CONFLICT (key) DO UPDATE SET ticket_id = excluded.ticket_id, known = excluded.known
    WHERE threads.known = 'mentioned'`
}
