import { type Absence, Agent } from './agents.ts'
import { MailingList, Redirector, Resender, Sink } from './forwarders.ts'
import { type Habits, Requester } from './people.ts'
import { NORTH, SOUTH } from './plans.ts'
import { BouncingServer, Spammer, VendorDesk } from './robots.ts'
import type { SimulatedDesk } from './simulated-desk.ts'
import type { Surroundings } from './writer.ts'

const [north, south] = [NORTH.address, SOUTH.address]
const TEAM = 'team@list.example'
const TALK = 'talk@list.example'
const SLOW = 'cases@slow-vendor.example'
const QUICK = 'support@vendor.example'
const INNOCENT = 'olga@innocent.example'
const GONE = 'gone@bounce.example'
const BOTH = [[north], [south]]

const REQUESTERS: readonly [name: string, address: string, habits: Habits][] = [
  ['Ann Ode', 'ann@home.example', { writesTo: [[north], [north], [south]], perDay: 0.6 }],
  ['Carl Cox', 'carl@home.example', { writesTo: BOTH, perDay: 0.5 }],
  ['Dora Day', 'dora@home.example', { writesTo: [[north, south]], perDay: 0.15 }],
  ['Finn Fox', 'finn@home.example', { writesTo: [[TEAM], [TALK], [south]], perDay: 0.6 }],
  ['Hana Hall', 'hana@home.example', { writesTo: [[TEAM, north], [TALK]], perDay: 0.2 }],
  // Three who are away all month, and still write now and then.
  ['Vera Vogt', 'vera@away.example', { writesTo: BOTH, perDay: 0.4, away: 'polite' }],
  ['Otto Oren', 'otto@away.example', { writesTo: [[north], [south], [TALK]], perDay: 0.4, away: 'silent' }],
  ['Gus Green', 'gus@away.example', { writesTo: [[north], [south], [TEAM]], perDay: 0.4, away: 'bulk' }],
  // Whoever wants answers to go to the other desk, or writes by hand as that desk.
  ['Iris Ives', 'iris@home.example', { writesTo: [[north]], perDay: 0.2, replyTo: south }],
  ['Jack Jung', 'jack@home.example', { writesTo: [[south]], perDay: 0.2, replyTo: north }],
]

/** Everybody who takes part. */
export interface Cast {
  requesters: readonly Requester[]
  agents: readonly Agent[]
  vendors: readonly VendorDesk[]
  resenders: readonly Resender[]
  /** Who has written as `gone`, or by hand as a desk. */
  pretenders: readonly Requester[]
  spammer: Spammer
}

/** Puts everybody in place, with their addresses. */
export function gather(surroundings: Surroundings, desks: { north: SimulatedDesk; south: SimulatedDesk }): Cast {
  const { exchange } = surroundings
  const requesters = REQUESTERS.map(([name, address, habits]) => new Requester(surroundings, name, address, habits))
  new MailingList(
    surroundings,
    TEAM,
    [north, 'ann@home.example', 'otto@away.example', 'gus@away.example', QUICK],
    false,
  )
  new MailingList(surroundings, TALK, [south, 'carl@home.example', 'otto@away.example', 'gus@away.example'], true)
  exchange.serve('@list.example', new Sink())
  exchange.serve('@spam.example', new Sink())
  exchange.serve(INNOCENT, new Sink())
  new BouncingServer(surroundings, '@bounce.example')
  // Liz's mailbox, and that of somebody who writes to the desk, send on to the desk; two send on to each other, and there.
  new Redirector(surroundings, 'liz@north-staff.example', [north])
  new Redirector(surroundings, 'echo@forward.example', [north])
  new Redirector(surroundings, 'ring1@forward.example', ['ring2@forward.example'])
  new Redirector(surroundings, 'ring2@forward.example', ['ring1@forward.example', south])
  return {
    requesters,
    agents: agentsOf(surroundings, desks),
    vendors: vendorsOf(surroundings),
    resenders: resendersOf(surroundings),
    pretenders: pretendersOf(surroundings),
    spammer: new Spammer(surroundings, [north, south], INNOCENT),
  }
}

function agentsOf(surroundings: Surroundings, desks: { north: SimulatedDesk; south: SimulatedDesk }): Agent[] {
  const agent = (desk: SimulatedDesk, handle: string, absence?: Absence) =>
    new Agent(surroundings, desk, handle, {
      ...(absence ? { absence } : {}),
      invites: [QUICK, SLOW, GONE, 'otto@away.example', desk === desks.north ? south : north],
    })
  const manner = surroundings.mute ? 'mute' : 'silent'
  return [
    agent(desks.north, 'bob', { from: 1.2, to: 1.9, manner }),
    agent(desks.north, 'eve', { from: 1, to: 5, manner }),
    // A day on which the whole team is away.
    agent(desks.south, 'mia', { from: 1, to: 2, manner: 'bulk' }),
    agent(desks.south, 'tom', { from: 1.3, to: 4, manner: 'bulk' }),
  ]
}

function vendorsOf(surroundings: Surroundings): VendorDesk[] {
  return [
    new VendorDesk(surroundings, QUICK, { subject: number => `[VT ${number}] We have your mail`, delayMs: 5_000 }),
    new VendorDesk(surroundings, SLOW, { subject: (number, asked) => `Case ${number}: ${asked}`, delayMs: 300_000 }),
    new VendorDesk(surroundings, 'service@hasty-vendor.example', {
      subject: number => `Your case ${number} was opened`,
      delayMs: 240_000,
    }),
  ]
}

function resendersOf(surroundings: Surroundings): Resender[] {
  const pair = (one: string, other: string, target: string, keepsSubject: boolean) => [
    new Resender(surroundings, one, { target, answersTo: other, keepsSubject }),
    new Resender(surroundings, other, { target, answersTo: one, keepsSubject }),
  ]
  return [
    ...pair('left@forward.example', 'right@forward.example', south, true),
    ...pair('up@forward.example', 'down@forward.example', north, false),
    new Resender(surroundings, 'self@forward.example', {
      target: north,
      answersTo: 'self@forward.example',
      keepsSubject: false,
    }),
  ]
}

/** Their own addresses are served by others: what is sent to them bounces, goes in circles or ends at a desk. */
function pretendersOf(surroundings: Surroundings): Requester[] {
  const pretend = (name: string, address: string, habits: Habits) =>
    new Requester(surroundings, name, address, habits, false)
  return [
    pretend('Gone Girl', GONE, { writesTo: BOTH, perDay: 0.3 }),
    pretend('Una User', 'una@refused.example', { writesTo: BOTH, perDay: 0.2 }),
    pretend('Ed Echo', 'echo@forward.example', { writesTo: [[north]], perDay: 0.3 }),
    pretend('Ria Ring', 'ring1@forward.example', { writesTo: [[south]], perDay: 0.3 }),
    pretend('south help', south, { writesTo: [[north]], perDay: 0.15 }),
    pretend('north help', north, { writesTo: [[south]], perDay: 0.15 }),
  ]
}
