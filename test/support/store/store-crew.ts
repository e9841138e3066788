import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Place } from './engines.ts'
import type { StoreReport, StoreTask } from './store-process.ts'

const PROGRAM = fileURLToPath(new URL('./store-process.ts', import.meta.url))

interface Worker {
  child: ChildProcess
  ready: Promise<void>
  result: Promise<number[]>
}

/** Runs each task in a process of its own on the same store, all at the same time. */
export async function inProcesses(place: Place, tasks: readonly StoreTask[]): Promise<number[][]> {
  const workers = tasks.map(task => startWorker(place, task))
  try {
    await Promise.all(workers.map(worker => Promise.race([worker.ready, worker.result])))
    for (const { child } of workers) child.send('go')
    return await Promise.all(workers.map(worker => worker.result))
  } finally {
    for (const { child } of workers) child.kill()
  }
}

function startWorker({ database, folder }: Place, work: StoreTask): Worker {
  const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const ready = Promise.withResolvers<void>()
  let result: number[] | undefined
  child.on('message', (said: StoreReport) => {
    if ('ready' in said) ready.resolve()
    else result = said.result
  })
  child.send({ database, folder, work })
  const ended = once(child, 'close').then(() => {
    if (result) return result
    throw new Error(`The process for "${work.task}" failed: ${complaint}`)
  })
  ended.catch(() => undefined) // told by whoever waits for it
  return { child, ready: ready.promise, result: ended }
}

/** The id of a process that ran and is gone. */
export async function deadProcessId(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'close')
  return child.pid ?? 0
}
