/** What can be bound to a statement on both engines. */
export type Value = string | number | null | Uint8Array | List | Fragment | Either

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

/** A part of a statement, with the values in it. */
export class Fragment {
  readonly text: readonly string[]
  readonly values: readonly Value[]

  constructor(text: readonly string[], values: readonly Value[]) {
    this.text = text
    this.values = values
  }
}

export function fragment(text: TemplateStringsArray, ...values: Value[]): Fragment {
  return new Fragment(text, values)
}

/** Conditions that must all hold; none always holds. */
export function allOf(conditions: readonly Fragment[]): Fragment {
  return conditions.length === 0 ? fragment`1 = 1` : joined(conditions, ' AND ')
}

/** The rows of all of these; at least one. */
export function unionOf(selects: readonly Fragment[]): Fragment {
  return joined(selects, ' UNION ALL ')
}

/** Fragments one after the other. */
export function joined(parts: readonly Fragment[], between: string): Fragment {
  return new Fragment(['', ...parts.slice(1).map(() => between), ''], parts)
}

/** A statement that puts a row of these columns into a table; it takes a value for each. */
export function insertInto(table: string, columns: readonly string[]): TemplateStringsArray {
  const text = [`INSERT INTO ${table} (${columns.join(', ')}) VALUES (`, ...columns.slice(1).map(() => ', '), ')']
  return Object.assign(text, { raw: text })
}

/** What the two engines say differently. */
export class Either {
  readonly sqlite: Fragment
  readonly postgres: Fragment

  constructor(sqlite: Fragment, postgres: Fragment) {
    this.sqlite = sqlite
    this.postgres = postgres
  }
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
  /** The next number of a counter: unique, increasing, gaps are fine. `count` is how many may be asked for in a row. */
  number(counter: string, count?: number): Promise<number>
  /** Tells the other processes on this store, once committed, that there is something to deliver. */
  wake(): void
  /** Whether others have waited for this transaction long enough, so that what can be parted goes on in another. */
  isLong(): boolean
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

/** The text of a template with the engine's placeholders, and its values with lists and fragments taken apart. */
export function expand(
  text: readonly string[],
  values: readonly Value[],
  { engine, placeholder }: { engine: Store['engine']; placeholder: (position: number) => string },
): { text: string; values: (string | number | null | Uint8Array)[] } {
  const bound: (string | number | null | Uint8Array)[] = []
  const literal = (value: Value): string => {
    if (value instanceof Either) return literal(value[engine])
    if (value instanceof Fragment) return statement(value.text, value.values)
    const items = value instanceof List ? value.values : [value]
    return items.map(item => placeholder(bound.push(bindable(item)))).join(', ')
  }
  const statement = (strings: readonly string[], inner: readonly Value[]): string =>
    strings.map((part, index) => (index === 0 ? part : literal(inner[index - 1] ?? null) + part)).join('')
  return { text: statement(text, values), values: bound }
}

/** Whether a statement may look different each time. */
export function varies(values: readonly Value[]): boolean {
  return values.some(value => value instanceof List || value instanceof Fragment || value instanceof Either)
}

/** PostgreSQL refuses NUL in text, and lone surrogates are no UTF-8: both become U+FFFD on both engines. */
export function bindable<T extends string | number | null | Uint8Array>(value: T): T {
  if (typeof value !== 'string') return value
  const text = value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
  return (text.isWellFormed() ? text : text.toWellFormed()) as T
}
