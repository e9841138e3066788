// Completion of verbs in bash, zsh and fish.
import type { Command } from 'commander'
import { optionsOf } from '../commands/command/command.ts'
import { createCommands } from '../commands/registry.ts'
import { DeskError } from '../errors.ts'
import { print } from './with-desk.ts'

interface Word {
  word: string
  summary: string
  /** With their hyphens. */
  options: string[]
}

const SHELLS = new Map<string, (words: Word[]) => string>(Object.entries({ bash, zsh, fish }))

/** `source <(relaydesk completion bash)`: every verb there is, made from the verbs themselves. */
export function addCompletion(program: Command): void {
  program
    .command('completion <shell>')
    .description('print shell completion for bash, zsh or fish: source <(relaydesk completion bash)')
    .action((shell: string) => {
      const made = SHELLS.get(shell.toLowerCase())
      if (!made) throw new DeskError('usage', `There is no completion for "${shell}": write bash, zsh or fish.`)
      const commands = createCommands().all
      const verbs = program.commands.flatMap(verb => {
        const deskCommand = commands.find(each => each.word === verb.name())
        const options = [
          ...Object.keys(deskCommand ? optionsOf(deskCommand) : {}).map(name => `--${name}`),
          ...verb.options.flatMap(each => each.long ?? []),
        ]
        const summary = verb.description().split(/[.;:(]/, 1)[0] ?? ''
        return [verb.name(), ...verb.aliases()].map(word => ({ word, summary, options }))
      })
      print(made([...verbs, { word: 'help', summary: 'Shows all verbs', options: [] }]))
    })
}

function bash(words: Word[]): string {
  return `_relaydesk() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ] || [ "\${COMP_WORDS[1]}" = help ]; then
    COMPREPLY=($(compgen -W "${words.map(each => each.word).join(' ')}" -- "$word"))
  elif [[ "$word" == -* ]]; then
    case "\${COMP_WORDS[1]}" in
${cases(words, options => `COMPREPLY=($(compgen -W "${options}" -- "$word"))`)}
    esac
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _relaydesk relaydesk`
}

function zsh(words: Word[]): string {
  const lines = words.map(({ word, summary }) => `    '${word}:${summary.replaceAll("'", '’')}'`)
  return `#compdef relaydesk
_relaydesk() {
  local -a verbs
  verbs=(
${lines.join('\n')}
  )
  if (( CURRENT == 2 )) || [[ "$words[2]" == help ]]; then
    _describe 'verb' verbs
  elif [[ "$PREFIX" == -* ]]; then
    case "$words[2]" in
${cases(words, options => `compadd -- ${options}`)}
    esac
  else
    _files
  fi
}
compdef _relaydesk relaydesk`
}

function fish(words: Word[]): string {
  const lines = words.flatMap(({ word, summary, options }) => [
    `complete -c relaydesk -n __fish_use_subcommand -a ${word} -d '${summary.replaceAll("'", '’')}'`,
    ...options.map(option => `complete -c relaydesk -n '__fish_seen_subcommand_from ${word}' -l ${option.slice(2)}`),
  ])
  return lines.join('\n')
}

function cases(words: readonly Word[], complete: (options: string) => string): string {
  const known = words.filter(each => each.options.length > 0)
  return known.map(({ word, options }) => `    ${word}) ${complete(options.join(' '))} ;;`).join('\n')
}
