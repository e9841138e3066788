import { appendFileSync, writeFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../../support/eventually.ts'
import { launch, type Running, untilReady } from '../../support/relaydesk-process.ts'
import { type CuttingProxy, startProxy } from '../../support/servers/cutting-proxy.ts'
import { type Dovecot, startDovecot } from '../../support/servers/dovecot.ts'
import { type OauthProvider, startOauthProvider } from '../../support/servers/oauth-provider.ts'
import { DESK_ADDRESS, type DeskPlace } from '../desk-process.ts'
import { BY_PASSWORD, BY_TOKEN, type WatchedMailbox } from './mailbox.ts'
import { type DeskView, viewOf } from './view.ts'

const CHANNEL = 'support'
const SLOWEST_LOGIN_MS = 30_000

/** A desk that watches mailboxes on a real server, over a network that can fail. */
export class ImapScene {
  readonly place: DeskPlace
  readonly mailboxes: readonly WatchedMailbox[]
  readonly dovecot: Dovecot
  readonly network: CuttingProxy
  readonly provider: OauthProvider
  readonly view: DeskView
  #desk: Running | undefined
  #stderr = 0

  private constructor(
    place: DeskPlace,
    dovecot: Dovecot,
    network: CuttingProxy,
    provider: OauthProvider,
    view: DeskView,
  ) {
    this.place = place
    this.mailboxes = [BY_PASSWORD, BY_TOKEN]
    this.dovecot = dovecot
    this.network = network
    this.provider = provider
    this.view = view
  }

  /** The desk is signed in and watches its mailboxes, which are empty. */
  static async set(place: DeskPlace): Promise<ImapScene> {
    const provider = await startOauthProvider({ person: BY_TOKEN.user })
    const users = { [BY_PASSWORD.user]: BY_PASSWORD.password, [BY_TOKEN.user]: BY_TOKEN.password }
    const dovecot = await startDovecot({ users, oauth: { introspectionUrl: provider.introspectionUrl } })
    const network = await startProxy(dovecot.imapsPort)
    const scene = new ImapScene(place, dovecot, network, provider, await viewOf(place))
    try {
      scene.#configure()
      await scene.login()
      await scene.startDesk()
      await eventually(async () => ((await scene.cursors())?.length === 2 ? true : undefined), 'both are watched')
      return scene
    } catch (error) {
      await scene.clear()
      throw error
    }
  }

  /** What the desk complained of, all its lives long. */
  get logFile(): string {
    return join(this.place.folder, 'desk.log')
  }

  /** Ends the server at once. Locks that it held are let go, as nobody would wait for those of the dead. */
  async killServer(): Promise<void> {
    await this.dovecot.kill()
    for (const { user } of this.mailboxes) {
      const maildir = join(this.dovecot.homeOf(user), 'Maildir')
      const locks = (await readdir(maildir, { recursive: true })).filter(name => name.endsWith('.lock'))
      for (const lock of locks) await rm(join(maildir, lock), { force: true })
    }
  }

  async startDesk(): Promise<void> {
    const desk = launch(['start'], { cwd: this.place.folder })
    const kill = () => desk.child.kill('SIGKILL')
    process.once('exit', kill)
    void desk.ended.then(() => process.off('exit', kill))
    this.#desk = desk
    this.#stderr = 0
    await untilReady(desk)
  }

  async killDesk(): Promise<void> {
    this.#desk?.child.kill('SIGKILL')
    await this.#desk?.ended
    this.keepLog()
    this.#desk = undefined
  }

  /** In good order. Gives its exit code. */
  async stopDesk(): Promise<number | null> {
    const desk = this.#desk
    if (!desk) return null
    desk.child.kill('SIGTERM')
    const over = { done: false }
    void desk.ended.then(() => {
      over.done = true
    })
    await eventually(() => over.done || undefined, 'the desk has stopped', 30_000)
    this.keepLog()
    this.#desk = undefined
    return (await desk.ended).code
  }

  /** The desk runs, and did not end by itself. */
  get deskRuns(): boolean {
    return this.#desk !== undefined && this.#desk.child.exitCode === null && this.#desk.child.signalCode === null
  }

  /** Signs the channel in, as an operator would. */
  async login(): Promise<void> {
    const login = launch(['login', CHANNEL], { cwd: this.place.folder, input: '' })
    const code = await eventually(() => this.provider.waitingCodes()[0], 'login shows a code', SLOWEST_LOGIN_MS)
    this.provider.decide(code, true)
    const ended = await login.ended
    if (ended.code !== 0) throw new Error(`login ended with ${ended.code}: ${ended.stderr}`)
  }

  /** Where the desk stands in each folder; undefined while its store cannot be read. */
  async cursors(): Promise<{ user: string; uidValidity: number; uid: number }[] | undefined> {
    const rows = await this.view.rows<{ key: string; value: string }>(
      `SELECT key, value FROM channel_memory WHERE key LIKE 'imap %' ORDER BY key`,
    )
    return rows?.map(({ key, value }) => {
      const { uidValidity, uid } = JSON.parse(value) as { uidValidity: string; uid: number }
      const user = this.mailboxes.find(mailbox => key.startsWith(`imap ${mailbox.user}@localhost`))?.user ?? key
      return { user, uidValidity: Number(uidValidity), uid }
    })
  }

  keepLog(): void {
    const said = this.#desk?.stderr() ?? ''
    appendFileSync(this.logFile, said.slice(this.#stderr))
    this.#stderr = said.length
  }

  async clear(): Promise<void> {
    if (this.deskRuns) await this.killDesk()
    await this.view.close()
    await this.network.stop()
    await this.dovecot.remove()
    await this.provider.close()
  }

  #configure(): void {
    const mailbox = ({ user, password, byToken, after }: WatchedMailbox) => ({
      host: 'localhost',
      port: this.network.port,
      user,
      ...(byToken ? {} : { password }),
      ca: this.dovecot.certFile,
      poll: '1s', // a connection that says nothing is given up after three of them
      folders: [{ name: 'INBOX', import: byToken ? 'all' : 'new', after }],
    })
    const { clientId, clientSecret, authority } = this.provider
    const channel = {
      name: CHANNEL,
      kind: 'email',
      address: DESK_ADDRESS,
      imap: this.mailboxes.map(mailbox),
      oauth: { provider: 'microsoft', clientId, clientSecret, authority },
      send: { maildir: 'mail' },
    }
    const agents = [{ handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' }]
    const settings = {
      state: 'state',
      database: this.place.database,
      log: 'warn',
      agents,
      floods: { tickets: 0, messages: 0 },
      channels: [channel],
    }
    writeFileSync(join(this.place.folder, 'relaydesk.yaml'), JSON.stringify(settings)) // JSON is YAML
  }
}
