import { vi } from 'vitest'

const { Pacer: Real } = await vi.importActual<typeof import('../../adapters/slack/api/pacer.ts')>(
  '../../adapters/slack/api/pacer.ts',
)

/** In place of the adapter's own: the emulated Slack takes more than one message a second. */
export class Pacer extends Real {
  constructor() {
    super({ perSecond: 100, burst: 50 })
  }
}
