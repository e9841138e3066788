// People and their addresses.
import { canonicalAddress } from '../core/text/address.ts'
import { newId } from './engine/id.ts'
import { list, type Sql, type Tx } from './engine/sql.ts'

export interface Person {
  id: string
  name: string
  /** An agent's short name; null for everybody else. */
  handle: string | null
}

/** An address on one kind of channel, e.g. `email`, and who has it. */
export interface Identity {
  kind: string
  address: string
  name: string
}

export interface Agent extends Person {
  handle: string
  email: string
  /** Addresses in chats, as `kind address`. */
  chats: readonly string[]
}

export async function personByIdentity(sql: Sql, kind: string, address: string): Promise<Person | undefined> {
  const [found] = await sql<Person>`
    SELECT people.id, people.name,
           CASE WHEN identities.kind = 'email' AND people.email <> identities.address THEN NULL ELSE people.handle END AS handle
    FROM identities JOIN people ON people.id = identities.person_id
    WHERE identities.kind = ${kind} AND identities.address = ${address}`
  return found
}

/** Who has these addresses, by address; those that nobody has are left out. */
export async function peopleByIdentity(
  sql: Sql,
  kind: string,
  addresses: readonly string[],
): Promise<Map<string, Person>> {
  if (addresses.length === 0) return new Map()
  const rows = await sql<Person & { address: string }>`
    SELECT identities.address, people.id, people.name,
           CASE WHEN identities.kind = 'email' AND people.email <> identities.address THEN NULL ELSE people.handle END AS handle
    FROM identities JOIN people ON people.id = identities.person_id
    WHERE identities.kind = ${kind} AND identities.address IN (${list(addresses)})`
  return new Map(rows.map(({ address, ...person }) => [address, person]))
}

/** Whoever is no agent and has another address of the same mailbox; of several the one who came first. */
export async function personByAlias(sql: Sql, kind: string, address: string): Promise<Person | undefined> {
  // With `handle IS NULL` SQLite expects one person who is no agent, begins with that index and goes through all.
  const [found] = await sql<Person>`
    SELECT people.id, people.name, people.handle FROM identities
    JOIN people ON people.id = identities.person_id
    WHERE identities.kind = ${kind} AND identities.alias_of = ${canonicalAddress(address)}
      AND coalesce(people.handle, '') = ''
    ORDER BY people.created_at, people.id LIMIT 1`
  return found
}

/** One more address of a person. */
export async function addIdentity(tx: Tx, personId: string, { kind, address }: Identity): Promise<void> {
  await tx`
    INSERT INTO identities (kind, address, person_id, alias_of)
    VALUES (${kind}, ${address}, ${personId}, ${canonicalAddress(address)})
    ON CONFLICT (kind, address) DO NOTHING`
}

/** From now on nobody has this address. */
export async function removeIdentity(tx: Tx, { kind, address }: { kind: string; address: string }): Promise<void> {
  await tx`DELETE FROM identities WHERE kind = ${kind} AND address = ${address}`
}

export async function personByHandle(sql: Sql, handle: string): Promise<Person | undefined> {
  const [found] = await sql<Person>`SELECT id, name, handle FROM people WHERE handle = ${handle}`
  return found
}

export async function personById(sql: Sql, id: string): Promise<Person | undefined> {
  const [found] = await sql<Person>`SELECT id, name, handle FROM people WHERE id = ${id}`
  return found
}

export async function personNames(sql: Sql, ids: readonly string[]): Promise<Map<string, Person>> {
  const found = await sql<Person>`SELECT id, name, handle FROM people WHERE id IN (${list(ids)})`
  return new Map(found.map(person => [person.id, person]))
}

/** The person behind an identity, made if need be. */
export async function ensurePerson(tx: Tx, identity: Identity, at: string): Promise<Person> {
  return (await personByIdentity(tx, identity.kind, identity.address)) ?? (await addPerson(tx, identity, at))
}

/** Makes the person behind an identity that nobody had. Of two processes that make one at once, both get the same. */
export async function addPerson(tx: Tx, identity: Identity, at: string): Promise<Person> {
  const id = newId()
  const name = identity.name || identity.address
  await tx`INSERT INTO people (id, name, created_at) VALUES (${id}, ${name}, ${at})`
  const [made] = await tx`
    INSERT INTO identities (kind, address, person_id, alias_of)
    VALUES (${identity.kind}, ${identity.address}, ${id}, ${canonicalAddress(identity.address)})
    ON CONFLICT (kind, address) DO NOTHING RETURNING person_id`
  if (made) return { id, name, handle: null }
  await tx`DELETE FROM people WHERE id = ${id}`
  return (await personByIdentity(tx, identity.kind, identity.address)) ?? { id, name, handle: null }
}

/** Makes the agents those of the configuration. Whoever is no longer listed stays a person, without a handle. */
export async function saveAgents(
  tx: Tx,
  agents: readonly { handle: string; name: string; email: string }[],
  at: string,
): Promise<void> {
  await tx`UPDATE people SET handle = NULL WHERE handle IS NOT NULL AND handle NOT IN (${list(agents.map(agent => agent.handle))})`
  for (const agent of agents) {
    const person = await ensurePerson(tx, { kind: 'email', address: agent.email, name: agent.name }, at)
    await tx`UPDATE people SET handle = NULL WHERE handle = ${agent.handle} AND id <> ${person.id}`
    await tx`UPDATE people SET handle = ${agent.handle}, name = ${agent.name}, email = ${agent.email} WHERE id = ${person.id}`
  }
}

export async function allAgents(sql: Sql): Promise<Agent[]> {
  const agents = await sql<Omit<Agent, 'chats'>>`
    SELECT id, name, handle,
           coalesce(email, (SELECT min(address) FROM identities WHERE person_id = people.id AND kind = 'email')) AS email
    FROM people WHERE handle > '' ORDER BY handle`
  const chats = await sql<{ personId: string; kind: string; address: string }>`
    SELECT person_id AS "personId", kind, address FROM identities
    WHERE person_id IN (SELECT id FROM people WHERE handle > '') AND kind <> 'email' ORDER BY kind, address`
  const byPerson = Map.groupBy(chats, each => each.personId)
  return agents.map(agent => ({
    ...agent,
    chats: (byPerson.get(agent.id) ?? []).map(({ kind, address }) => `${kind} ${address}`),
  }))
}

/** Chat addresses of a person, in order. */
export async function chatAddressesOf(sql: Sql, personId: string, kind: string): Promise<string[]> {
  const rows = await sql<{ address: string }>`
    SELECT address FROM identities WHERE person_id = ${personId} AND kind = ${kind} ORDER BY address`
  return rows.map(row => row.address)
}

/** People who have this name or address part, whole or as one of their names; at most a handful. */
export async function peopleNamed(sql: Sql, name: string): Promise<Person[]> {
  const lower = name.toLowerCase()
  return sql<Person>`
    SELECT DISTINCT p.id, p.name, p.handle FROM people p LEFT JOIN identities i ON i.person_id = p.id
    WHERE lower(p.name) = ${lower} OR lower(p.name) LIKE ${`${lower} %`} OR lower(p.name) LIKE ${`% ${lower}`}
      OR i.address LIKE ${`${lower}@%`} ORDER BY p.name, p.id LIMIT 6`
}

/** In alphabetical order. */
export async function mailAddressesOf(sql: Sql, personId: string): Promise<string[]> {
  const rows = await sql<{ address: string }>`
    SELECT address FROM identities WHERE person_id = ${personId} AND kind = 'email' ORDER BY address`
  return rows.map(row => row.address)
}
