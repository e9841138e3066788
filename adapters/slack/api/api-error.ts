// Why a call failed, and who must act.
import { webApi } from '@slack/bolt'
import { DeliveryError } from '../../../src/channel/outbound.ts'
import { codeOf } from '../../../src/errors.ts'

/** Why a call failed: who must act, and what becomes of what was to be sent. */
interface Meaning {
  permanent: boolean
  /** For whoever reads it, an agent or an operator. */
  sentence: string
  codes: readonly string[]
}

const NOT_TOLD_MS = 30_000

/**
 * What Slack answers, by who must act. A code that is in none of these counts as temporary.
 * https://docs.slack.dev/reference/methods/chat.postMessage#errors and the pages of the other methods
 */
const MEANINGS: readonly Meaning[] = [
  {
    permanent: true,
    sentence:
      'Relaydesk cannot see this conversation in Slack: it was deleted, or it is private and the app is not in it. Invite the app there and send it again, or contact the person another way.',
    codes: ['channel_not_found', 'not_allowed_channel', 'method_not_supported_for_channel_type'],
  },
  {
    permanent: true,
    sentence: 'The Slack channel is archived: unarchive it and send it again, or contact the person another way.',
    codes: ['is_archived'],
  },
  {
    permanent: true,
    sentence: 'The message that this answers was deleted in Slack: contact the person another way.',
    codes: ['thread_not_found', 'message_not_found', 'cannot_reply_to_message', 'invalid_thread_ts'],
  },
  {
    permanent: true,
    sentence: 'Apps cannot write to this person in the Slack workspace: contact them another way.',
    codes: [
      'user_not_found',
      'users_not_found',
      'user_disabled',
      'user_not_visible',
      'cannot_dm_bot',
      'invalid_user_combination',
      'invalid_users',
      'user_is_bot',
      'cannot_message_user',
    ],
  },
  {
    permanent: true,
    sentence:
      'Slack does not accept a message of this form: contact the person another way, and please report it to the makers of Relaydesk.',
    codes: [
      'msg_too_long',
      'msg_blocks_too_long',
      'invalid_blocks',
      'invalid_blocks_format',
      'no_text',
      'metadata_too_large',
      'invalid_metadata_format',
      'invalid_metadata_schema',
      'too_many_attachments',
      'invalid_arguments',
      'invalid_arg_name',
      'invalid_array_arg',
      'invalid_charset',
      'invalid_form_data',
      'invalid_post_type',
      'missing_post_type',
      'missing_argument',
      'markdown_text_conflict',
      'cant_update_message',
      'edit_window_closed',
    ],
  },
  {
    permanent: true,
    sentence: 'Slack, or the rules of this workspace, do not allow such a file.',
    codes: [
      'file_type_not_allowed',
      'file_upload_size_restricted',
      'file_uploads_disabled',
      'blocked_file_type',
      'file_uploads_except_images_disabled',
      'storage_limit_reached',
      'team_storage_limit_reached',
      'external_channel_migrating',
      'slack_connect_file_upload_sharing_blocked',
    ],
  },
  {
    permanent: false,
    sentence:
      'Relaydesk is not in the Slack channel: somebody there must invite the app with /invite. Nothing is lost.',
    codes: ['not_in_channel'],
  },
  {
    permanent: false,
    sentence: 'The rules of the Slack workspace forbid this: one of its administrators must allow it. Nothing is lost.',
    codes: [
      'restricted_action',
      'restricted_action_read_only_channel',
      'restricted_action_thread_only_channel',
      'restricted_action_non_threadable_channel',
      'restricted_action_thread_locked',
      'access_denied',
      'team_access_not_granted',
      'ekm_access_denied',
      'accesslimited',
      'enterprise_is_restricted',
      'org_login_required',
      'two_factor_setup_required',
      'messages_tab_disabled',
      'message_limit_exceeded',
    ],
  },
]

const TOKEN_CODES: readonly string[] = [
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'missing_scope',
  'not_allowed_token_type',
  'no_permission',
  'team_not_found',
  'org_access_denied',
]

/** "It's possible some aspect of the operation succeeded before the error was raised": so say the pages of all methods. */
const MAYBE_DONE: readonly string[] = ['internal_error', 'fatal_error', 'service_unavailable']

/** The connection was never there. */
const NEVER_SENT: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]

/**
 * Whatever a call of the Web API was rejected with, as the desk hears of it: a sentence for the one who must act, which
 * is made of words of ours and Slack's own code alone, so that it holds no secret. The error itself is the cause.
 */
