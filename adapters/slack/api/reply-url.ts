// Whether an address to answer at is Slack's.
import { sentenceOf } from '../../../src/errors.ts'
import type { Workspace } from '../workspace.ts'

const POST_MS = 10_000

/**
 * Whether this is an address that Slack itself gives out with what people do; with any other one, whoever made it up
 * would have us call them. `api` is the Web API's address: a Slack of another kind has its hooks beside that.
 */
export function isReplyUrl(url: string, api: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(api)) return false
  const [replyUrl, apiUrl] = [new URL(url), new URL(api)]
  if (replyUrl.username !== '' || replyUrl.password !== '') return false
  return replyUrl.origin === apiUrl.origin || replyUrl.origin === `https://hooks.${apiUrl.host}`
}

/**
 * Answers somebody through the address that came with what they did. It is good for five answers within 30 minutes, also
 * where the app is not: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 * Gives whether Slack took it; never rejects.
 */
export async function postReply(
  { settings, options }: Pick<Workspace, 'settings' | 'options'>,
  url: string | undefined,
  body: object,
): Promise<boolean> {
  if (url === undefined || !isReplyUrl(url, settings.api)) return false
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(POST_MS),
    })
    const text = await answer.text()
    if (answer.ok) return true
    // Used up or too old, most of the time.
    options.warn(`Slack did not take an answer to what somebody did there: HTTP ${answer.status} ${wordIn(text)}`)
  } catch (error) {
    options.warn(`an answer to what somebody did in Slack could not be sent: ${sentenceOf(error)}`)
  }
  return false
}

/** Slack's word for what was wrong. */
function wordIn(text: string): string {
  return /"error":\s*"([a-z_]{1,60})"/.exec(text)?.[1] ?? /^[a-z_]{1,60}$/.exec(text.trim())?.[0] ?? ''
}
