import { randomBytes } from 'node:crypto'
import { home, messageBlocks, modal } from '../block-kit.ts'
import { type Answer, type Block, type Json, refusal } from '../shapes.ts'
import { isObject } from './rules.ts'

/**
 * What Slack counts of a message's blocks, by what people measured: their text, and about as many characters for each
 * block as for a short line. https://github.com/slackapi/bolt-js/issues/2509
 */
const BLOCKS_TOGETHER = 13_400
const A_BLOCK = 125

/** A text that is changed; of a new one what is over 40,000 characters is cut off. */
const CHANGED_TEXT = 4_000

const METADATA_BYTES = 8 * 1024
const VIEW_BYTES = 250_000

/** Why Slack would not take this message; nothing where it would. */
export function flawOfMessage(args: Json, { changes = false } = {}): Answer | undefined {
  const { blocks, text, metadata, markdown_text: markdown } = args
  if (markdown !== undefined && (text || blocks !== undefined)) return refusal('markdown_text_conflict')
  if (String(markdown ?? '').length > 12_000) return refusal('msg_too_long')
  if (changes && Buffer.byteLength(String(text ?? '')) > CHANGED_TEXT) return refusal('msg_too_long')
  if (metadata !== undefined) {
    if (!isObject(metadata) || typeof metadata.event_type !== 'string' || !isObject(metadata.event_payload)) {
      return refusal('invalid_metadata_format')
    }
    if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_BYTES) return refusal('metadata_too_large')
  }
  return blocks === undefined ? undefined : flawOfBlocks(blocks)
}

function flawOfBlocks(blocks: unknown): Answer | undefined {
  const flaws: string[] = []
  messageBlocks(blocks, '/blocks', flaws)
  if (flaws.length > 0) return refused('invalid_blocks', flaws)
  const count = (blocks as unknown[]).length
  return textLength(blocks) + count * A_BLOCK > BLOCKS_TOGETHER ? refusal('msg_blocks_too_long') : undefined
}

/** Why Slack would not take this view. */
export function flawOfView(view: unknown): Answer | undefined {
  const flaws: string[] = []
  const type = isObject(view) ? view.type : undefined
  if (type !== 'modal' && type !== 'home') return refused('invalid_arguments', ['[ERROR] unsupported view type'])
  const rule = type === 'modal' ? modal : home
  rule(view, '/view', flaws)
  const blocks = isObject(view) && Array.isArray(view.blocks) ? (view.blocks as Block[]) : []
  if (type === 'modal' && blocks.some(each => each.type === 'input') && !(isObject(view) && view.submit)) {
    flaws.push('[ERROR] missing required field: submit [json-pointer:/view]')
  }
  if (flaws.length > 0) return refused('invalid_arguments', flaws)
  return Buffer.byteLength(JSON.stringify(view)) > VIEW_BYTES ? refusal('view_too_large') : undefined
}

/** As Slack does it: what has no id gets one. */
export function withIds(blocks: unknown): unknown {
  if (!Array.isArray(blocks)) return blocks
  return blocks.map((block: Block) => {
    const named = { ...block, block_id: block.block_id ?? newId() }
    const { elements, element, accessory } = block
    if (element) named.element = withActionId(element)
    if (accessory && accessory.type !== 'image') named.accessory = withActionId(accessory)
    if (elements && block.type === 'actions') named.elements = elements.map(withActionId)
    return named
  })
}

function withActionId<T extends { action_id?: string }>(element: T): T {
  return { ...element, action_id: element.action_id ?? newId() }
}

function newId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5)
}

function refused(error: string, flaws: string[]): Answer {
  return refusal(error, {
    errors: flaws.map(flaw => flaw.replace('[ERROR] ', '')),
    response_metadata: { messages: flaws },
  })
}

/** Characters of every `text` below here. */
function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + textLength(each), 0)
  if (!isObject(value)) return 0
  return Object.entries(value).reduce((sum, [name, each]) => {
    return sum + (name === 'text' && typeof each === 'string' ? each.length : textLength(each))
  }, 0)
}
