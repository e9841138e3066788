// Buttons and menus of actions.
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ActionsBlock, Button, PlainTextOption, StaticSelect } from '@slack/types'
import { z } from 'zod'
import type { Action, Form } from '../../../src/channel/surface.ts'
import { cut, LIMITS, plainText } from './block-limits.ts'

/** Every `action_id` of ours. */
export const ACTION_ID = /^desk:/

/** What the JSON of all buttons, and of the menu, may take: the text of a message needs the rest. */
const BUTTONS_JSON = 4_500
const MENU_JSON = 1_500

/** Nothing of ours is larger before it is packed; bytes. */
const MOST_JSON = 100_000

/** So many choices are typed rather than chosen, before a button with its form would be left out. */
const FEW_CHOICES = 10

const SHORT_INTRO = 500 // characters, with … for the rest

const fieldSchema = z.strictObject({
  name: z.string().min(1).max(100),
  label: z.string(),
  hint: z.string().optional(),
  kind: z.enum(['line', 'text', 'choice']),
  choices: z.array(z.strictObject({ value: z.string(), label: z.string() })).optional(),
  required: z.boolean(),
  most: z.number().optional(),
  least: z.number().optional(),
  value: z.string().optional(),
})

const actionSchema = z.strictObject({
  line: z.string().refine(isLine),
  form: z
    .strictObject({
      title: z.string(),
      intro: z.string().optional(),
      submit: z.string(),
      fields: z.array(fieldSchema),
    })
    .optional(),
})

/**
 * A value that Slack keeps for us and gives back: JSON, or where that is shorter JSON packed (`z` and base64url). Null if
 * it would be longer than `most`. Holds none of `&`, `<` and `>`, which Slack gives back escaped in some places
 * (https://github.com/slackapi/bolt-python/issues/513).
 */
export function pack(value: unknown, most: number): string | null {
  const json = JSON.stringify(value).replace(/[&<>]/g, mark => `\\u00${mark.charCodeAt(0).toString(16)}`)
  if (Buffer.byteLength(json) > MOST_JSON) return null
  const packed = json.length > 200 ? `z${deflateRawSync(json).toString('base64url')}` : json
  const shorter = packed.length < json.length ? packed : json
  return shorter.length <= most ? shorter : null
}

/** What `pack` was given; undefined for anything that is not of ours. */
export function unpack(text: string): unknown {
  if (text.length > LIMITS.privateMetadata) return undefined
  try {
    if (!text.startsWith('z')) return JSON.parse(text)
    const bytes = Buffer.from(text.slice(1), 'base64url')
    return JSON.parse(inflateRawSync(bytes, { maxOutputLength: MOST_JSON }).toString())
  } catch {
    return undefined
  }
}

/** What a button or menu item of ours stands for; null for a value that is not of ours. Never throws. */
export function readAction(value: string | null | undefined): { line: string; form: Form | null } | null {
  const read = actionSchema.safeParse(unpack(value ?? ''))
  return read.success ? { line: read.data.line, form: read.data.form ?? null } : null
}

/**
 * The first `buttons` actions as buttons, and the others in a menu: no block for no actions. A menu item holds 150
 * characters, enough for a line but not for a form: a later action with a form is a button as well. That is also why the
 * menu is a select and not the shorter overflow menu of five. What finds no room is left out.
 *
 * @param options.id Begins each `action_id`, which must be unique in a view: `desk:`, or a longer one that begins so.
 */
export function actionBlocks(actions: Action[], { buttons = 4, id = 'desk:' } = {}): ActionsBlock[] {
  const made = actions.flatMap((action, index) => {
    const value = actionValue(action)
    return value === null ? [] : [{ action, value, index }]
  })
  const inMenu = made.slice(buttons).filter(each => !each.action.form && each.value.length <= LIMITS.optionValue)
  const shown = inMenu.length > 1 ? made.filter(each => !inMenu.includes(each)) : made
  const row = fittingElements(
    BUTTONS_JSON,
    shown.map(each => button(each.action, each.value, `${id}${each.index}`)),
  ).slice(0, LIMITS.actionsElements - 1)
  const menu = inMenu.length > 1 ? [moreMenu(inMenu, `${id}more`)] : []
  return row.length + menu.length === 0 ? [] : [{ type: 'actions', elements: [...row, ...menu] }]
}

/** What a button carries; null if that is too much for one. */
function actionValue({ line, form }: Action): string | null {
  if (!isLine(line)) return null
  if (!form) return pack({ line }, LIMITS.buttonValue)
  const forms = [
    form,
    typedForm(form),
    { ...typedForm(form), ...(form.intro ? { intro: cut(form.intro, SHORT_INTRO) } : {}) },
  ]
  for (const each of forms) {
    const value = pack({ line, form: each }, LIMITS.buttonValue)
    if (value !== null) return value
  }
  return null
}

/**
 * The same form with less in it: without hints, and long lists of choices are typed; the desk checks them anyway. What it
 * begins with stays, as it says who reads what is written.
 */
function typedForm(form: Form): Form {
  const fields = form.fields.map(({ hint: _hint, choices, kind, ...field }) =>
    kind === 'choice' && (choices?.length ?? 0) > FEW_CHOICES
      ? { ...field, kind: 'line' as const }
      : { ...field, kind, ...(choices ? { choices } : {}) },
  )
  return { ...form, fields }
}

function isLine(line: string): boolean {
  return line.trim() !== '' && !/[\r\n]/.test(line)
}

function button({ label, style }: Action, value: string, actionId: string): Button {
  return {
    type: 'button',
    text: plainText(label, LIMITS.buttonText),
    action_id: actionId,
    value,
    ...(style ? { style } : {}),
  }
}

function moreMenu(items: { action: Action; value: string }[], actionId: string): StaticSelect {
  const unique = [...new Map(items.map(each => [each.value, each])).values()]
  const options = unique.map<PlainTextOption>(({ action, value }) => ({
    text: plainText(action.label, LIMITS.optionText),
    value,
  }))
  return {
    type: 'static_select',
    action_id: actionId,
    placeholder: plainText('More …', LIMITS.placeholder),
    options: fittingElements(MENU_JSON, options).slice(0, LIMITS.selectOptions),
  }
}

/** Those of the elements, in their order, that find room together. */
function fittingElements<T>(room: number, elements: T[]): T[] {
  let remaining = room
  return elements.filter(element => {
    const size = JSON.stringify(element).length + 1
    if (size > remaining) return false
    remaining -= size
    return true
  })
}
