// A small IMAP server that does what a test tells it to: it answers as servers do, unless the script answers instead.
import { createServer, type Socket } from 'node:net'

/** A message in a folder of the server. */
interface Kept {
  uid: number
  raw: Buffer
  at: Date
  flags: Set<string>
}

interface Folder {
  name: string
  uidValidity: number
  next: number
  messages: Kept[]
}

/** A command as it came. */
export interface ImapCall {
  tag: string
  /** In capitals; `UID FETCH` is one. */
  verb: string
  /** What stands behind the verb. */
  words: string
  /** How many connections there were before this one. */
  connection: number
  /** Sends bytes as they are, or a line. */
  say(answer: string | Buffer): void
  /** Ends the connection. */
  hangUp(): void
}

/** True if the script has answered. */
export type ImapScript = (call: ImapCall, server: ScriptedImap) => boolean

const CAPABILITIES = 'IMAP4rev1 IDLE NAMESPACE UIDPLUS MOVE LITERAL+'

/** One mailbox; everybody is let in, whatever the password. */
export class ScriptedImap {
  port = 0
  /** Verbs of all commands, oldest first. */
  readonly verbs: string[] = []
  connections = 0
  readonly folders = new Map<string, Folder>()
  script: ImapScript = () => false
  readonly #server = createServer(socket => this.#serve(socket))
  readonly #sockets = new Map<Socket, () => void>()

