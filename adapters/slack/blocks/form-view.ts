// Forms as Slack shows them.
import type {
  InputBlock,
  KnownBlock,
  ModalView,
  PlainTextInput,
  PlainTextOption,
  RadioButtons,
  StaticSelect,
} from '@slack/types'
import { z } from 'zod'
import type { Field, Form } from '../../../src/channel/surface.ts'
import { quoteArgument } from '../../../src/core/text/command-line.ts'
import { printable } from '../../../src/core/text/printable.ts'
import { splitForSlack } from '../text/text-pieces.ts'
import { pack, unpack } from './action-blocks.ts'
import { cut, escapeText, LIMITS, plainText } from './block-limits.ts'

/** The `callback_id` of every form. */
export const FORM_ID = 'desk:form'

const MOST_INTRO = 10 // blocks

const PLACEHOLDER = /\{([^{}\s]+)\}/g

/** Choices that are all shown at once; more are a menu. */
const SHOWN_CHOICES = 5

/** What must be known of a field to read it back. */
export type FieldRule = Pick<Field, 'name' | 'kind' | 'required' | 'least' | 'most'>

/** What a form is about: the line it completes, and what else whoever shows it wants to find again. */
export type FormMeta = { line: string } & Record<string, string>

/** As it comes in a `view_submission`: by `block_id`, then `action_id`. */
export type FormState = Record<
  string,
  Record<string, { value?: string | null; selected_option?: { value: string } | null }>
>

const metaSchema = z.strictObject({
  meta: z.record(z.string(), z.string()).and(z.object({ line: z.string() })),
  fields: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['line', 'text', 'choice']),
      required: z.boolean(),
      least: z.number().optional(),
      most: z.number().optional(),
    }),
  ),
})

/**
 * A form as a modal. `toMrkdwn` writes its introduction, which is plain text, such that Slack shows it.
 * Throws a `RangeError` for what finds no room beside it: `meta` and the rules of the fields, packed, over 3,000 characters.
 */
export function formView(form: Form, meta: FormMeta, toMrkdwn: (text: string) => string = escapeText): ModalView {
  const introText = form.intro?.trim() ? toMrkdwn(printable(form.intro).toWellFormed()) : ''
  const intro = splitForSlack(introText, LIMITS.sectionText).slice(0, MOST_INTRO).map(section)
  const fields = distinct(form.fields).slice(0, LIMITS.viewBlocks - intro.length)
  const rules = fields.map<FieldRule>(({ name, kind, required, least, most }) => ({
    name,
    kind,
    required,
    ...(least === undefined ? {} : { least }),
    ...(most === undefined ? {} : { most }),
  }))
  const metadata = pack({ meta, fields: rules }, LIMITS.privateMetadata)
  if (metadata === null) throw new RangeError(`The form "${form.title}" is too large for Slack.`)
  const blocks: KnownBlock[] = fields.map((field, index) => input(field, index === 0))
  return {
    type: 'modal',
    callback_id: FORM_ID,
    title: plainText(form.title, LIMITS.viewTitle),
    submit: plainText(form.submit, LIMITS.viewTitle),
    close: plainText('Cancel', LIMITS.viewTitle),
    private_metadata: metadata,
    blocks: [...intro, ...blocks],
  }
}

/** What must be read before something is written is shown whole. */
function section(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }
}

/** What `formView` was given with a form; null for a view that is not of ours. Never throws. */
export function readMeta(privateMetadata: string): { meta: FormMeta; fields: FieldRule[] } | null {
  const read = metaSchema.safeParse(unpack(privateMetadata))
  return read.success ? read.data : null
}

/** What was entered, by the name of the field; '' for nothing. */
export function readForm(state: FormState, names: string[]): { values: Record<string, string> } {
  return { values: Object.fromEntries(names.map(name => [name, enteredValue(state, name)])) }
}

/**
 * What is wrong with what was entered, by `block_id`, as the `errors` of a `response_action`
 * (https://docs.slack.dev/surfaces/modals#displaying_errors). Empty: nothing.
 */
export function formErrors(form: { fields: FieldRule[] }, values: Record<string, string>): Record<string, string> {
  const found = form.fields.map(field => [fieldId(field.name), mistake(field, values[field.name] ?? '')])
  return Object.fromEntries(found.filter(([, sentence]) => sentence !== ''))
}

/**
 * The line with what was entered: for each word with a `{name}` in it one word, which holds nothing but the value, neither
 * an option nor a command. With an empty value goes the word; where more must go, that stands in brackets:
 * `resolve HD-7 [--category {category}]`. A name that `values` does not have stays as it is.
 */
