// What the app is made of: scopes, events, commands.
import type { AppsManifestCreateArguments } from '@slack/web-api'

type Manifest = AppsManifestCreateArguments['manifest']
type BotScope = NonNullable<NonNullable<NonNullable<Manifest['oauth_config']>['scopes']>['bot']>[number]
type BotEvent = NonNullable<NonNullable<NonNullable<Manifest['settings']>['event_subscriptions']>['bot_events']>[number]

/** What the app may do, and what for. https://docs.slack.dev/reference/scopes */
export const SCOPES = {
  'app_mentions:read': 'to be asked by @name',
  'channels:history': 'to read what is asked in public channels that it is in',
  'channels:read': 'to find the channels by name, and who is in them',
  'chat:write': 'to answer, and to show tickets to agents',
  'chat:write.customize': 'to show the name of the agent who answers',
  commands: 'for /desk and the entries in the menus',
  'files:read': 'to take files that come with a question',
  'files:write': 'to send files with an answer',
  'groups:history': 'to read what is written in private channels that it is in, such as the room of the agents',
  'groups:read': 'to find private channels that it is in by name',
  'im:history': 'to read what is written to it',
  'im:read': 'to know its direct messages',
  'im:write': 'to write to people who asked elsewhere',
  'reactions:read': 'to see the emoji that makes a message a ticket',
  'users:read': 'to know the names of people, and bots from people',
  'users:read.email': 'to know that a person in Slack and one who writes mails are the same, and who is an agent',
} satisfies Partial<Record<BotScope, string>>

/** What Slack tells the app of. https://docs.slack.dev/reference/events */
export const EVENTS = [
  'app_home_opened',
  'app_mention',
  'app_uninstalled',
  'member_joined_channel',
  'member_left_channel',
  'message.channels',
  'message.groups',
  'message.im',
  'reaction_added',
  'tokens_revoked',
  'user_change',
] as const satisfies readonly BotEvent[]

/** `callback_id` of each shortcut. */
export const SHORTCUTS = {
  open: 'open_ticket',
  openFromMessage: 'open_ticket_from_message',
  sendToRequester: 'send_to_requester',
} as const

export interface ManifestOptions {
  socketMode: boolean
  /** Where Slack sends everything, if not by Socket Mode: `https://desk.example.com/slack/events`. */
  requestUrl?: string | undefined
  /** Of the app, as people see it. */
  name: string
  /** Emoji that makes a message a ticket, without colons. */
  reaction: string
}

/** What Slack makes the app from: "Create New App > From a manifest". https://docs.slack.dev/reference/app-manifest */
export function manifest({ socketMode, requestUrl, name, reaction }: ManifestOptions): Manifest {
  const url = socketMode ? undefined : (requestUrl ?? 'https://desk.example.com/slack/events')
  const appName = name.slice(0, 35).trim() || 'Relaydesk'
  return {
    display_information: {
      name: appName,
      description: 'Ask here: every question becomes a ticket that somebody owns and answers.',
      long_description: `Write to ${appName}, ask in a channel where it is, put :${reaction}: on a message, or type /desk: every question becomes a ticket with a reference and an owner, and you get the answer where you asked. Agents work on tickets in a room of their own.`,
      background_color: '#1d3557',
    },
    features: {
      bot_user: { display_name: botName(appName), always_online: true },
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      slash_commands: [
        {
          command: '/desk',
          description: 'Ask something, or work on a ticket',
          usage_hint: 'new, status, help',
          should_escape: true,
          ...(url ? { url } : {}),
        },
      ],
      shortcuts: shortcuts(),
    },
    oauth_config: { scopes: { bot: Object.keys(SCOPES) as BotScope[] } },
    settings: {
      event_subscriptions: { ...(url ? { request_url: url } : {}), bot_events: [...EVENTS] },
      interactivity: { is_enabled: true, ...(url ? { request_url: url } : {}) },
      org_deploy_enabled: false,
      socket_mode_enabled: socketMode,
      token_rotation_enabled: false,
    },
  }
}

function shortcuts(): NonNullable<NonNullable<Manifest['features']>['shortcuts']> {
  return [
    { type: 'global', name: 'Open a ticket', callback_id: SHORTCUTS.open, description: 'Ask something' },
    {
      type: 'message',
      name: 'Open a ticket',
      callback_id: SHORTCUTS.openFromMessage,
      description: 'Make this message a ticket',
    },
    {
      type: 'message',
      name: 'Send to requester',
      callback_id: SHORTCUTS.sendToRequester,
      description: 'For agents: send this as the answer',
    },
  ]
}

/** a-z, 0-9, `-`, `_` and `.` */
function botName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
  return plain.replace(/^-+|-+$/g, '') || 'relaydesk'
}
