// What Slack sends of what people do, checked.
import { z } from 'zod'

/** What Slack says of what people do, as far as it is looked at. Whatever else comes in its place is as if it were not there. */

const stamp = z.string().regex(/^\d{1,12}\.\d{1,8}$/)
const channelId = z.string().regex(/^[CDG][A-Z0-9]{1,20}$/)
const teamId = z.string().regex(/^[TE][A-Z0-9]{1,20}$/)
const word = z.string().min(1).max(3_000)

function maybe<T extends z.ZodType>(schema: T) {
  return schema.optional().catch(undefined)
}

const userId = z.string().regex(/^[UW][A-Z0-9]{1,20}$/)
const name = maybe(z.string().max(500))
const user = z
  .object({ id: userId, name, username: name, team_id: maybe(teamId) })
  .transform(({ id, name, username, team_id: team }) => ({ id, name: name ?? username, team }))
const textObject = maybe(z.object({ text: z.string() }))

const commandSchema = z.object({
  user_id: userId,
  user_name: name,
  channel_id: maybe(channelId),
  text: z.string().catch(''),
  trigger_id: maybe(word),
  response_url: maybe(word),
})

const actionSchema = z.object({
  user,
  trigger_id: maybe(word),
  response_url: maybe(word),
  channel: maybe(z.object({ id: channelId })),
  container: maybe(
    z.object({
      message_ts: maybe(stamp),
      thread_ts: maybe(stamp),
      channel_id: maybe(channelId),
      is_ephemeral: maybe(z.boolean()),
    }),
  ),
  message: maybe(z.object({ ts: stamp, thread_ts: maybe(stamp) })),
  view: maybe(z.object({ id: word, type: z.string() })),
  actions: z.tuple(
    [
      z.object({
        value: maybe(z.string()),
        text: textObject,
        selected_option: maybe(z.object({ value: z.string(), text: textObject })),
      }),
    ],
    z.unknown(),
  ),
})

const formState = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      value: z.string().nullish().catch(undefined),
      selected_option: z.object({ value: z.string() }).nullish().catch(undefined),
    }),
  ),
)

const submissionSchema = z.object({
  user,
  view: z.object({
    id: word,
    hash: z.string().max(500).catch(''),
    callback_id: z.string().catch(''),
    private_metadata: z.string().catch(''),
    blocks: z.array(z.object({ type: z.string(), block_id: maybe(word) }).catch({ type: '' })).catch([]),
    state: z.object({ values: formState }).catch({ values: {} }),
  }),
})

const shortcutSchema = z.object({
  user,
  callback_id: z.string(),
  trigger_id: maybe(word),
  response_url: maybe(word),
  channel: maybe(z.object({ id: channelId })),
  message_ts: maybe(stamp),
  message: maybe(
    z.object({
      ts: maybe(stamp),
      thread_ts: maybe(stamp),
      text: z.unknown().optional(),
      blocks: z.unknown().optional(),
      attachments: z.unknown().optional(),
    }),
  ),
})

export type ActionPayload = z.infer<typeof actionSchema>
export type SubmissionPayload = z.infer<typeof submissionSchema>
export type ShortcutPayload = z.infer<typeof shortcutSchema>

/** Each gives null for what is none. */
export const readCommand = reader(commandSchema)
export const readPress = reader(actionSchema)
export const readSubmission = reader(submissionSchema)
export const readShortcut = reader(shortcutSchema)

function reader<T extends z.ZodType>(schema: T): (payload: unknown) => z.infer<T> | null {
  return payload => {
    const read = schema.safeParse(payload)
    return read.success ? read.data : null
  }
}
