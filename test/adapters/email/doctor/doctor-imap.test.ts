import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { testDelivery } from '../../../../adapters/email/doctor/delivery-test.ts'
import { loginAdvice } from '../../../../adapters/email/imap/advice.ts'
import { checkMailbox, nearestFirst } from '../../../../adapters/email/imap/check-mailbox.ts'
import { smtpSender } from '../../../../adapters/email/send/mail-sender.ts'
import { smtpAdvice } from '../../../../adapters/email/send/smtp-advice.ts'
import { type EmailSettings, emailSettings, type ImapSettings } from '../../../../adapters/email/settings.ts'
import type { Finding } from '../../../../src/channel/adapter.ts'
import { DeskError } from '../../../../src/errors.ts'
import { eventually } from '../../../support/eventually.ts'
import { makeRoom, type Room } from '../../../support/relaydesk-process.ts'
import { type Dovecot, dovecotMissing, startDovecot } from '../../../support/servers/dovecot.ts'
import { type Relay, startRelay } from '../../../support/servers/relay.ts'

const missing = dovecotMissing()
if (missing) console.warn(missing)

const run = promisify(execFile)

describe.skipIf(missing)('relaydesk doctor and a mailbox', () => {
  let dovecot: Dovecot
  let relay: Relay
  let room: Room
  /** Where the relay's mail ends. */
  let into = 'INBOX'

  beforeAll(async () => {
    dovecot = await startDovecot({ users: { support: 'secret', archive: 'secret' } })
    relay = await startRelay((_recipient, raw) => dovecot.deliver('support', raw, into))
    room = await makeRoom(null)
  })

  beforeEach(() => {
    into = 'INBOX'
    relay.loses = false
    relay.ahead = 0
    relay.refuse.clear()
  })

  afterAll(async () => {
    await room?.remove()
    await relay?.stop()
    await dovecot?.remove()
  })

  const mailbox = (more: object = {}) => ({
    host: 'localhost',
    port: dovecot.imapsPort,
    user: 'support',
    password: 'secret',
    ca: dovecot.certFile,
    ...more,
  })

  const channel = (more: object = {}, send: object = bySmtp()) => ({
    name: 'support',
    kind: 'email',
    address: 'help@desk.example',
    imap: [mailbox()],
    send,
    ...more,
  })

  const bySmtp = () => ({ smtp: { host: '127.0.0.1', port: relay.port, requireTls: false } })

  const settings = (more: object = {}, send: object = bySmtp()): EmailSettings => {
    const { name: _name, kind: _kind, ...rest } = channel(more, send)
    return emailSettings.parse(rest)
  }

  const imap = (more: object = {}) => settings({ imap: [mailbox(more)] }).imap[0] as ImapSettings

  const doctor = async (...channels: object[]) => {
    const agents = [{ handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' }]
    await room.write('relaydesk.yaml', stringify({ agents, channels }))
    return room.run('doctor')
  }

  const check = (more: object = {}, now = new Date()): Promise<Finding[]> =>
    checkMailbox(imap(more), undefined, { channel: 'support', oauth: undefined, now: () => now })

  /** The one thing that is wrong. */
  const fault = async (findings: Finding[] | Promise<Finding[]>): Promise<string> => {
    const faults = (await findings).filter(({ ok }) => !ok)
    expect(faults).toHaveLength(1)
    return faults[0]?.advice ?? ''
  }

  test('all is well: each step is told, and a mail to itself comes back and opens nothing', async () => {
    const ended = await doctor(channel())
    expect(ended.stderr).toBe('')
    expect(ended.stdout).not.toContain('FAIL')
    expect(ended.stdout).toContain(`ok    localhost:${dovecot.imapsPort} speaks IMAP over TLS`)
    expect(ended.stdout).toContain('ok    the certificate of localhost is trusted (until 20')
    expect(ended.stdout).toContain('ok    support signs in at localhost with a password')
    expect(ended.stdout).toContain('ok    the folder INBOX of support can be read')
    expect(ended.stdout).toContain('ok    localhost supports everything that the desk uses')
    expect(ended.stdout).toMatch(
      /ok {4}a mail to help@desk\.example arrives in the mailbox of support at localhost: INBOX, after \d+\.\d s/,
    )
    expect(ended.stdout).toContain('ok    the clocks of this machine and of localhost agree')
    expect(ended.code).toBe(0)
    expect((await room.run('list')).stdout).toContain('No open tickets')
  })

  test('while the desk runs and moves what it has taken, the mail is found all the same', async () => {
    const moving = channel({ imap: [mailbox({ folders: [{ after: 'move:Taken' }] })] })
    await doctor(moving)
    const desk = await room.start()
    const before = relay.taken.length
    const ended = await room.run('doctor')
    expect(ended.stdout).toMatch(/arrives in the mailbox of support at localhost: (INBOX|Taken), after/)
    const taken = () => dovecot.doveadm('fetch', '-u', 'support', 'uid', 'mailbox', 'Taken')
    await eventually(async () => (await taken()).trim() !== '', 'it is moved')
    expect(relay.taken).toHaveLength(before + 1) // nothing answered it, and no agent was told
    expect((await room.run('list')).stdout).toContain('No open tickets')
    desk.child.kill('SIGINT')
    expect((await desk.ended).code).toBe(0)
    expect((await room.run('verify')).stdout).toMatch(/[1-9]\d* arrivals: [1-9]\d* ignored;/)
  })

  test('a certificate that nobody knows: the line that fetches it, which works', async () => {
    const ended = await doctor(channel({ imap: [mailbox({ ca: undefined })] }))
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('FAIL  the certificate of localhost is trusted')
    expect(ended.stdout).toContain('it is self-signed. To trust it, run "openssl s_client -connect localhost:')
    expect(ended.stdout).toContain('write imap.ca: mail-server.pem')
    const line = /run "(openssl [^"]+)"/.exec(ended.stdout)?.[1] ?? ''
    await run('sh', ['-c', line], { cwd: room.folder })
    const trusting = await doctor(channel({ imap: [mailbox({ ca: join(room.folder, 'mail-server.pem') })] }))
    expect(trusting.stdout).not.toContain('FAIL')
  })

  test('the line for STARTTLS works, too', async () => {
    const starttls = { port: dovecot.imapPort, security: 'starttls', ca: undefined }
    const advice = await fault(check(starttls))
    const line = /run "(openssl [^"]+)"/.exec(advice)?.[1] ?? ''
    expect(line).toContain('-starttls imap')
    await run('sh', ['-c', line.replace('mail-server.pem', 'starttls.pem')], { cwd: room.folder })
    const findings = await check({ ...starttls, ca: join(room.folder, 'starttls.pem') })
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
  })

  test('a wrong password', async () => {
    const ended = await doctor(channel({ imap: [mailbox({ password: 'wrong' })] }))
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('FAIL  support signs in at localhost with a password')
    expect(ended.stdout).toContain('imap.user (support) or imap.password is wrong')
    expect(ended.stdout).toContain('Many servers want the whole address')
    expect(ended.stdout).not.toContain('wrong"')
    expect(ended.stdout).not.toContain('arrives in the mailbox')
  })

  test('nobody has signed in yet', async () => {
    const oauth = { provider: 'microsoft', clientId: 'id', authority: 'http://127.0.0.1:1' }
    const ended = await doctor(channel({ oauth, imap: [mailbox({ password: undefined })] }))
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('FAIL  support signs in at localhost with oauth')
    expect(ended.stdout).toContain('run relaydesk login support')
    expect((await room.run('alarms')).stdout).toContain('No alarms') // whoever asks hears it anyway
  })

  test('a folder that is not there: the nearest first', async () => {
    const ended = await doctor(channel({ imap: [mailbox({ folders: [{ name: 'Procesed' }, {}] })] }))
    expect(ended.code).toBe(1)
    expect(ended.stdout).toContain('there is no folder Procesed: write one of these in imap.folders: Processed, ')
    expect(ended.stdout).toContain('ok    the folder INBOX of support can be read')
  })

  test('a mail that does not come, and one that is refused', async () => {
    relay.refuse.set('help@desk.example', { code: 550, text: 'No such user here' })
    const ended = await doctor(channel())
    expect(ended.stdout).toContain('127.0.0.1 refuses mail to help@desk.example')
    expect(ended.stdout).toContain('No such user here')
    relay.refuse.clear()
    relay.loses = true
    const [finding] = await deliveryTest({}, 600)
    expect(finding).toMatchObject({ ok: false })
    expect(finding?.advice).toContain('127.0.0.1 accepted it, but it had not arrived after 0.6 s')
  })

  const deliveryTest = async (more: object, within = 10_000) => {
    const all = settings(more)
    if (!all.send.smtp) throw new Error('It sends by SMTP.')
    const sender = smtpSender(all.send.smtp)
    try {
      return await testDelivery({
        settings: all,
        mailboxes: all.imap,
        tokens: undefined,
        send: ({ mark, mail, to }) => sender.send(mark, mail, [to]),
        now: () => new Date(),
        within,
      })
    } finally {
      sender.close()
    }
  }

  test('clocks that are apart', async () => {
    relay.ahead = 12 * 60_000
    const findings = await deliveryTest({})
    expect(findings[0]).toMatchObject({ ok: true })
    expect(await fault(findings)).toContain('12 minutes apart: correct the clock that is wrong')
  })

  test('of two mailboxes for one address, the one that gets the mail counts', async () => {
    const [finding] = await deliveryTest({ imap: [mailbox({ user: 'archive' }), mailbox()] })
    expect(finding).toMatchObject({ ok: true })
    expect(finding?.what).toContain('archive at localhost or support at localhost: INBOX')
  })

  test('a mail that the junk filter caught', async () => {
    into = 'Junk'
    const [finding] = await deliveryTest({}, 600)
    expect(finding).toMatchObject({ ok: false })
    expect(finding?.advice).toContain('it landed in Junk of support: let mail from help@desk.example through')
  })

  test('with a Maildir sender nothing is sent, and nothing said of it', async () => {
    const ended = await doctor(channel({}, { maildir: 'mail' }))
    expect(ended.stdout).not.toContain('FAIL')
    expect(ended.stdout).not.toContain('arrives in the mailbox')
  })

  test('hosts, ports and protocols', async () => {
    const smtp = await listening('220 mail.example.com ESMTP ready\r\n')
    const pop = await listening('+OK POP3 ready\r\n')
    const full = await listening('* BYE Too many connections\r\n')
    const quick = await listening('* OK [CAPABILITY IMAP4rev1] ready\r\n')
    try {
      expect(await fault(check({ host: 'no.such.host.invalid' }))).toMatch(/no host named|no name server/)
      expect(await fault(check({ port: 1 }))).toContain('nothing listens on port 1 of localhost: write port 993')
      expect(await fault(check({ port: dovecot.imapPort }))).toContain('write security: starttls, or port 993')
      expect(await fault(check({ security: 'starttls' }))).toContain('write security: tls, or port 143')
      expect(await fault(check({ security: 'plain' }))).toContain('write security: tls, or port 143')
      expect(await fault(check({ port: smtp.port }))).toContain('for sending mail (SMTP)')
      expect(await fault(check({ port: smtp.port, security: 'starttls' }))).toContain('for sending mail (SMTP)')
      expect(await fault(check({ port: pop.port, security: 'plain' }))).toContain('a POP3 server answers there')
      expect(await fault(check({ port: full.port, security: 'plain' }))).toContain('turns everybody away')
      expect(await fault(check({ port: quick.port, security: 'starttls' }))).toContain('offers no STARTTLS')
      expect(await fault(check({ ca: '/no/such/file' }))).toContain('the file /no/such/file cannot be read (ENOENT)')
    } finally {
      for (const each of [smtp, pop, full, quick]) await each.close()
    }
  })

  test('certificates: for another name, expired, of tomorrow, from a private authority', async () => {
    const authority = await makeAuthority(room.folder)
    const shows = async (name: string, subject: string, days: [number, number]) => {
      const { key, cert } = await authority.sign(name, subject, days)
      return listeningByTls(key, cert)
    }
    const other = await shows('other', 'mail.example.com', [-1, 90])
    const old = await shows('old', 'localhost', [-90, -1])
    const young = await shows('young', 'localhost', [1, 90])
    const soon = await shows('soon', 'localhost', [-80, 3])
    const ca = authority.file
    try {
      expect(await fault(check({ port: other.port, ca }))).toBe(
        'it is for mail.example.com, not for localhost: write one of its names as imap.host.',
      )
      const unknown = await fault(check({ port: other.port, ca: undefined }))
      expect(unknown).toContain('it is from Private Authority, which this machine does not know. Get the certificate')
      expect(unknown).toContain('And it is for mail.example.com')
      expect(await fault(check({ port: other.port }))).toContain('cert.pem does not vouch for it.')
      expect(await fault(check({ port: old.port, ca }))).toMatch(
        /^it expired on 20\d\d-\d\d-\d\d: the administrator of/,
      )
      expect(await fault(check({ port: young.port, ca }))).toContain('set the clock of this machine')
      const [, ending] = await check({ port: soon.port, ca })
      expect(ending).toMatchObject({ ok: true, advice: 'it expires in 2 days: make sure that it is renewed.' })
    } finally {
      for (const each of [other, old, young, soon]) await each.close()
    }
  })

  test('folders: sent mail, moves that circle, and one that is made', async () => {
    expect(await fault(check({ sent: 'Gesendet' }))).toContain('write one of these in imap.sent: Sent, ')
    expect(await fault(check({ appendSent: true }))).toContain('write imap.sent: Sent.')
    const circling = [{ after: 'move:Processed' }, { name: 'Processed' }]
    expect(await fault(check({ folders: circling }))).toContain('moves mail into a folder that mail is taken from')
    const findings = await check({ folders: [{ after: 'move:Brand new' }], sent: 'Sent' })
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    expect(findings).toContainEqual({
      what: 'the folder INBOX of support can be read',
      ok: true,
      advice: 'Brand new does not exist yet; the desk will create it.',
    })
    expect(await dovecot.doveadm('mailbox', 'list', '-u', 'support')).not.toContain('Brand new')
  })

  test('a server that can do little is good enough', async () => {
    const poor = await startDovecot({ capabilities: 'IMAP4rev1 LITERAL+', keywords: false })
    try {
      const at = { port: poor.imapsPort, ca: poor.certFile }
      const findings = await check({ ...at, poll: '30s' })
      expect(findings.filter(({ ok }) => !ok)).toEqual([])
      const advice = findings.map(each => each.advice ?? '').join('\n')
      expect(advice).toContain('INBOX does not support keywords')
      expect(advice).toContain('it does not announce new mail; the desk looks every 30 s (imap.poll).')
      const moving = (await check({ ...at, folders: [{ after: 'move:Processed' }] })).map(({ what }) => what)
      expect(moving).toContain('localhost has no MOVE')
      expect(moving).toContain('localhost has no UIDPLUS')
    } finally {
      await poor.remove()
    }
  })

  test('a server that takes no passwords in the clear, and one that lets in and no further', async () => {
    const disabled = await listening('* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\r\n', answer =>
      answer.replace('NO', 'OK'),
    )
    const half = await listening('* OK [CAPABILITY IMAP4rev1] ready\r\n', (answer, line) =>
      / LOGIN /.test(line)
        ? answer.replace('NO', 'OK [CAPABILITY IMAP4rev1]')
        : answer.replace('NO', 'BAD User is authenticated but not connected.'),
    )
    try {
      expect(await fault(check({ port: disabled.port, security: 'plain' }))).toContain(
        'it accepts passwords only over an encrypted connection: write security: starttls',
      )
      expect(await fault(check({ port: half.port, security: 'plain' }))).toContain(
        'Users > Active users > support > Mail > Manage email apps > IMAP',
      )
    } finally {
      await disabled.close()
      await half.close()
    }
  })
})

