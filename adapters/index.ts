// The list of all kinds of channels.
import type { ZodObject } from 'zod'
import type { ChannelAdapter, ChannelOptions } from '../src/channel/adapter.ts'
import { type EmailSettings, emailSettings } from './email/settings.ts'
import { type SlackSettings, slackSettings } from './slack/settings.ts'

/** How an adapter is configured and made; its SDK is loaded when it is made. */
export interface AdapterKind {
  settings: ZodObject
  create(settings: unknown, options: ChannelOptions): Promise<ChannelAdapter>
}

export const adapterKinds: Record<string, AdapterKind> = {
  email: {
    settings: emailSettings as unknown as ZodObject,
    async create(settings, options) {
      const { EmailChannel } = await import('./email/adapter.ts')
      return new EmailChannel(settings as EmailSettings, options)
    },
  },
  slack: {
    settings: slackSettings as unknown as ZodObject,
    async create(settings, options) {
      const { SlackChannel } = await import('./slack/adapter.ts')
      return new SlackChannel(settings as SlackSettings, options)
    },
  },
}
