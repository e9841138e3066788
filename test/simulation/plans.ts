import type { DeskPlan } from './simulated-desk.ts'

/** Gives its answers a token to come back with, and believes its spam filter. */
export const NORTH: DeskPlan = {
  name: 'north',
  prefix: 'N',
  address: 'help@north.example',
  agents: [
    { handle: 'bob', name: 'Bob Berg', email: 'bob@north-staff.example' },
    { handle: 'eve', name: 'Eve Ek', email: 'eve@north-staff.example' },
    // What comes to this one goes back to the desk.
    { handle: 'liz', name: 'Liz Lund', email: 'liz@north-staff.example' },
  ],
  channel: { plusAddress: true, authentication: { trusted: ['mx.north.example'] } },
}

/** Knows answers by their references and subjects alone. */
export const SOUTH: DeskPlan = {
  name: 'south',
  prefix: 'S',
  address: 'help@south.example',
  agents: [
    { handle: 'mia', name: 'Mia Moe', email: 'mia@south-staff.example' },
    { handle: 'tom', name: 'Tom Tveit', email: 'tom@south-staff.example' },
  ],
  channel: { aliases: ['support@south.example'] },
}
