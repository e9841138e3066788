// What a kind of channel is to the desk: how it is configured, and how it is made.
import type { ZodObject, z } from 'zod'
import type { ChannelAdapter, ChannelOptions } from '../src/channel/adapter.ts'

export interface AdapterKind {
  settings: ZodObject
  create(settings: unknown, options: ChannelOptions): Promise<ChannelAdapter>
}

/** `make` loads what the channel needs, so that only those pay for it who have one. */
export function adapterKind<Schema extends z.ZodType>(
  settings: Schema,
  make: (settings: z.infer<Schema>, options: ChannelOptions) => Promise<ChannelAdapter>,
): AdapterKind {
  return {
    settings: settings as unknown as ZodObject,
    create: (values, options) => make(values as z.infer<Schema>, options),
  }
}
