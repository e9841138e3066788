import type { Block, Element, Json, Option } from './shapes.ts'

/** Something that can be pressed: a button, or one item of a menu. */
export interface Control {
  /** As it is read: of the button, or of the menu's item. */
  label: string
  kind: 'button' | 'overflow' | 'static_select'
  value: string
  blockId: string
  actionId: string
  style: string | undefined
  url: string | undefined
  /** What Slack says of it in the payload, but for the time. */
  action: Json
}

/** Whatever can be pressed in a message or a view, from top to bottom; items of menus one by one. */
export function controlsOf(holder: { blocks?: Block[] }): Control[] {
  return (holder.blocks ?? []).flatMap(block => {
    const elements = block.type === 'actions' ? (block.elements ?? []) : []
    const inside = block.accessory ? [...elements, block.accessory] : elements
    return inside.flatMap(element => controlsIn(element, block.block_id ?? ''))
  })
}

/** The one with this label. */
export function controlNamed(holder: { blocks?: Block[] }, label: string): Control {
  const controls = controlsOf(holder)
  const [found, another] = controls.filter(each => each.label === label)
  const there = controls.map(each => each.label).join(', ') || 'nothing'
  if (!found) throw new Error(`There is no ${label} to press, but ${there}`)
  if (another) throw new Error(`There are several ${label} to press`)
  return found
}

function controlsIn(element: Element, blockId: string): Control[] {
  const { type, action_id: actionId = '', options = [] } = element
  const common = {
    blockId,
    actionId,
    style: element.style as string | undefined,
    url: element.url as string | undefined,
  }
  const ids = { type, block_id: blockId, action_id: actionId }
  if (type === 'button') {
    const { text, value } = element
    const action = { ...ids, text: { emoji: true, ...text }, ...(value === undefined ? {} : { value }) }
    return [{ ...common, kind: type, label: text?.text ?? '', value: value ?? '', action }]
  }
  if (type !== 'overflow' && type !== 'static_select') return []
  return options.map((option: Option) => {
    const action = { ...ids, selected_option: option }
    return { ...common, kind: type, label: option.text.text, value: option.value, action }
  })
}
