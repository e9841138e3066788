import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AskerOrder } from './asker.ts'
import { type Checked, check } from './check.ts'
import { type Run, ticketsFor } from './command-lines.ts'
import { type DeskFolder, makeTickets, openFolder } from './desk-folder.ts'
import { type Asked, readAsked } from './recorded-command.ts'

const ASKER = fileURLToPath(new URL('./asker.ts', import.meta.url))

export interface Outcome extends Checked {
  asked: Asked[]
  /** How long the asking took. */
  seconds: number
}

/** Makes a desk at this place, has the processes ask their shares at the same time, and judges what came of it. */
export async function runCampaign(place: DeskFolder, run: Run): Promise<Outcome> {
  await makeTickets(place, ticketsFor(run))
  const began = performance.now()
  const asked = await askInProcesses(place, run)
  const seconds = (performance.now() - began) / 1000
  return { ...(await checkPlace(place, asked)), asked, seconds }
}

/** Judges what lies in the store now. */
export async function checkPlace(place: DeskFolder, asked: readonly Asked[]): Promise<Checked> {
  const desk = await openFolder(place)
  try {
    return await check(desk, asked)
  } finally {
    await desk.close()
  }
}

async function askInProcesses({ folder }: DeskFolder, run: Run): Promise<Asked[]> {
  const orders = Array.from({ length: run.processes }, (_, process) => ({
    ...{ run, process, folder, file: join(folder, `asked-${process}.jsonl`) },
  }))
  const askers = await Promise.all(orders.map(startAsker))
  const ended = askers.map(child => once(child, 'exit'))
  for (const child of askers) child.stdin?.write('go\n')
  const codes = (await Promise.all(ended)).map(([code]) => code as number | null)
  if (codes.some(code => code !== 0)) throw new Error(`A process that asks ended with ${codes.join(', ')}.`)
  return (await Promise.all(orders.map(({ file }) => readAsked(file)))).flat()
}

/** Resolves once it is ready to ask. */
async function startAsker(order: AskerOrder): Promise<ChildProcess> {
  const child = spawn(process.execPath, [ASKER, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ready = once(createInterface({ input: child.stdout }), 'line')
  await Promise.race([ready, once(child, 'exit')])
  return child
}