  static async start(script: ImapScript = () => false): Promise<ScriptedImap> {
    const made = new ScriptedImap()
    made.script = script
    made.folder('INBOX')
    await new Promise<void>(resolve => made.#server.listen(0, '127.0.0.1', resolve))
    made.port = (made.#server.address() as { port: number }).port
    return made
  }

  async stop(): Promise<void> {
    this.dropAll()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  /** Ends all connections; new ones are taken. */
  dropAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy()
  }

  /** Made when it is first asked for. */
  folder(name: string): Folder {
    const found = this.folders.get(name) ?? { name, uidValidity: 1000, next: 1, messages: [] }
    this.folders.set(name, found)
    return found
  }

  /** Puts a message into a folder and tells whoever looks at it. */
  add(raw: string, { folder = 'INBOX', at = new Date(), flags = [] as string[] } = {}): void {
    const { messages, next } = this.folder(folder)
    messages.push({ uid: next, raw: Buffer.from(raw.replace(/\r?\n/g, '\r\n')), at, flags: new Set(flags) })
    this.folder(folder).next += 1
    for (const tell of this.#sockets.values()) tell()
  }

  /** Commands of this verb so far. */
  count(verb: string): number {
    return this.verbs.filter(each => each === verb).length
  }

  #serve(socket: Socket): void {
    const session = new Session(this, socket, this.connections)
    this.connections += 1
    this.#sockets.set(socket, () => session.tellExists())
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

/** One connection. */
class Session {
  readonly #server: ScriptedImap
  readonly #socket: Socket
  readonly #connection: number
  #selected: Folder | undefined
  #told = 0 // how many messages it has
  #idle = ''
  #received = ''

  constructor(server: ScriptedImap, socket: Socket, connection: number) {
    this.#server = server
    this.#socket = socket
    this.#connection = connection
    this.#say(`* OK [CAPABILITY ${CAPABILITIES}] ready`)
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.#received += chunk
      this.#read()
    })
  }

  /** To whoever waits for news, at once; to others with the next answer. */
  tellExists(): void {
    if (this.#idle) this.#catchUp()
  }

  #catchUp(): void {
    const count = this.#selected?.messages.length ?? 0
    if (count !== this.#told) this.#say(`* ${count} EXISTS`)
    this.#told = count
  }

  #say(answer: string | Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(typeof answer === 'string' ? `${answer}\r\n` : answer)
  }

  #read(): void {
    for (;;) {
      const literal = /^[^\r\n]*\{(\d+)(\+?)\}\r\n/.exec(this.#received)
      if (literal) {
        if (!literal[2]) this.#say('+ go on')
        const end = literal[0].length + Number(literal[1])
        if (this.#received.length < end) return
        const words = `${literal[0].replace(/\{\d+\+?\}\r\n$/, '')}"${this.#received.slice(literal[0].length, end)}"`
        this.#received = words.replace(/[\r\n]+/g, ' ') + this.#received.slice(end)
        continue
      }
      const at = this.#received.indexOf('\r\n')
      if (at < 0) return
      const line = this.#received.slice(0, at)
      this.#received = this.#received.slice(at + 2)
      this.#take(line)
    }
  }

  #take(line: string): void {
    if (this.#idle) {
      this.#say(`${this.#idle} OK idle`)
      this.#idle = ''
      return
    }
    const [, tag = '*', verb = '', words = ''] = /^(\S+) ((?:UID )?\S+) ?(.*)$/is.exec(line) ?? []
    const call: ImapCall = {
      ...{ tag, verb: verb.toUpperCase(), words, connection: this.#connection },
      say: answer => this.#say(answer),
      hangUp: () => void this.#socket.end(),
    }
    this.#server.verbs.push(call.verb)
    if (!this.#server.script(call, this.#server)) this.#answer(call)
  }

  #answer({ tag, verb, words }: ImapCall): void {
    for (const each of this.#untagged(verb, words)) this.#say(each)
    this.#catchUp()
    if (verb === 'IDLE') {
      this.#idle = tag
      return
    }
    const name = verb === 'SELECT' ? nameIn(words) : ''
    if (verb === 'SELECT' && !this.#selected) this.#say(`${tag} NO [NONEXISTENT] There is no folder ${name}`)
    else if (verb === 'LOGOUT') this.#socket.end(`* BYE\r\n${tag} OK bye\r\n`)
    else this.#say(`${tag} OK done`)
  }

  #untagged(verb: string, words: string): (string | Buffer)[] {
    switch (verb) {
      case 'CAPABILITY':
        return [`* CAPABILITY ${CAPABILITIES}`]
      case 'NAMESPACE':
        return ['* NAMESPACE (("" "/")) NIL NIL']
      case 'LIST':
      case 'LSUB':
        return [...this.#server.folders.keys()].map(name => `* ${verb} (\\HasNoChildren) "/" "${name}"`)
      case 'SELECT':
        return this.#select(nameIn(words))
      case 'IDLE':
        return ['+ idling']
      case 'UID SEARCH':
        return [['* SEARCH', ...this.#search(words).map(each => each.uid)].join(' ')]
      case 'STATUS':
        return [`* STATUS ${words.replace(/ \(.*/, '')} (UIDNEXT ${this.#server.folder(nameIn(words)).next})`]
      case 'FETCH':
        return this.#numbered(words).map(each => fetched(each, this.#numberOf(each), words))
      case 'UID FETCH':
        return this.#wanted(words).flatMap(each => [fetched(each, this.#numberOf(each), words)])
      case 'UID STORE':
        return this.#store(words)
      case 'UID MOVE':
      case 'UID COPY':
        return this.#carry(verb, words)
      case 'CREATE':
        this.#server.folder(nameIn(words))
        return []
      default:
        return []
    }
  }

  #select(name: string): string[] {
    this.#selected = this.#server.folders.get(name)
    if (!this.#selected) return []
    const { messages, uidValidity, next } = this.#selected
    this.#told = messages.length
    return [
      '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)',
      '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] all',
      `* ${messages.length} EXISTS`,
      `* OK [UIDVALIDITY ${uidValidity}] valid`,
      `* OK [UIDNEXT ${next}] next`,
    ]
  }

  #numberOf(message: Kept): number {
    return (this.#selected?.messages.indexOf(message) ?? -1) + 1
  }

  #wanted(words: string): Kept[] {
    const messages = this.#selected?.messages ?? []
    const [set = ''] = words.split(' ')
    const last = messages.at(-1)?.uid ?? 0
    const ranges = set.split(',').map(range => range.split(':').map(each => (each === '*' ? last : Number(each))))
    return messages.filter(({ uid }) =>
      ranges.some(([from = 0, to = from]) => uid >= Math.min(from, to) && uid <= Math.max(from, to)),
    )
  }

  /** Of a set of sequence numbers. */
  #numbered(words: string): Kept[] {
    const messages = this.#selected?.messages ?? []
    const [from = 1, to = from] = (/^\d+(?::\d+)?/.exec(words)?.[0] ?? '').split(':').map(Number)
    return messages.slice(from - 1, to)
  }

  #search(words: string): Kept[] {
    const numbered = /^\d/.test(words) ? new Set(this.#numbered(words)) : undefined
    const set = /\bUID ([\d:,*]+)/i.exec(words)?.[1] ?? '1:*'
    const without = /\bUNKEYWORD (\S+)/i.exec(words)?.[1] ?? ''
    return this.#wanted(set).filter(each => !each.flags.has(without) && (numbered?.has(each) ?? true))
  }

  #store(words: string): string[] {
    const [, how = '', flags = ''] = /^\S+ ([+-]?FLAGS\S*) \(?([^)]*)\)?$/i.exec(words) ?? []
    return this.#wanted(words).flatMap(message => {
      for (const flag of flags.split(' ')) how.startsWith('-') ? message.flags.delete(flag) : message.flags.add(flag)
      const shown = `* ${this.#numberOf(message)} FETCH (UID ${message.uid} FLAGS (${[...message.flags].join(' ')}))`
      return how.includes('SILENT') ? [] : [shown]
    })
  }

  #carry(verb: string, words: string): string[] {
    const target = this.#server.folder(nameIn(words.replace(/^\S+ /, '')))
    return this.#wanted(words).flatMap(message => {
      target.messages.push({ ...message, uid: target.next })
      target.next += 1
      if (verb === 'UID COPY') return []
      const number = this.#numberOf(message)
      this.#selected?.messages.splice(number - 1, 1)
      this.#told -= 1
      return [`* ${number} EXPUNGE`]
    })
  }
}

