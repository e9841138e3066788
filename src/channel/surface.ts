// What people see and press where they work: actions, forms, cards, home pages.

/** How a text is written: as it was typed, or in Markdown because its writer chose what is styled in it. */
export type TextFormat = 'plain' | 'markdown'

/** Something to do with one press: a command line, and what is asked for before it is given. */
export interface Action {
  label: string
  /** As typed. Of a field of the form `{name}` stands for what was entered, in quotes. */
  line: string
  /** Asked for first; the field `text` goes along as the command's text. */
  form?: Form
  style?: 'primary' | 'danger'
  /** Its text goes to the requester. */
  sends?: true
}

/** What a person is asked for, whichever way it is shown. */
export interface Form {
  title: string
  /** A sentence above the fields; plain text, which may hold names of people. */
  intro?: string
  /** On the button that sends it. */
  submit: string
  fields: Field[]
}

export interface Field {
  /** Letters only. */
  name: string
  label: string
  hint?: string
  /** `line`: a short text; `text`: one of any length; `choice`: one of `choices`. */
  kind: 'line' | 'text' | 'choice'
  /** For `choice`: at most 100. */
  choices?: { value: string; label: string }[]
  required: boolean
  /** Characters. */
  most?: number
  least?: number
  value?: string
}

/** A ticket at a glance, shown where agents work and kept up to date there. */
export interface Card {
  ref: string
  /** One line. */
  subject: string
  /** What it waits for, who has it, how urgent it is, how old: in this order. */
  facts: { label: string; value: string }[]
  /** Newest message of the requester's side, cut short; plain text. */
  latest: { author: string; text: string; at: string } | null
  /** The first few are buttons, the others a menu. */
  actions: Action[]
  /** Nothing is left to be done. */
  done: boolean
}

/** Something that happened on a ticket, told below its card. */
export interface CardEntry {
  /** Unique, and the same at every attempt. */
  id: string
  /** `requester`: somebody whom we answer; `answer`: to them; `note`: among agents; `event`: of the desk. */
  from: 'requester' | 'answer' | 'note' | 'event'
  author: string
  /** Plain text of others, shown as it is. */
  text: string
  files: { name: string; size: number }[]
  /** Whose attention it wants: addresses of this channel's kind. */
  mentions: string[]
  actions: Action[]
  attempt: number
}

/** What one person sees of the desk: a page of their own. */
export interface Home {
  /** Sentences above all; Markdown. */
  intro: string
  actions: Action[]
  sections: { title: string; empty: string; items: HomeItem[] /** How many are not shown. */; more: number }[]
}

export interface HomeItem {
  ref: string
  subject: string
  /** State, owner, age: one line. */
  detail: string
  actions: Action[]
}
