// A mailbox server of one mood, in a thread of its own: it makes up its messages, and holds none of them.
import { createServer, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const { mood, messages } = workerData as { mood: string; messages: number }
const MEGABYTE = Buffer.alloc(1 << 20, 'a')

const textOf = (uid: number) =>
  `From: ann${uid}@example.com\r\nTo: help@desk.example\r\nSubject: Mail ${uid}\r\nMessage-ID: <m${uid}@example.com>\r\n\r\nHello ${uid}.\r\n`

/** UIDs in a set such as `1:3,7,9:*`. */
function* inSet(set: string): Generator<number> {
  for (const range of set.split(',')) {
    const [from = 1, to = from] = range.split(':').map(each => (each === '*' ? messages : Number(each)))
    for (let uid = Math.min(from, to); uid <= Math.min(Math.max(from, to), messages); uid += 1) yield uid
  }
}

/** One connection. Answers are written no faster than they are read. */
class Session {
  readonly #socket: Socket
  #idle = ''
  #goOn: () => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('drain', () => this.#goOn()).on('close', () => this.#goOn())
    this.#serve().catch(() => undefined) // whoever hangs up is gone
  }

  async #serve(): Promise<void> {
    await this.#say('* OK [CAPABILITY IMAP4rev1 IDLE NAMESPACE UIDPLUS MOVE] ready\r\n')
    let received = ''
    for await (const chunk of this.#socket.setEncoding('latin1')) {
      received += chunk
      for (let at = received.indexOf('\r\n'); at >= 0; at = received.indexOf('\r\n')) {
        const line = received.slice(0, at)
        received = received.slice(at + 2)
        await this.#answer(line)
      }
    }
  }

  async #say(bytes: string | Buffer): Promise<void> {
    if (this.#socket.destroyed || this.#socket.write(bytes)) return
    await new Promise<void>(resolve => {
      this.#goOn = resolve
    })
  }

  async #repeat(bytes: string | Buffer, times: number): Promise<void> {
    for (let n = 0; n < times && !this.#socket.destroyed; n += 1) await this.#say(bytes)
  }

  async #answer(line: string): Promise<void> {
    if (this.#idle) {
      await this.#say(`${this.#idle} OK done\r\n`)
      this.#idle = ''
      return
    }
    const [, tag = '', verb = '', words = ''] = /^(\S+) ((?:UID )?\S+) ?(.*)$/.exec(line) ?? []
    if (await this.#isMoody(tag, verb, words)) return
    if (verb === 'SELECT') {
      await this.#say(`* ${messages} EXISTS\r\n* OK [UIDVALIDITY 1] v\r\n* OK [UIDNEXT ${messages + 1}] n\r\n`)
    } else if (verb === 'LIST' || verb === 'LSUB') await this.#say(`* ${verb} () "/" INBOX\r\n`)
    else if (verb === 'NAMESPACE') await this.#say('* NAMESPACE (("" "/")) NIL NIL\r\n')
    else if (verb === 'UID SEARCH') await this.#search(words)
    else if (verb === 'UID FETCH') await this.#fetch(words)
    else if (verb === 'FETCH')
      await this.#say(`* ${Number.parseInt(words, 10)} FETCH (UID ${Number.parseInt(words, 10)})\r\n`)
    else if (verb === 'IDLE') {
      this.#idle = tag
      return this.#say('+ idling\r\n')
    }
    await this.#say(`${tag} OK done\r\n`)
  }

  /** Sequence numbers and UIDs are the same here. */
  async #search(words: string): Promise<void> {
    const numbered = /^\d+:(\d+)/.exec(words)
    const [, low = '1', high = '*'] = /UID (\d+)(?::(\d+|\*))?/.exec(words) ?? []
    const most = Math.min(numbered ? Number(numbered[1]) : messages, high === '*' ? messages : Number(high))
    const found: number[] = []
    if (!words.includes('UNKEYWORD')) for (let uid = Number(low); uid <= most; uid += 1) found.push(uid)
    await this.#say(`* SEARCH${found.map(uid => ` ${uid}`).join('')}\r\n`)
  }

  async #fetch(words: string): Promise<void> {
    for (const uid of inSet(words.split(' ', 1)[0] ?? '')) {
      const text = textOf(uid)
      const size = `UID ${uid} RFC822.SIZE ${text.length} INTERNALDATE "01-Dec-2026 10:00:00 +0000"`
      const what = /BODY/.test(words) ? `UID ${uid} BODY[] {${text.length}}\r\n${text}` : size
      await this.#say(`* ${uid} FETCH (${what})\r\n`)
    }
  }

  /** True if this is what the mood is about. */
  async #isMoody(tag: string, verb: string, words: string): Promise<boolean> {
    const text = verb === 'UID FETCH' && words.includes('BODY')
    if (mood === 'literal' && text) {
      await this.#say('* 1 FETCH (UID 1 BODY[] {500000000}\r\n')
      await this.#repeat(MEGABYTE, 477)
    } else if (mood === 'huge literal' && text) {
      await this.#say('* 1 FETCH (UID 1 BODY[] {5000000000}\r\n')
      await this.#repeat(MEGABYTE, 4769)
    } else if (mood === 'thirty megabytes each' && text) {
      for (const uid of inSet(words.split(' ', 1)[0] ?? '')) {
        const text = textOf(uid)
        await this.#say(`* ${uid} FETCH (UID ${uid} BODY[] {${text.length + 30 * MEGABYTE.length}}\r\n${text}`)
        await this.#repeat(MEGABYTE, 30)
        await this.#say(')\r\n')
      }
      await this.#say(`${tag} OK done\r\n`)
    } else if (mood === 'numbers' && verb === 'UID SEARCH') {
      await this.#say('* SEARCH')
      for (let n = 0; n < 100; n += 1)
        await this.#say(Array.from({ length: 10_000 }, (_, i) => ` ${n * 10_000 + i}`).join(''))
    } else if (mood === 'news' && verb === 'IDLE') {
      await this.#say('+ idling\r\n')
      await this.#repeat('* 5 EXISTS\r\n* 6 EXISTS\r\n'.repeat(3_000), 1_000)
    } else if (mood === 'folders' && verb === 'SELECT') {
      await this.#repeat('* LIST () "/" "a folder"\r\n* FLAGS (A B C)\r\n'.repeat(2_000), 1_000)
    } else if (mood === 'flags' && verb === 'UID FETCH') {
      await this.#repeat('* 1 FETCH (FLAGS (\\Seen))\r\n'.repeat(2_000), 1_000)
    } else if (mood === 'line' && verb === 'SELECT') await this.#repeat(MEGABYTE, 1_000)
    else if (mood === 'literals' && text) {
      await this.#say('* 1 FETCH (UID 1')
      await this.#repeat(' BODY[1] {0}\r\n'.repeat(5_000), 1_000)
    } else return false
    return true
  }
}

const server = createServer(socket => new Session(socket))
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as { port: number }).port))
