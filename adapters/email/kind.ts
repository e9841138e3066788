// Mail, as a kind of channel.
import { adapterKind } from '../kind.ts'
import { emailSettings } from './settings.ts'

export const email = adapterKind(emailSettings, async (settings, options) => {
  const { EmailChannel } = await import('./adapter.ts')
  return new EmailChannel(settings, options)
})