function nameIn(words: string): string {
  const name = /^"([^"]*)"|^(\S+)/.exec(words)
  const found = name?.[1] ?? name?.[2] ?? ''
  return found.toUpperCase() === 'INBOX' ? 'INBOX' : found
}

/** What is asked for of one message. */
function fetched(message: Kept, number: number, words: string): Buffer {
  const parts: Buffer[] = [Buffer.from(`UID ${message.uid}`)]
  const add = (name: string, bytes: Buffer) =>
    parts.push(Buffer.concat([Buffer.from(`${name} {${bytes.length}}\r\n`), bytes]))
  if (/RFC822\.SIZE/i.test(words)) parts.push(Buffer.from(`RFC822.SIZE ${message.raw.length}`))
  if (/INTERNALDATE/i.test(words)) parts.push(Buffer.from(`INTERNALDATE "${internalDate(message.at)}"`))
  if (/FLAGS/i.test(words)) parts.push(Buffer.from(`FLAGS (${[...message.flags].join(' ')})`))
  const headEnd = message.raw.indexOf('\r\n\r\n') + 4
  const partial = /BODY\.PEEK\[\]<(\d+)\.(\d+)>/i.exec(words)
  if (partial) {
    const from = Number(partial[1])
    add(`BODY[]<${from}>`, message.raw.subarray(from, from + Number(partial[2])))
  } else if (/BODY\.PEEK\[\]/i.test(words)) add('BODY[]', message.raw)
  if (/BODY\.PEEK\[HEADER\]/i.test(words)) add('BODY[HEADER]', message.raw.subarray(0, headEnd))
  const spaced = parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(' '), part]))
  return Buffer.concat([Buffer.from(`* ${number} FETCH (`), ...spaced, Buffer.from(')\r\n')])
}

/** `01-Dec-2026 10:00:00 +0000`. */
export function internalDate(at: Date): string {
  const [, day, month, year, time] = at.toUTCString().split(' ')
  return `${day}-${month}-${year} ${time} +0000`
}
