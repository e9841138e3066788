import type { Command } from 'commander'
import { DeskError } from '../errors.ts'
import { print } from './with-desk.ts'

interface Word {
  word: string
  summary: string
}

const SHELLS = new Map<string, (words: Word[]) => string>(Object.entries({ bash, zsh, fish }))

/** `source <(relaydesk completion bash)`: every verb there is, made from the verbs themselves. */
export function addCompletion(program: Command): void {
  program
    .command('completion <shell>')
    .description('print what makes bash, zsh or fish complete the verbs: source <(relaydesk completion bash)')
    .action((shell: string) => {
      const made = SHELLS.get(shell.toLowerCase())
      if (!made) throw new DeskError('usage', `There is no completion for "${shell}": write bash, zsh or fish.`)
      const verbs = program.commands.flatMap(verb =>
        [verb.name(), ...verb.aliases()].map(word => ({
          word,
          summary: verb.description().split(/[.;:(]/, 1)[0] ?? '',
        })),
      )
      print(made([...verbs, { word: 'help', summary: 'Shows all verbs' }]))
    })
}

function bash(words: Word[]): string {
  return `_relaydesk() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ] || [ "\${COMP_WORDS[1]}" = help ]; then
    COMPREPLY=($(compgen -W "${words.map(each => each.word).join(' ')}" -- "$word"))
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
  else
    _files
  fi
}
compdef _relaydesk relaydesk`
}

function fish(words: Word[]): string {
  return words
    .map(
      ({ word, summary }) =>
        `complete -c relaydesk -n __fish_use_subcommand -a ${word} -d '${summary.replaceAll("'", '’')}'`,
    )
    .join('\n')
}
