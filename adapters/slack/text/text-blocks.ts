// Text of blocks.
import { type Fields, fieldsOf, listOf, textOf } from './text-fields.ts'
import { markdownFromSlack } from './text-mrkdwn.ts'
import { markdownLink, type Names } from './text-names.ts'
import { markdownFromRichText } from './text-rich.ts'

/** Whether a person wrote these blocks: what people type comes in this form, and is exact where the text is not. */
export function hasRichText(blocks: unknown): boolean {
  return listOf(blocks).some(block => block.type === 'rich_text')
}

/**
 * The blocks of a message as Markdown that reads well as plain text; '' if nothing in them is text.
 * https://docs.slack.dev/reference/block-kit/blocks
 */
export function markdownFromBlocks(blocks: unknown, names: Names): string {
  return listOf(blocks)
    .map(block => readBlock(block, names))
    .filter(text => text.trim() !== '')
    .join('\n\n')
}

function readBlock(block: Fields, names: Names): string {
  switch (block.type) {
    case 'rich_text':
      return markdownFromRichText(block, names)
    case 'section':
      return [readObject(block.text, names), ...listOf(block.fields).map(each => readObject(each, names))]
        .filter(Boolean)
        .join('\n')
    case 'header': {
      const title = readObject(block.text, names)
      return title && `**${title}**`
    }
    case 'context':
      return listOf(block.elements)
        .map(each => (each.type === 'image' ? textOf(each.alt_text) : readObject(each, names)))
        .filter(Boolean)
        .join(' ')
    case 'image':
    case 'video':
      return markdownLink(
        textOf(block.image_url ?? block.video_url),
        readObject(block.title, names) || textOf(block.alt_text),
        names,
      )
    case 'divider':
      return '---'
    case 'markdown':
      return textOf(block.text)
    case 'table':
      return readTable(block, names)
    default:
      return ''
  }
}

/** A text object: https://docs.slack.dev/reference/block-kit/composition-objects/text-object */
function readObject(value: unknown, names: Names): string {
  const { type, text } = fieldsOf(value)
  return type === 'mrkdwn' ? markdownFromSlack(textOf(text), names) : textOf(text)
}

function readTable(block: Fields, names: Names): string {
  const rows = Array.isArray(block.rows) ? block.rows : []
  return rows
    .map(row =>
      listOf(row)
        .map(cell => readCell(cell, names).replaceAll('\n', ' '))
        .join(' | '),
    )
    .join('\n')
}

function readCell(cell: Fields, names: Names): string {
  return cell.type === 'rich_text' ? markdownFromRichText(cell, names) : textOf(cell.text)
}
