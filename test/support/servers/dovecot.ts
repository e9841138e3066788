import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../eventually.ts'
import { freePort } from '../ports.ts'
import { type DovecotOptions, dovecotFiles, MAIL_OWNER, usersFile } from './dovecot-config.ts'

const run = promisify(execFile)

/** The server's program, and the package that brings it. */
export const DOVECOT = { program: '/usr/sbin/dovecot', package: 'dovecot-imapd' }
const DOVEADM = '/usr/bin/doveadm'

/** A real IMAP server in a folder of its own. */
export interface Dovecot {
  /** Plain, with STARTTLS. */
  imapPort: number
  /** TLS from the start. */
  imapsPort: number
  /** Its certificate, for `localhost` and 127.0.0.1, signed by itself. */
  certFile: string
  start(): Promise<void>
  /** Ends it in good order. The mail stays. */
  stop(): Promise<void>
  restart(): Promise<void>
  /** Ends all of its processes at once, in the middle of whatever they do. */
  kill(): Promise<void>
  /** Puts a message into a folder as a mail server would; `at` is when it came. */
  deliver(user: string, raw: string | Uint8Array, folder?: string, at?: Date): Promise<void>
  /** Changes passwords and adds users; resolves once the server knows them. */
  setPasswords(users: Record<string, string>): Promise<void>
  /** Where a user's `Maildir` is. */
  homeOf(user: string): string
  /** Runs `doveadm` on this server; gives what it prints. */
  doveadm(...args: string[]): Promise<string>
  /** All that it has logged. */
  log(): string
  /** Kills it and removes its folder. */
  remove(): Promise<void>
}

/** Why there can be no server on this machine, in a sentence that says what to install; undefined if there can. */
export function dovecotMissing(): string | undefined {
  const install = `To run the tests with a real IMAP server: apt-get install ${DOVECOT.package}`
  if (!existsSync(DOVECOT.program)) return install
  const version = execFileSync(DOVECOT.program, ['--version'], { encoding: 'utf8' }).trim()
  return version.startsWith('2.3.') ? undefined : `${install} (version 2.3; this is ${version})`
}

