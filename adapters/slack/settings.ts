// Settings of a Slack channel.
import { z } from 'zod'
import type { HttpPort } from '../../src/channel/http.ts'
import { DeskError } from '../../src/errors.ts'
import { duration, network, PROXIES, secret } from '../../src/fields.ts'

const PORT = 'write a port between 1 and 65535'

const httpSchema = z
  .strictObject({
    signingSecret: secret.describe('Signing secret of the app (Basic Information), as env:NAME or file:PATH.'),
    path: z
      .string()
      .regex(/^\/\S*$/, 'write a path such as /slack/events')
      .default('/slack/events')
      .describe('Path of the request URL, below web.publicUrl.'),
    port: z
      .number()
      .int()
      .min(1, PORT)
      .max(65535, PORT)
      .optional()
      .describe('A separate port to listen on; without it, requests come in at web.port, as the pages do.'),
    host: z.string().optional().describe('With a separate port: the address to listen on; 127.0.0.1 unless told.'),
    publicUrl: z
      .url('write an address such as https://desk.example.com')
      .optional()
      .describe('With a separate port: where Slack reaches it, for the manifest.'),
    proxies: z.array(network).optional().describe(`With a separate port: ${PROXIES}`),
  })
  .refine(({ port, host, publicUrl, proxies }) => port !== undefined || !(host ?? publicUrl ?? proxies), {
    path: ['port'],
    message:
      'host, publicUrl and proxies only work with a separate port: write port as well (it was 3000 where it was left out), or leave them out and set web.publicUrl',
  })

const supportSchema = z.strictObject({
  channel: z.string().min(1).describe('Name or id of a channel where people ask, such as #help.'),
  take: z
    .enum(['all', 'asked'])
    .default('all')
    .describe(
      'Which messages become tickets. all: every message that starts a conversation; asked: only those that mention the desk or get its emoji.',
    ),
})

/** Settings of a Slack channel: one for each workspace. */
export const slackSettings = z
  .strictObject({
    botToken: secret.describe('Bot token of the installed app (xoxb-...), as env:NAME or file:PATH.'),
    team: z
      .string()
      .regex(/^[TE][A-Z0-9]+$/, 'write the id of the workspace, such as T0123ABCD')
      .optional()
      .describe('Id of the workspace; needed where there are several Slack channels.'),
    appToken: secret
      .optional()
      .describe('App-level token (xapp-...) with connections:write, for Socket Mode, which needs no public address.'),
    http: httpSchema.optional().describe('Receive events by HTTP instead of Socket Mode.'),
    room: z
      .string()
      .min(1)
      .optional()
      .describe('Name or id of the channel where agents see a card for each ticket; only agents should be in it.'),
    support: z.array(supportSchema).default([]).describe('Channels where people ask.'),
    reaction: z
      .string()
      .regex(/^:?[a-z0-9_+'-]+:?$/, 'write the name of an emoji, such as ticket')
      .default('ticket')
      .transform(name => name.replaceAll(':', ''))
      .describe('Emoji that makes a message a ticket.'),
    oneTicketWithin: duration
      .default(120_000)
      .describe('Messages that one person writes in a row within this time become one ticket.'),
    api: z
      .url('write an address such as https://slack.com/api/')
      .default('https://slack.com/api/')
      .describe("Address of Slack's Web API."),
  })
  .refine(settings => (settings.appToken === undefined) !== (settings.http === undefined), {
    message: 'write either appToken, for Socket Mode, or http',
  })

export type SlackSettings = z.infer<typeof slackSettings>
export type SlackHttpSettings = NonNullable<SlackSettings['http']>

/** Where it listens by itself; undefined if its requests come in with those of the pages. */
export function ownPortOf({ port, host = '127.0.0.1', proxies = [] }: SlackHttpSettings): HttpPort | undefined {
  return port === undefined ? undefined : { setting: 'http.port', host, port, proxies }
}

/**
 * Where Slack sends everything, as `publicUrl` says where the desk's pages are reached. Throws a `DeskError` where nothing
 * says so.
 */
export function requestUrlOf(http: SlackHttpSettings, publicUrl: string | undefined): string {
  const ownPort = ownPortOf(http)
  if (ownPort) return new URL(http.path, http.publicUrl ?? `https://${ownPort.host}:${ownPort.port}`).href
  if (publicUrl !== undefined) return `${publicUrl}${http.path}`
  const mend = 'set web.publicUrl, whose proxy hands it on to web.port; or set a separate port (it was 3000)'
  throw new DeskError('config', `http.port: nothing says where Slack reaches the desk: ${mend}.`)
}

/** What the manifest of the app depends on; undefined for no settings. */
export function slackOf(
  settings: unknown,
  publicUrl: string | undefined,
): { reaction: string; requestUrl: string | undefined } | undefined {
  if (settings === undefined) return undefined
  const { http, reaction } = settings as SlackSettings
  return { reaction, requestUrl: http && requestUrlOf(http, publicUrl) }
}