export function deliveryError(thrown: unknown): DeliveryError {
  if (thrown instanceof DeliveryError) return thrown
  const retryAfterMs = retryAfterOf(thrown)
  if (retryAfterMs !== undefined) {
    const seconds = Math.ceil(retryAfterMs / 1000)
    const sentence = `Slack asks us to wait ${seconds} seconds; then it will be sent again.`
    return new DeliveryError(sentence, { permanent: false, retryAfterMs, cause: thrown })
  }
  if (isTokenTrouble(thrown)) return new DeliveryError(tokenSentence(thrown), { permanent: false, cause: thrown })
  const code = slackCode(thrown)
  const meaning = MEANINGS.find(each => each.codes.includes(code))
  const sentence = meaning ? `${meaning.sentence} (${code})` : troubleSentence(thrown, code)
  return new DeliveryError(sentence, { permanent: meaning?.permanent ?? false, cause: thrown })
}

/** Whether the call may have been carried out although it failed. Of a call that was never made: no. */
export function isUnknownResult(thrown: unknown): boolean {
  const error = originOf(thrown)
  if (error instanceof DeliveryError || retryAfterOf(error) !== undefined) return false
  if (error instanceof webApi.WebAPIPlatformError) {
    const code = slackCode(error)
    return code === '' || MAYBE_DONE.includes(code)
  }
  if (error instanceof webApi.WebAPIHTTPError) return error.statusCode >= 500
  if (error instanceof webApi.WebAPIRequestError) return !NEVER_SENT.includes(codeOf(error.original.cause))
  return true
}

/** Whether an operator must mend the app or its token: nothing of the kind works before that. */
export function isTokenTrouble(thrown: unknown): boolean {
  return TOKEN_CODES.includes(slackCode(thrown))
}

/** How long Slack asks to wait, in milliseconds; undefined if it does not. */
export function retryAfterOf(thrown: unknown): number | undefined {
  const error = originOf(thrown)
  if (error instanceof webApi.WebAPIRateLimitedError) return Math.max(1, error.retryAfter) * 1000
  if (/^(?:rate_?limited|message_rate_limited)$/.test(slackCode(error))) return NOT_TOLD_MS
  return error instanceof Error && error.message.startsWith('Retry header') ? NOT_TOLD_MS : undefined
}

/** Slack's word for what went wrong; '' where it said none. Letters and `_`. */
export function slackCode(thrown: unknown): string {
  const error = originOf(thrown)
  const code = error instanceof webApi.WebAPIPlatformError ? String(error.data.error) : ''
  return /^[a-z_]{1,60}$/.test(code) ? code : ''
}

/** What the client rejected with. */
function originOf(thrown: unknown): unknown {
  return thrown instanceof DeliveryError && thrown.cause !== undefined ? thrown.cause : thrown
}

function tokenSentence(thrown: unknown): string {
  const code = slackCode(thrown)
  if (code !== 'missing_scope') {
    return `Slack does not accept the bot token: an administrator must install the app again and set botToken. Nothing is lost. (${code})`
  }
  const needed = scopesOf(thrown)
  const scope = needed ? `the scope ${needed}` : 'a scope'
  return `The Slack app lacks ${scope}: an administrator must add it, as in the manifest, and install the app again. Nothing is lost.`
}

function scopesOf(thrown: unknown): string {
  const error = originOf(thrown)
  const data = error instanceof webApi.WebAPIPlatformError ? (error.data as { needed?: unknown }) : {}
  const needed = String(data.needed ?? '')
  return /^[a-z]+(?:[:.,_][a-z]+)*$/.test(needed) && needed.length < 200 ? needed : ''
}

function troubleSentence(thrown: unknown, code: string): string {
  const error = originOf(thrown)
  const detail = code || detailOf(error)
  if (error instanceof webApi.WebAPIRequestError)
    return `Slack could not be reached; the desk will try again. (${detail})`
  return `Slack has a problem; the desk will try again. (${detail})`
}

function detailOf(error: unknown): string {
  if (error instanceof webApi.WebAPIHTTPError) return `HTTP ${error.statusCode}`
  if (isTimeout(error)) return 'no answer in time'
  const { original } = (error ?? {}) as { original?: Error }
  const code = codeOf(original?.cause) || codeOf(original) || codeOf(error)
  return /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? code : 'no answer that can be read'
}

function isTimeout(error: unknown): boolean {
  const cause = error instanceof webApi.WebAPIRequestError ? error.original : error
  return cause instanceof Error && cause.name === 'TimeoutError'
}