export function fillLine(line: string, values: Record<string, string>): string {
  const chosen = line.replace(/(\s*)\[([^[\]]*)\]/g, (all, space: string, inner: string) => {
    const held = valuesIn(inner, values)
    if (held.length === 0) return all
    return held.some(isEmpty) ? '' : space + inner
  })
  const filled = chosen.replace(/(\s*)(\S+)/g, (all, space: string, word: string) => {
    const held = valuesIn(word, values)
    if (held.length === 0) return all
    return held.some(isEmpty) ? '' : space + oneWord(word, values)
  })
  return filled.trim()
}

function valuesIn(text: string, values: Record<string, string>): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, name = '']) => ownValue(values, name) ?? [])
}

function ownValue(values: Record<string, string>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name]?.trim() : undefined
}

function isEmpty(value: string): boolean {
  return value === ''
}

/** In quotes where it could be an option. */
function oneWord(word: string, values: Record<string, string>): string {
  const text = word.replace(PLACEHOLDER, (all, name: string) => ownValue(values, name) ?? all)
  const [option = ''] = /^--[a-z-]+=(?=\{)/.exec(word) ?? []
  return option + quoteArgument(text.slice(option.length))
}

function enteredValue(state: FormState, name: string): string {
  const held = state[fieldId(name)]?.[fieldId(name)]
  return held?.value ?? fromOption(held?.selected_option?.value ?? '')
}

function mistake({ required, least, most }: FieldRule, value: string): string {
  const length = [...value].length
  if (value.trim() === '') return required ? 'Please fill this in.' : ''
  if (least !== undefined && length < least) return `Please write at least ${least} characters.`
  if (most !== undefined && length > most) return `At most ${most} characters fit; this has ${length}.`
  return ''
}

/** An entry field. A choice without a choice that Slack could carry is typed. */
function input(field: Field, first: boolean): InputBlock {
  const { name, label, hint, required, value } = field
  const hintText = isCut(field) ? `This is only the first part: no more than ${longestOf(field)} characters fit.` : hint
  const options = optionsOf(field)
  const focus = first ? { focus_on_load: true } : {}
  const chosen = options.find(each => each.value === toOption(value ?? ''))
  const initial = chosen ? { initial_option: chosen } : {}
  const few = required && options.length <= SHOWN_CHOICES
  const shown: RadioButtons | StaticSelect = few
    ? { type: 'radio_buttons', action_id: fieldId(name), options, ...initial, ...focus }
    : { type: 'static_select', action_id: fieldId(name), options, ...initial, ...focus }
  return {
    type: 'input',
    block_id: fieldId(name),
    label: plainText(label, LIMITS.inputLabel),
    ...(hintText?.trim() ? { hint: plainText(hintText, LIMITS.inputLabel) } : {}),
    optional: !required,
    element: field.kind === 'choice' && options.length > 0 ? shown : { ...textInput(field), ...focus },
  }
}

/** In characters. */
function longestOf({ most = LIMITS.inputText }: Pick<Field, 'most'>): number {
  return Math.max(1, Math.min(Math.floor(most), LIMITS.inputText))
}

/** Whether what it is to begin with finds no room in it. */
function isCut(field: Field): boolean {
  return field.kind !== 'choice' && (field.value ?? '').length > longestOf(field)
}

/** Slack counts only where something must be entered; the rest is for `formErrors`. */
function textInput({ name, kind, required, least = 0, most = LIMITS.inputText, value = '' }: Field): PlainTextInput {
  const longest = longestOf({ most })
  const shortest = Math.min(Math.floor(least), longest)
  const initial = cut(value, longest)
  return {
    type: 'plain_text_input',
    action_id: fieldId(name),
    multiline: kind === 'text',
    max_length: longest,
    ...(required && shortest > 0 ? { min_length: shortest } : {}),
    ...(initial ? { initial_value: initial } : {}),
  }
}

/** One that is too long is left out: cut short it would be another. */
function optionsOf({ choices = [] }: Field): PlainTextOption[] {
  const found = new Map<string, PlainTextOption>()
  for (const { value, label } of choices) {
    const carried = toOption(value)
    if (carried === '' || carried.length > LIMITS.optionValue || found.has(carried)) continue
    found.set(carried, { text: plainText(label || value, LIMITS.optionText), value: carried })
  }
  return [...found.values()].slice(0, LIMITS.selectOptions)
}

/** Without `&`, `<` and `>`, as in `pack`. */
function toOption(value: string): string {
  return value.toWellFormed().replace(/[%&<>]/g, encodeURIComponent)
}

function fromOption(value: string): string {
  return value.replace(/%(25|26|3C|3E)/g, decodeURIComponent)
}

/** Both `block_id` and `action_id`. */
function fieldId(name: string): string {
  return `field:${name}`
}

function distinct(fields: Field[]): Field[] {
  return fields.filter(({ name }, index) => fields.findIndex(each => each.name === name) === index)
}
