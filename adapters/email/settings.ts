// Settings of a mail channel.
import { z } from 'zod'
import { duration, mailAddress, network, secret } from '../../src/fields.ts'

const PORT = 'write a port between 1 and 65535'
const port = z.number().int('write a whole number, such as 2525').min(1, PORT).max(65535, PORT)

const listenSchema = z.strictObject({
  protocol: z
    .enum(['smtp', 'lmtp'])
    .default('smtp')
    .describe('LMTP is for a mail server on the same machine or network.'),
  host: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on. If other machines can reach it, use a firewall or TLS.'),
  port: port.default(2525).describe('Port to listen on.'),
  tlsKey: z.string().optional().describe('File with the private key, to offer STARTTLS; with tlsCert.'),
  tlsCert: z.string().optional().describe('File with the certificate, to offer STARTTLS; with tlsKey.'),
})

const smtpSchema = z.strictObject({
  host: z.string().min(1).describe('Your mail relay, e.g. smtp.example.com.'),
  port: port.default(587).describe('587 with STARTTLS, 465 with TLS from the start, 25 between servers.'),
  secure: z.boolean().default(false).describe('TLS from the start, as on port 465.'),
  user: z.string().optional().describe('User name at the relay, if it wants one.'),
  password: secret.optional().describe('Password at the relay: env:NAME or file:PATH keeps it out of this file.'),
  requireTls: z.boolean().default(true).describe('Refuse to send over a connection that cannot be encrypted.'),
  ca: z.string().optional().describe('File with the certificate authority of a relay that has a private one.'),
})

const folderSchema = z.strictObject({
  name: z.string().min(1).default('INBOX').describe('Folder that mail comes into, as the server names it.'),
  import: z
    .union([
      z.literal('new'),
      z.literal('all'),
      z.iso.date('write new, all, or a day such as 2026-11-01').transform(day => new Date(`${day}T00:00:00Z`)),
    ])
    .default('new')
    .describe('What to take the first time: only new mail, all mail, or mail since a certain day.'),
  after: z
    .string()
    .regex(/^(keyword|nothing|seen|move:.+)$/, 'write keyword, seen, nothing, or move:FOLDER')
    .default('keyword')
    .describe(
      'What to do with a message once it is stored: keyword marks it $Relaydesk, seen marks it as read, move:FOLDER moves it.',
    ),
})

const imapSchema = z.strictObject({
  host: z.string().min(1).describe('Your mail server, e.g. imap.example.com.'),
  port: port.default(993).describe('993 with TLS, 143 with STARTTLS.'),
  security: z
    .enum(['tls', 'starttls', 'plain'])
    .default('tls')
    .describe('TLS from the start, STARTTLS, or none at all, which shows the password to the network.'),
  user: z.string().min(1).describe('User name of the mailbox; at Microsoft and Google its address.'),
  password: secret.optional().describe("Password, or app password; without one the channel's oauth is used."),
  ca: z.string().optional().describe('File with the certificate authority of a server that has a private one.'),
  folders: z
    .array(folderSchema)
    .min(1)
    .prefault([{}])
    .describe('Folders to take mail from. New mail in the first one is seen at once; the others are checked in turn.'),
  poll: duration.default(60_000).describe('How often to check for new mail if the server does not announce it.'),
  sent: z
    .string()
    .optional()
    .describe(
      'Folder with the mail that colleagues send from this mailbox by hand; such answers are added to their tickets.',
    ),
  appendSent: z.boolean().default(false).describe("Put the desk's own answers into the folder named by sent."),
})

const oauthSchema = z
  .strictObject({
    provider: z.enum(['microsoft', 'google']).describe('Who runs your mail.'),
    clientId: z.string().min(1).describe('Id of the application that you registered with the provider.'),
    clientSecret: secret.optional().describe('Its secret, where the provider gave one.'),
    tenant: z.string().default('organizations').describe('Microsoft: id or domain of your organisation.'),
    application: z
      .boolean()
      .default(false)
      .describe('Microsoft: sign in as the application (client credentials), without a person.'),
    authority: z
      .url('write an address such as https://login.example.com')
      .optional()
      .describe("Address of the provider's sign-in service, where it is not the usual one."),
  })
  .refine(oauth => !oauth.application || (oauth.provider === 'microsoft' && oauth.clientSecret !== undefined), {
    message: 'application is for Microsoft and needs a clientSecret',
  })

