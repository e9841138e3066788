// Serves what Slack sends by HTTP, as the desk does for a Slack channel.
import { type HttpWire, slackRoutes } from '../../../adapters/slack/api/http-receiver.ts'
import { Port } from '../../../src/web/ports.ts'

/** Starts the wire behind a port of its own, unless that is left to the test, and stops both. */
export async function serveWire(
  wire: HttpWire,
  warn: (sentence: string) => void,
  isStarted = true,
): Promise<{ url: string; stop(): Promise<void> }> {
  const port = new Port({ setting: 'web.port', host: '127.0.0.1', port: 0, proxies: [] }, warn)
  port.routes.add(
    'slack',
    slackRoutes({ path: '/slack/events' }, () => wire),
  )
  const at = await port.listen()
  if (isStarted) await wire.start()
  return { url: `http://127.0.0.1:${at}/slack/events`, stop: () => port.close(wire.stop()) }
}
