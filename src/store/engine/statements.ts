// Statements of one connection to SQLite, prepared once each.
import type Database from 'better-sqlite3'
import { bindable, expand, type Value, varies } from './sql.ts'

const LIST_STATEMENTS = 500 // kept prepared, one for each length of a list

/** Runs a statement now, and gives its rows. */
export type Run = <Row extends object>(text: TemplateStringsArray, values: readonly Value[]) => Row[]

/** Prepares each statement once: a template's strings are one object for each place in the code. */
export function statements(db: Database.Database): Run {
  const prepared = new WeakMap<TemplateStringsArray, Database.Statement>()
  const ofLists = new Map<string, Database.Statement>()
  return <Row extends object>(text: TemplateStringsArray, values: readonly Value[]): Row[] => {
    if (varies(values)) {
      const expanded = expand(text, values, { engine: 'sqlite', placeholder: () => '?' })
      let statement = ofLists.get(expanded.text)
      if (!statement) {
        statement = db.prepare(expanded.text)
        if (ofLists.size < LIST_STATEMENTS) ofLists.set(expanded.text, statement)
      }
      return execute<Row>(statement, expanded.values)
    }
    let statement = prepared.get(text)
    if (!statement) {
      statement = db.prepare(text.join('?'))
      prepared.set(text, statement)
    }
    return execute<Row>(
      statement,
      values.map(value => bindable(value as string)),
    )
  }
}

function execute<Row>(statement: Database.Statement, values: unknown[]): Row[] {
  if (statement.reader) return statement.all(...values) as Row[]
  statement.run(...values)
  return []
}