const sendSchema = z
  .strictObject({
    smtp: smtpSchema.optional().describe('Send through a relay.'),
    maildir: z
      .string()
      .optional()
      .describe(
        'To try things out: put mail into a Maildir instead of sending it. A relative path is below the state folder.',
      ),
  })
  .refine(send => (send.smtp === undefined) !== (send.maildir === undefined), {
    message: 'write either smtp or maildir, to say how mail is sent',
  })

const authenticationSchema = z.strictObject({
  trusted: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Your servers whose Authentication-Results and X-Spam headers are trusted, by the names they use there; they must remove such headers from incoming mail. For Microsoft 365 write microsoft365.',
    ),
  check: z
    .boolean()
    .default(true)
    .describe(
      'Let the desk check DKIM, SPF and DMARC itself for mail from the internet that no such server has checked.',
    ),
  relays: z
    .array(network)
    .default([])
    .describe(
      'Your servers on the internet that hand mail over by SMTP; servers in private networks count as yours anyway.',
    ),
  dns: z
    .string()
    .regex(/^[0-9a-fA-F.:[\]]+$/, 'write the address of a resolver, such as 192.0.2.53 or 192.0.2.53:5353')
    .optional()
    .describe('DNS resolver to use; that of the system if left out.'),
})

const shape = z.strictObject({
  address: mailAddress.describe('The address that people write to; answers are sent from it.'),
  aliases: z
    .array(mailAddress)
    .default([])
    .describe('More addresses of this desk, including groups that forward to it.'),
  plusAddress: z
    .boolean()
    .default(false)
    .describe(
      'Have people reply to help+token@..., for mail programs that lose the thread. Your server must deliver such addresses.',
    ),
  listen: listenSchema.optional().describe('Take mail by SMTP or LMTP.'),
  imap: z.array(imapSchema).default([]).describe('Mailboxes to take mail from.'),
  oauth: oauthSchema
    .optional()
    .describe('How to sign in to IMAP and SMTP without a password; relaydesk login CHANNEL gets the first token.'),
  authentication: authenticationSchema.prefault({}).describe('How senders are verified.'),
  canary: duration
    .optional()
    .describe('How often to send a test mail to each mailbox; an alarm is raised if it does not come back.'),
  send: sendSchema.describe('How mail is sent.'),
})

/** What the settings must not say together. */
function checkTogether(settings: z.infer<typeof shape>, context: z.RefinementCtx<z.infer<typeof shape>>): void {
  const { imap, listen, oauth, canary, send } = settings
  const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
  imap.forEach((mailbox, index) => {
    if (mailbox.password === undefined && !oauth) {
      wrong(['imap', index, 'password'], 'write the password, as env:NAME or file:PATH, or add oauth to the channel')
    }
    const same = (other: typeof mailbox) => other.user === mailbox.user && other.host === mailbox.host
    if (imap.findIndex(same) !== index) {
      wrong(['imap', index], `this is the mailbox of ${mailbox.user} again: put its folders into the first one`)
    }
  })
  if (canary !== undefined && ((imap.length === 0 && !listen) || !send.smtp)) {
    wrong(
      ['canary'],
      'a canary leaves by send.smtp and comes back through imap or listen: configure both ways, or leave it out',
    )
  }
}

/** Settings of a mail channel. */
export const emailSettings = shape.superRefine(checkTogether)

export type EmailSettings = z.infer<typeof emailSettings>
export type AuthenticationSettings = EmailSettings['authentication']
export type ImapSettings = EmailSettings['imap'][number]
export type FolderSettings = ImapSettings['folders'][number]
export type OauthSettings = NonNullable<EmailSettings['oauth']>
