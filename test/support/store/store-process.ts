import { openStore } from '../../../src/store/engine/store.ts'

/**
 * Another process on the same store. It opens the store, does its task when it is told to, and sends back what the task
 * gave. `open` waits for the word before it opens.
 */
export type StoreTask =
  | { task: 'open' }
  /** Takes so many numbers, one a transaction. */
  | { task: 'number'; counter: string; times: number }
  /** Locks the counters, then adds one to each, reading it first; so many times. Gives a 1 for each run of the work. */
  | { task: 'add'; counters: string[]; times: number }
  /** Commits something to deliver. */
  | { task: 'wake' }

export interface StoreOrder {
  database: string
  folder: string
  work: StoreTask
}

export type StoreReport = { ready: true } | { result: number[] }

async function carryOut({ database, folder, work }: StoreOrder, go: Promise<void>): Promise<number[]> {
  if (work.task === 'open') await ready(go)
  const store = await openStore(database, folder)
  if (work.task !== 'open') await ready(go)
  const results: number[] = []
  if (work.task === 'number') {
    for (let i = 0; i < work.times; i += 1) results.push(await store.transact(tx => tx.number(work.counter, 3)))
  }
  if (work.task === 'wake') {
    await store.transact(async tx => {
      await tx`INSERT INTO counters (name, value) VALUES ('woken', 1)`
      tx.wake()
    })
  }
  if (work.task === 'add') {
    for (let i = 0; i < work.times; i += 1) {
      await store.transact(async tx => {
        results.push(1)
        await tx.lock(work.counters)
        for (const name of work.counters) {
          const [row] = await tx<{ value: number }>`SELECT value FROM counters WHERE name = ${name}`
          await tx`UPDATE counters SET value = ${(row?.value ?? 0) + 1} WHERE name = ${name}`
        }
      })
    }
  }
  await store.close()
  return results
}

function ready(go: Promise<void>): Promise<void> {
  report({ ready: true })
  return go
}

function report(what: StoreReport): void {
  process.send?.(what)
}

if (process.send) {
  const go = Promise.withResolvers<void>()
  process.on('message', message => {
    if (message === 'go') return go.resolve()
    carryOut(message as StoreOrder, go.promise).then(
      result => {
        report({ result })
        process.disconnect()
      },
      error => {
        process.stderr.write(`${error.stack}\n`)
        process.exit(1)
      },
    )
  })
}
