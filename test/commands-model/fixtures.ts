/** Who and what there is at the desk of a run; the configuration says the same to the desk. */

export const PEOPLE_AT_WORK = 20

export const HANDLES: readonly string[] = Array.from({ length: PEOPLE_AT_WORK }, (_, index) => `agent${index}`)

/** To whom `escalate TICKET lead` goes. */
export const LEADS: readonly string[] = ['agent0', 'agent7']

interface Desk {
  id: string
  name: string
  prefix: string
}

export const DESKS: readonly [Desk, ...Desk[]] = [
  { id: 'help', name: 'Help desk', prefix: 'HD' },
  { id: 'building', name: 'Building', prefix: 'FM' },
]

/** Whose urgency counts one level higher. */
export const VIP_DOMAIN = 'board.example'

export const REQUESTERS: readonly string[] = [
  ...['ann', 'bea', 'cem', 'dan', 'eli', 'fay'].map(name => `${name}@example.com`),
  ...['una', 'vic'].map(name => `${name}@${VIP_DOMAIN}`),
]

export interface AskedField {
  name: string
  /** Empty: any text. */
  choices: readonly string[]
  required: boolean
}

const SERIAL: AskedField = { name: 'serial', choices: [], required: true }
const TRAY: AskedField = { name: 'tray', choices: ['upper', 'lower'], required: false }
const OUTAGE: AskedField = { name: 'outage', choices: ['partial', 'total'], required: false }
const APPROVED: AskedField = { name: 'approved', choices: ['boss', 'nobody'], required: true }

/** The fields that each category asks for, those of what it lies in included. */
export const CATEGORY_FIELDS: Record<string, readonly AskedField[]> = {
  hardware: [SERIAL],
  'hardware/printer': [SERIAL, TRAY],
  'hardware/phone': [SERIAL],
  access: [],
  'access/password': [],
  other: [],
}

export const KIND_FIELDS: Record<string, readonly AskedField[]> = { incident: [OUTAGE], request: [APPROVED] }

/** The file of categories that makes the desk ask for them. */
export const CATEGORY_TREE = {
  kinds: { incident: { fields: [OUTAGE] }, request: { fields: [APPROVED] } },
  categories: {
    hardware: { fields: [SERIAL], printer: { fields: [TRAY] }, phone: {} },
    access: { password: {} },
    other: {},
  },
}

/** So short that offers run out and resolved tickets close in the middle of a run. */
export const HANDOVER_WITHIN_MS = 5_000
export const CLOSE_AFTER_MS = 4_000
