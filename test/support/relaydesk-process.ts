import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'
import { freePort } from './ports.ts'

/** The launcher, as a user of the checkout runs it. */
const LAUNCHER = fileURLToPath(new URL('../../bin/relaydesk.js', import.meta.url))

/** How a run of the program ended. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** The program while it runs. */
export interface Running {
  child: ChildProcess
  stdout(): string
  stderr(): string
  ended: Promise<Ended>
}

export interface RunOptions {
  cwd: string
  input?: string | Uint8Array
  env?: Record<string, string>
  /** Another launcher than the checkout's. */
  launcher?: string
  /** A program with its arguments that runs the command line which follows them. */
  through?: string[]
}

/** The environment without what would point the program at somebody's desk, Node of this test first in PATH. */
export function cleanEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(RELAYDESK|NODE_OPTIONS$|EDITOR$|VISUAL$)/.test(name))
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`
  return { ...Object.fromEntries(own), PATH: path, ...extra }
}

/** Starts the program. Standard input stays open where no `input` is given. */
export function launch(args: readonly string[], options: RunOptions): Running {
  const { cwd, input, env, launcher = LAUNCHER, through = [] } = options
  const [command = '', ...words] = [...through, process.execPath, launcher, ...args]
  const child = spawn(command, words, { cwd, env: cleanEnvironment(env), stdio: 'pipe' })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk
    })
  }
  child.stdin.on('error', () => undefined) // a program that ends early need not read all of it
  if (input !== undefined) child.stdin.end(input)
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...texts }) as Ended)
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, ended }
}

/** Runs the program to its end. */
export function run(args: readonly string[], options: RunOptions): Promise<Ended> {
  return launch(args, { input: '', ...options }).ended
}

/** A folder with a configuration, where nothing but one test works. */
export interface Room {
  folder: string
  state: string
  port: number
  path(...parts: string[]): string
  /** Writes a file below the folder, with the folders above it. Gives its path. */
  write(name: string, content: string | Uint8Array): Promise<string>
  run(...args: string[]): Promise<Ended>
  runWith(options: Partial<RunOptions>, ...args: string[]): Promise<Ended>
  launch(...args: string[]): Running
  /** Starts the desk and resolves once it takes mail. */
  start(): Promise<Running>
  /** Takes over another process, which is ended with the room. */
  adopt(child: ChildProcess): void
  /** Ends what still runs and removes everything. */
  remove(): Promise<void>
}

/** `config` are further lines of the configuration; `null` for none at all. */
export async function makeRoom(config: string | null = ''): Promise<Room> {
  const folder = await mkdtemp(join(tmpdir(), 'relaydesk-cli-'))
  const port = config === null ? 2525 : await freePort()
  if (config !== null) await writeFile(join(folder, 'relaydesk.yaml'), `${channelAt(port)}${config}`)
  const started: ChildProcess[] = []
  const room: Room = {
    folder,
    state: join(folder, 'var'),
    port,
    path: (...parts) => join(folder, ...parts),
    async write(name, content) {
      const file = join(folder, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
      return file
    },
    run: (...args) => run(args, { cwd: folder }),
    runWith: (options, ...args) => run(args, { cwd: folder, ...options }),
    launch(...args) {
      const running = launch(args, { cwd: folder })
      started.push(running.child)
      return running
    },
    async start() {
      const running = room.launch('start')
      await untilReady(running)
      return running
    },
    adopt(child) {
      started.push(child)
    },
    async remove() {
      await Promise.all(started.map(endAtOnce))
      await rm(folder, { recursive: true, force: true })
    },
  }
  return room
}

async function endAtOnce(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

function channelAt(port: number): string {
  return [
    'channels:',
    '  - name: support',
    '    kind: email',
    '    address: help@desk.localhost',
    `    listen: { port: ${port} }`,
    '    send: { maildir: mail }',
    '',
  ].join('\n')
}

export async function untilReady(running: Running): Promise<void> {
  let over: Ended | undefined
  void running.ended.then(ended => {
    over = ended
  })
  await eventually(() => {
    if (over) throw new Error(`The desk ended with ${over.code}: ${over.stderr}`)
    return running.stdout().includes('is ready') || undefined
  }, 'the desk is ready')
}

/** JSON objects, one to a line. */
export function jsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)
}
