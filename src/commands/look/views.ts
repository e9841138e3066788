// The command view: queries that agents name.
import { isQueryWord, parseQuery } from '../../core/ticket/query.ts'
import { DeskError } from '../../errors.ts'
import { dropView, saveView, viewsOf } from '../../store/saved-views.ts'
import type { WriteCommand } from '../command/command.ts'
import { resolveQuery } from './list.ts'

interface ViewChange {
  name: string
  /** Null drops it. */
  query: string[] | null
}

const NAME = /^[a-z][a-z0-9-]{0,30}$/

/** `view stuck unowned older 1d`, then `list stuck`. */
export const view: WriteCommand<ViewChange> = {
  word: 'view',
  usage: 'NAME QUERY...|drop',
  summary: 'Saves a list query under a name: view stuck unowned older 1d, then list stuck.',
  body: 'none',
  parse(line) {
    const [name = '', ...query] = line.args
    if (!NAME.test(name))
      throw new DeskError('usage', 'Choose a name of lower-case letters: view stuck unowned older 1d')
    if (query.length === 0)
      throw new DeskError('usage', `Say what it shows: view ${name} unowned older 1d, or view ${name} drop`)
    if (query.length === 1 && query[0] === 'drop') return { name, query: null }
    if (isQueryWord(name))
      throw new DeskError('usage', `"${name}" already has a meaning in queries: choose another name.`)
    parseQuery(query)
    return { name, query }
  },
  tickets: () => [],
  async writes(tx, call, { name, query }) {
    if (query === null) {
      if (!(await dropView(tx, call.actor.id, name))) {
        const known = (await viewsOf(tx, call.actor.id)).map(each => each.name).join(', ')
        throw new DeskError('not-found', `You have no view "${name}"${known ? `; you have ${known}` : ''}.`)
      }
      return { text: `The view ${name} was deleted.`, data: { name, query: null } }
    }
    resolveQuery(parseQuery(query), call)
    await saveView(tx, { personId: call.actor.id, name, query: JSON.stringify(query) })
    return { text: `list ${name} shows: ${query.join(' ')}`, data: { name, query } }
  },
}