/** Starts a server; `remove` it in the end. */
export async function startDovecot(options: DovecotOptions = {}): Promise<Dovecot> {
  const folder = await mkdtemp(join(tmpdir(), 'relaydesk-dovecot-'))
  await chmod(folder, 0o755) // its processes run as several users
  const place = { folder, imapPort: await freePort(), imapsPort: await freePort() }
  const users = { ...(options.users ?? { support: 'secret' }) }
  for (const [path, text] of Object.entries(dovecotFiles(place, options))) await writeFile(path, text)
  await makeCertificate(folder)
  await makeFolder(join(folder, 'home'))

  const conf = join(folder, 'dovecot.conf')
  const logFile = join(folder, 'dovecot.log')
  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  let master: ChildProcess | undefined
  const ports = [place.imapPort, place.imapsPort]
  const endAll = () => killGroup(master)

  const homeOf = (user: string) => join(folder, 'home', user)
  const dovecot: Dovecot = {
    imapPort: place.imapPort,
    imapsPort: place.imapsPort,
    certFile: join(folder, 'cert.pem'),
    homeOf,
    log,
    async start() {
      if (master) throw new Error('This server runs already.')
      // What a killed server leaves: its number, and locks that keep a mailbox shut for two minutes.
      await rm(join(folder, 'run', 'master.pid'), { force: true })
      for (const file of await readdir(join(folder, 'home'), { recursive: true }).catch(() => []))
        if (/dovecot-.*\.lock$/.test(file)) await rm(join(folder, 'home', file), { force: true })
      master = await eventually(() => launch(conf, ports, log), `the ports ${ports} are free`)
      process.once('exit', endAll)
    },
    async stop() {
      if (!master) return
      await end(master, () => master?.kill('SIGTERM'))
      await dovecot.kill()
    },
    async restart() {
      await dovecot.stop()
      await dovecot.start()
    },
    async kill() {
      if (!master) return
      endAll()
      await end(master, endAll)
      const silent = async () => !(await Promise.all(ports.map(answers))).includes(true) || undefined
      await eventually(silent, 'the last of its processes has gone')
      master = undefined
      process.off('exit', endAll)
    },
    deliver: (user, raw, name = 'INBOX', at) => deliver(join(homeOf(user), 'Maildir'), raw, name, at),
    async setPasswords(changed) {
      Object.assign(users, changed)
      const file = join(folder, 'users')
      await writeFile(`${file}.new`, usersFile(users))
      passwordsChanged += 1
      await utimes(`${file}.new`, passwordsChanged, passwordsChanged) // it looks at whole seconds
      await rename(`${file}.new`, file)
      for (const [user, password] of Object.entries(changed)) {
        const works = () => dovecot.doveadm('auth', 'test', user, password).then(always, never)
        await eventually(works, 'Dovecot has read the passwords')
      }
    },
    async doveadm(...args) {
      const { stdout } = await run(DOVEADM, ['-c', conf, ...args])
      return stdout
    },
    async remove() {
      await dovecot.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await dovecot.start()
  } catch (error) {
    await dovecot.remove()
    throw error
  }
  return dovecot
}

/** Signed by itself, for the names of this machine. */
async function makeCertificate(folder: string): Promise<void> {
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']
  await run('openssl', ['req', '-x509', ...key, ...names, ...files])
}

/** Starts the program and waits until both ports answer. Undefined if one of them is still taken. */
async function launch(conf: string, ports: number[], log: () => string): Promise<ChildProcess | undefined> {
  const before = log().length
  // It ends with this process, however that ends. A process group of its own, so that all its processes can be killed.
  const words = ['--pdeathsig', 'TERM', DOVECOT.program, '-F', '-c', conf]
  const child = spawn('setpriv', words, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk
  })
  const ended = once(child, 'exit').then(() => false)
  const ready = Promise.all(ports.map(port => eventually(() => answers(port), 'Dovecot answers'))).then(() => true)
  if (await Promise.race([ready, ended]).catch(() => false)) return child
  ready.catch(() => undefined)
  killGroup(child)
  const said = `${complaint}${log().slice(before)}`
  if (/Address already in use|already running/.test(said)) return undefined
  throw new Error(`Dovecot did not start: ${said}`)
}

/** Whether something takes connections there. */
function answers(port: number): Promise<true | undefined> {
  return new Promise(resolve => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(undefined))
  })
}

async function end(child: ChildProcess, how: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  how()
  await exit
}

/** Also what is left of it when its leader has ended. */
function killGroup(leader: ChildProcess | undefined): void {
  if (leader?.pid === undefined) return
  try {
    process.kill(-leader.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 })
  if (made !== undefined && process.getuid?.() === 0) await chown(path, MAIL_OWNER.uid, MAIL_OWNER.gid)
}

const always = () => true
const never = () => undefined

let passwordsChanged = 0
let delivered = 0

/** Written beside and moved into place, so that nobody sees half a message. Names sort in the order of delivery. */
async function deliver(maildir: string, raw: string | Uint8Array, name: string, at: Date | undefined): Promise<void> {
  const folder = name === 'INBOX' ? maildir : join(maildir, `.${name.replaceAll('/', '.')}`)
  await makeFolder(join(maildir, '..'))
  for (const each of new Set([maildir, folder])) {
    await makeFolder(each)
    for (const part of ['cur', 'new', 'tmp']) await makeFolder(join(each, part))
  }
  delivered += 1
  const micro = String(delivered % 1_000_000).padStart(6, '0')
  const file = `${Math.floor(Date.now() / 1000)}.M${micro}P${process.pid}.localhost`
  const draft = join(folder, 'tmp', file)
  await writeFile(draft, raw, { mode: 0o600 })
  if (process.getuid?.() === 0) await chown(draft, MAIL_OWNER.uid, MAIL_OWNER.gid)
  if (at) await utimes(draft, at, at)
  await rename(draft, join(folder, 'new', file))
}
