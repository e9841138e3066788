import type { Block, Element, Json, Option, View } from '../shapes.ts'

/** What a person enters in a form, by the labels of its fields. Of a choice: the label of the option. */
export type Entries = Record<string, string | string[]>

/**
 * The `state` of a view with these entries, and what it came with in the other fields. As Slack's clients, it does not
 * let go of a form with an empty required field or with a text that is too long or too short: that is an error.
 */
export function stateOf(view: View, entries: Entries): { values: Record<string, Json> } {
  const inputs = view.blocks.filter(block => block.type === 'input')
  const labels = inputs.map(block => block.label?.text ?? '')
  for (const label of Object.keys(entries)) {
    if (!labels.includes(label)) throw new Error(`There is no field ${label}, but ${labels.join(', ')}`)
  }
  const values: Record<string, Json> = {}
  for (const block of inputs) {
    const { element } = block
    if (!element) continue
    const entered = entryOf(element, entries[block.label?.text ?? ''])
    if (isEmpty(entered) && !block.optional) throw new Error(`${block.label?.text} is required`)
    checkLength(block, entered.value)
    values[block.block_id ?? ''] = { [element.action_id ?? '']: { type: element.type, ...entered } }
  }
  return { values }
}

/** What the state says of one field: `value`, or whatever this kind of element has instead. */
function entryOf(element: Element, entered: string | string[] | undefined): Json {
  const one = Array.isArray(entered) ? entered[0] : entered
  const many = Array.isArray(entered) ? entered : entered === undefined ? undefined : [entered]
  switch (element.type) {
    case 'static_select':
    case 'radio_buttons':
      return { selected_option: one === undefined ? (element.initial_option ?? null) : optionNamed(element, one) }
    case 'checkboxes':
    case 'multi_static_select':
      return { selected_options: many?.map(each => optionNamed(element, each)) ?? element.initial_options ?? [] }
    case 'datepicker':
      return { selected_date: one ?? element.initial_date ?? null }
    case 'timepicker':
      return { selected_time: one ?? element.initial_time ?? null }
    case 'users_select':
      return { selected_user: one ?? element.initial_user ?? null }
    default:
      return { value: one || (one === undefined ? (element.initial_value ?? null) : null) }
  }
}

function optionNamed(element: Element, label: string): Option {
  const groups = (element.option_groups as { options: Option[] }[] | undefined) ?? []
  const options = [...(element.options ?? []), ...groups.flatMap(group => group.options)]
  const found = options.find(each => each.text.text === label) ?? options.find(each => each.value === label)
  if (!found) throw new Error(`There is no ${label} to choose, but ${options.map(each => each.text.text).join(', ')}`)
  return found
}

function isEmpty(entered: Json): boolean {
  return Object.values(entered).every(each => each === null || (Array.isArray(each) && each.length === 0))
}

function checkLength({ label, element }: Block, value: unknown): void {
  if (typeof value !== 'string') return
  const [least, most] = [element?.min_length, element?.max_length]
  if (typeof most === 'number' && value.length > most) throw new Error(`${label?.text} is longer than ${most}`)
  if (typeof least === 'number' && value.length < least) throw new Error(`${label?.text} is shorter than ${least}`)
}
