import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { readForWire } from './corpus.ts'

// A mail server that has mail for us, in a process of its own: sends each file of a list over so many connections, as
// fast as they are taken. It pipelines MAIL, RCPT and DATA (RFC 2920), as Postfix does.
const [port = '', address = '', connections = '', list = ''] = process.argv.slice(2)
const files = JSON.parse(await readFile(list, 'utf8')) as string[]
const mails: Buffer[] = []
for (const file of files) mails.push(await readForWire(file))

/** Replies of a server, one after the other. */
async function* repliesOf(socket: Socket): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    for (let end = endOfReply(text); end > 0; end = endOfReply(text)) {
      yield text.slice(0, end)
      text = text.slice(end)
    }
  }
}

/** A reply ends with the line that has no hyphen behind its code. */
function endOfReply(text: string): number {
  const found = /^(?:\d{3}-[^\n]*\n)*\d{3}[^-\n][^\n]*\n/.exec(text)
  return found?.[0].length ?? 0
}

async function sendAll(): Promise<void> {
  const socket = connect(Number(port), '127.0.0.1').setNoDelay(true)
  const replies = repliesOf(socket)
  const expect = async (code: string) => {
    const { value } = await replies.next()
    if (!value?.startsWith(code)) throw new Error(`Expected ${code}, the desk said: ${value ?? 'nothing more'}`)
  }
  await expect('220')
  socket.write('EHLO client.example\r\n')
  await expect('250')
  for (let mail = mails.shift(); mail; mail = mails.shift()) {
    socket.write(`MAIL FROM:<sender@client.example>\r\nRCPT TO:<${address}>\r\nDATA\r\n`)
    for (const code of ['250', '250', '354']) await expect(code)
    if (!socket.write(mail)) await once(socket, 'drain')
    await expect('250')
  }
  socket.end('QUIT\r\n')
}

const since = performance.now()
await Promise.all(Array.from({ length: Number(connections) }, sendAll))
process.stdout.write(JSON.stringify({ seconds: (performance.now() - since) / 1000 }))