describe('what the doctor says of a refused sign-in', () => {
  const refused = (responseText: string, more: object = {}) =>
    Object.assign(new Error('Command failed'), { responseText, authenticationFailed: true, ...more })
  const at = (host: string, password?: string): ImapSettings =>
    emailSettings.parse({
      address: 'help@desk.example',
      imap: [{ host, user: 'help@desk.example', ...(password ? { password } : {}) }],
      ...(password ? {} : { oauth: { provider: 'microsoft', clientId: 'id' } }),
      send: { maildir: 'mail' },
    }).imap[0] as ImapSettings
  const oauth = (more: object = {}) =>
    emailSettings.parse({
      address: 'help@desk.example',
      oauth: { provider: 'microsoft', clientId: 'id', ...more },
      send: { maildir: 'mail' },
    }).oauth

  test.each([
    ['imap.gmail.com', 'Invalid credentials (Failure)', {}, /app password at https:\/\/myaccount\.google\.com/],
    [
      'imap.gmail.com',
      'Your account is not enabled for IMAP use.',
      {},
      /Admin console: Apps > Google Workspace > Gmail/,
    ],
    ['outlook.office365.com', 'AUTHENTICATE failed.', {}, /oauth: \{ provider: microsoft \}.*relaydesk login support/],
    ['imap.example.com', 'Authentication failed.', { serverResponseCode: 'EXPIRED' }, /password .* has expired/],
    ['imap.example.com', 'Too many simultaneous connections.', {}, /close other programs/],
    ['imap.example.com', 'Try later.', { serverResponseCode: 'UNAVAILABLE' }, /temporary fault/],
    ['imap.example.com', 'Authentication failed.', {}, /imap\.password is wrong/],
  ])('%s: %s', (host, said, more, expected) => {
    const advice = loginAdvice(refused(said, more), at(host, 'secret'), { channel: 'support', oauth: undefined })
    expect(advice).toContain(`the server says "${said}"`)
    expect(advice).toMatch(expected)
    expect(advice).not.toContain('secret')
  })

  test('with oauth: the person signs in again, or the application is let in', () => {
    const error = refused('AUTHENTICATE failed.')
    const mailbox = at('outlook.office365.com')
    const person = loginAdvice(error, mailbox, { channel: 'support', oauth: oauth() })
    expect(person).toContain('run relaydesk login support')
    expect(person).toContain('Shared mailboxes')
    const application = oauth({ application: true, clientSecret: 'hush' })
    expect(loginAdvice(error, mailbox, { channel: 'support', oauth: application })).toContain('IMAP.AccessAsApp')
    const none = new DeskError('config', 'Nobody signed in yet: run relaydesk login support.')
    expect(loginAdvice(none, mailbox, { channel: 'support', oauth: oauth() })).toBe(none.message)
  })

  test('at the relay, too', () => {
    const smtp = { host: 'smtp.office365.com', port: 587, secure: false, requireTls: true, user: 'help@desk.example' }
    const failure = (response: string, code = 'EAUTH') => Object.assign(new Error(response), { response, code })
    const off = '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the'
    expect(smtpAdvice(failure(`${off} Mailbox.`), smtp, 'support')).toContain('Manage email apps > Authenticated SMTP')
    expect(smtpAdvice(failure(`${off} Tenant.`), smtp, 'support')).toContain('Exchange admin centre')
    expect(smtpAdvice(failure('535 no'), smtp, 'support')).toContain('relaydesk login support')
    expect(smtpAdvice(failure('535 no'), { ...smtp, password: 'x' }, 'support')).toContain('provider: microsoft')
    expect(smtpAdvice(failure('self-signed certificate', 'ESOCKET'), smtp, 'support')).toContain('-starttls smtp')
    const tls = Object.assign(new Error('40AD:error:0A00010B:SSL routines:tls_x:wrong version number:../a.c:77:'), {
      code: 'ESOCKET',
    })
    expect(smtpAdvice(tls, smtp, 'support')).toMatch(/^wrong version number: this port does not use TLS from the start/)
  })

  test('folder names, nearest first', () => {
    const names = ['INBOX', 'Archive', 'Support/Incoming', 'Sent Items', 'Incomming']
    expect(nearestFirst('incoming', names).slice(0, 2)).toEqual(['Support/Incoming', 'Incomming'])
    expect(nearestFirst('Help/Archiv', names)[0]).toBe('Archive')
    expect(nearestFirst('xyz', names)).toEqual(names)
  })
})

