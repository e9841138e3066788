import { z } from 'zod'
import { mailAddress, secret } from '../../src/fields.ts'

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
    .describe('Address to listen on; others than this machine need a firewall or TLS.'),
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

const sendSchema = z
  .strictObject({
    smtp: smtpSchema.optional().describe('Send through a relay.'),
    maildir: z
      .string()
      .optional()
      .describe('Put mail into a Maildir below the state folder instead, to try things out.'),
  })
  .refine(send => (send.smtp === undefined) !== (send.maildir === undefined), {
    message: 'write either smtp or maildir, to say how mail leaves',
  })

/** Settings of a mail channel. */
export const emailSettings = z.strictObject({
  address: mailAddress.describe('The address people write to; answers come from it.'),
  aliases: z.array(mailAddress).default([]).describe('Further addresses of this desk that mail is taken for.'),
  plusAddress: z
    .boolean()
    .default(false)
    .describe(
      'Answers go to help+token@..., for mail programs that drop what threads a mail. Your server must deliver it.',
    ),
  listen: listenSchema.optional().describe('Take mail by SMTP or LMTP.'),
  send: sendSchema.describe('How mail leaves.'),
})

export type EmailSettings = z.infer<typeof emailSettings>
