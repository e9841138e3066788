// What somebody typed behind a slash command.
import { isLinkedBySlack } from './text-names.ts'

const MARKS: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' }

/**
 * What somebody typed behind a slash command, where Slack writes `&`, `<` and `>` in another way, and with "Escape channels,
 * users, and links" also whom and what they named: https://docs.slack.dev/interactivity/implementing-slash-commands
 * `names` by id.
 */
export function decodeTyped(text: string, names: Readonly<Record<string, string>> = {}): string {
  return text
    .replace(/<([@#!])([^<>|]*)(?:\|([^<>]*))?>/g, (_, kind: string, id: string, label = '') =>
      nameOf(kind, id, label, names),
    )
    .replace(/<((?:https?|mailto|tel):[^<>|\s]*)(?:\|([^<>]*))?>/g, (_, url: string, label = '') =>
      isLinkedBySlack(url, label) ? label : url.replace(/^(?:mailto|tel):/, ''),
    )
    .replace(/&(?:amp|lt|gt);/g, mark => MARKS[mark] ?? mark)
}

/** A command as it was meant: people write its word in bold or as code. */
export function plainCommand(typed: string): string {
  return typed.trim().replace(/^([*_~`]{1,6})(\S{1,100}?)\1(?=\s|$)/, '$2')
}

function nameOf(kind: string, id: string, label: string, names: Readonly<Record<string, string>>): string {
  const sign = kind === '#' ? '#' : '@'
  const known = Object.hasOwn(names, id) ? names[id] : undefined
  return `${sign}${known ?? (label.replace(/^[@#]/, '') || id.replace(/^subteam\^/, ''))}`
}