interface Listening {
  port: number
  close(): Promise<void>
}

/** Greets, and answers each line with NO unless `change` makes something else of it. */
function listening(greeting: string, change = (answer: string, _line: string) => answer): Promise<Listening> {
  return open(
    createServer(socket => {
      socket.on('error', () => undefined)
      socket.write(greeting)
      if (greeting.startsWith('* OK')) {
        socket.on('data', data => {
          const line = data.toString()
          const tag = line.split(' ')[0]
          const listed = /LOGINDISABLED/.test(greeting) ? 'LOGINDISABLED' : ''
          if (/ CAPABILITY/.test(line)) socket.write(`* CAPABILITY IMAP4rev1 ${listed}\r\n${tag} OK done\r\n`)
          else socket.write(`${change(`${tag} NO`, line)} done\r\n`)
        })
      }
    }),
  )
}

function listeningByTls(key: string, cert: string): Promise<Listening> {
  return open(
    createTlsServer({ key, cert }, socket => {
      socket.on('error', () => undefined)
      socket.write('* OK ready\r\n')
      socket.on('data', data => socket.write(`${data.toString().split(' ')[0]} NO Authentication failed.\r\n`))
    }),
  )
}

async function open(server: Server): Promise<Listening> {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', socket => sockets.add(socket))
  server.on('tlsClientError', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

interface Authority {
  file: string
  /** Days from now on which it begins and ends. */
  sign(name: string, subject: string, days: [number, number]): Promise<{ key: string; cert: string }>
}

/** A certificate authority that nobody knows. */
async function makeAuthority(folder: string): Promise<Authority> {
  const at = (name: string) => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/O=Private Authority/CN=Private Root']
  await run('openssl', ['req', '-x509', ...key, ...subject, '-keyout', at('ca.key'), '-out', at('ca.pem')])
  const config = [
    '[ca]\ndefault_ca = own\n[own]',
    `database = ${at('ca.index')}\nserial = ${at('ca.serial')}\nnew_certs_dir = ${folder}`,
    `certificate = ${at('ca.pem')}\nprivate_key = ${at('ca.key')}\ndefault_md = sha256\npolicy = any`,
    'copy_extensions = copy\nunique_subject = no\n[any]\ncommonName = supplied\n',
  ].join('\n')
  await writeFile(at('ca.conf'), config)
  await writeFile(at('ca.index'), '')
  await writeFile(at('ca.serial'), '1000\n')
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+|[-:T]/g, '')
  return {
    file: at('ca.pem'),
    async sign(name, host, [from, until]) {
      const [keyFile, request, file] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.pem`)]
      const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`]
      await run('openssl', ['req', ...key, ...names, '-keyout', keyFile, '-out', request])
      const dates = ['-startdate', day(from), '-enddate', day(until)]
      await run('openssl', [
        'ca',
        '-batch',
        '-notext',
        '-config',
        at('ca.conf'),
        ...dates,
        '-in',
        request,
        '-out',
        file,
      ])
      return { key: await readFile(keyFile, 'utf8'), cert: await readFile(file, 'utf8') }
    },
  }
}
