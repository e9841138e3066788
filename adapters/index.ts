// The list of all kinds of channels, by the word that `kind` says in the configuration: one line each.
export { email } from './email/kind.ts'
export { slack } from './slack/kind.ts'
