// What went wrong there, and who must mend it.
import { ownEntry } from '../../../src/core/text/own-entry.ts'
import { codeOf, sentenceOf } from '../../../src/errors.ts'

/** What went wrong at the provider's sign-in service. */
export interface OauthFailure {
  kind:
    | 'temporary' // it cannot be reached, or is in trouble itself
    | 'grant-refused' // a person must sign in again
    | 'client-refused' // the application is unknown, or its secret is wrong
    | 'denied' // the person, or who administers their organisation, said no
    | 'expired' // nobody signed in in time
    | 'address-wrong' // there is no such service, or no such organisation
    | 'refused' // anything else that it will say again
  /** Its own words in short, for the sentence; nothing secret. */
  reason: string
}

const KINDS: Record<string, OauthFailure['kind']> = {
  temporarily_unavailable: 'temporary',
  server_error: 'temporary',
  slow_down: 'temporary',
  invalid_grant: 'grant-refused',
  interaction_required: 'grant-refused',
  consent_required: 'grant-refused',
  login_required: 'grant-refused',
  invalid_token: 'grant-refused',
  invalid_client: 'client-refused',
  unauthorized_client: 'client-refused',
  access_denied: 'denied',
  authorization_declined: 'denied',
  expired_token: 'expired',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'address-wrong',
  OAUTH_RESPONSE_IS_NOT_CONFORM: 'address-wrong',
  OAUTH_WWW_AUTHENTICATE_CHALLENGE: 'client-refused',
  OAUTH_TIMEOUT: 'temporary',
  OAUTH_ABORT: 'temporary',
  // A page instead of an answer: something on the way speaks for the provider.
  OAUTH_PARSE_ERROR: 'temporary',
  OAUTH_RESPONSE_IS_NOT_JSON: 'temporary',
  OAUTH_INVALID_RESPONSE: 'temporary',
}

const SAID_LENGTH = 200

/** What openid-client puts on its errors, whatever their class. */
interface Answered {
  error?: string
  error_description?: string
  status?: number
  cause?: unknown
}

/** Reads what openid-client threw. `secrets` are left out, should the provider repeat them. */
export function failureOf(thrown: unknown, secrets: readonly (string | null | undefined)[]): OauthFailure {
  const answered = (thrown ?? {}) as Answered
  const status = answered.status ?? (answered.cause instanceof Response ? answered.cause.status : undefined)
  const reason = withoutSecrets(reasonOf(thrown, answered, status), secrets)
  if (status !== undefined && (status >= 500 || status === 429 || status === 408)) return { kind: 'temporary', reason }
  const known = ownEntry(KINDS, answered.error ?? '') ?? ownEntry(KINDS, codeOf(thrown))
  // fetch rejects with a TypeError for all that goes wrong on the way.
  return { kind: known ?? (thrown instanceof TypeError ? 'temporary' : 'refused'), reason }
}

function reasonOf(thrown: unknown, answered: Answered, status: number | undefined): string {
  if (answered.error_description) return answered.error_description
  if (answered.error) return answered.error
  if (status !== undefined) return `it answered ${status}`
  const { cause } = answered
  return thrown instanceof TypeError && cause ? codeOf(cause) || sentenceOf(cause) : sentenceOf(thrown)
}

function withoutSecrets(text: string, secrets: readonly (string | null | undefined)[]): string {
  let cleanText = text
  for (const secret of secrets) if (secret) cleanText = cleanText.replaceAll(secret, '(left out)')
  // Microsoft ends with lines for its own support: "Trace ID: ... Correlation ID: ... Timestamp: ..."
  const [first = ''] = cleanText.split(/\s*(?:[\r\n]|Trace ID:)/)
  return first.trim().slice(0, SAID_LENGTH).replace(/\.$/, '') || 'without a reason'
}
