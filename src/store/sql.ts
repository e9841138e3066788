/** What can be bound to a statement on both engines. */
export type Value = string | number | null | Uint8Array | List

/** Several values for `IN`; an empty list matches nothing. */
export class List {
  readonly values: (string | number | null)[]

  constructor(values: readonly (string | number)[]) {
    this.values = values.length > 0 ? [...values] : [null]
  }
}

export function list(values: readonly (string | number)[]): List {
  return new List(values)
}

/** Reads: a tagged template that binds every value and gives the rows. */
export type Sql = <Row extends object = Record<string, unknown>>(
  text: TemplateStringsArray,
  ...values: Value[]
) => Promise<Row[]>

/** Writes, inside `Store.transact` only. What asks for a `Tx` cannot be called outside of one. */
export interface Tx extends Sql {
  /** Makes other transactions that name one of these keys wait for the end of this one. Takes them in sorted order. */
  lock(keys: readonly string[]): Promise<void>
  /** The next number of a counter: unique, increasing, gaps are fine. `wanted` is how many may be asked for in a row. */
  number(counter: string, wanted?: number): Promise<number>
  /** Tells the other processes on this store, once committed, that there is something to deliver. */
  wake(): void
}

export interface Store {
  readonly engine: 'sqlite' | 'postgres'
  /** Cannot write: the connection refuses it. */
  readonly read: Sql
  /** Runs reads that all see the database as it is at one moment, whatever is committed meanwhile. */
  consistently<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  /**
   * Runs `work` in one transaction and resolves with its result once it is durable. `work` awaits statements and
   * nothing else; it may be run again from its start after a deadlock, so it changes nothing but the database.
   */
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Calls `listener` soon after another process committed something to deliver. */
  onWake(listener: () => void): () => void
  /** Writes a consistent copy of the database to a new file. SQLite only; on PostgreSQL it says what to use instead. */
  snapshot(path: string): Promise<void>
  close(): Promise<void>
}

/** The text of a template with the engine's placeholders, and its values with lists taken apart. */
export function expand(
  text: TemplateStringsArray,
  values: readonly Value[],
  placeholder: (position: number) => string,
): { text: string; values: (string | number | null | Uint8Array)[] } {
  let sql = text[0] ?? ''
  const bound: (string | number | null | Uint8Array)[] = []
  values.forEach((value, index) => {
    const items = value instanceof List ? value.values : [value]
    sql += items.map(item => placeholder(bound.push(bindable(item)))).join(', ')
    sql += text[index + 1] ?? ''
  })
  return { text: sql, values: bound }
}

/** PostgreSQL refuses NUL in text, and lone surrogates are no UTF-8: both become U+FFFD on both engines. */
export function bindable<T extends string | number | null | Uint8Array>(value: T): T {
  if (typeof value !== 'string') return value
  const text = value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
  return (text.isWellFormed() ? text : text.toWellFormed()) as T
}
