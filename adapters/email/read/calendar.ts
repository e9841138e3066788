// Invitations as a person reads them.
import ICAL from 'ical.js'
import { oneLine } from '../../../src/core/text/address.ts'
import { ownEntry } from '../../../src/core/text/own-entry.ts'

const LONGEST = 512 * 1024
const MOST_EVENTS = 20
const MOST_PEOPLE = 50

/** What a calendar is sent for (RFC 5546 section 1.4). */
const METHODS: Readonly<Record<string, string>> = {
  REQUEST: 'Invitation',
  CANCEL: 'Cancelled',
  COUNTER: 'Another time is proposed',
  PUBLISH: 'Event',
  ADD: 'Added',
}
const ANSWERS: Readonly<Record<string, string>> = {
  ACCEPTED: 'Accepted',
  DECLINED: 'Declined',
  TENTATIVE: 'Perhaps',
}

/** A calendar (RFC 5545) as a person reads it: what, when, where and who. '' if it holds no event that can be read. */
export function calendarText(source: string): string {
  try {
    const calendar = new ICAL.Component(ICAL.parse(source.slice(0, LONGEST)))
    const method = String(calendar.getFirstPropertyValue('method') ?? '').toUpperCase()
    const events = [...calendar.getAllSubcomponents('vevent'), ...calendar.getAllSubcomponents('vtodo')]
    return events
      .slice(0, MOST_EVENTS)
      .map(event => eventText(event, method))
      .join('\n\n')
  } catch {
    return ''
  }
}

function eventText(event: ICAL.Component, method: string): string {
  const propertyText = (name: string) => String(event.getFirstPropertyValue(name) ?? '').trim()
  const people = event.getAllProperties('attendee').slice(0, MOST_PEOPLE)
  const answer = method === 'REPLY' ? ownEntry(ANSWERS, parameter(people[0], 'partstat')) : undefined
  const title =
    answer ?? ownEntry(METHODS, propertyText('status').toUpperCase() === 'CANCELLED' ? 'CANCEL' : method) ?? 'Event'
  const rule = event.getFirstPropertyValue('rrule')
  const lines = [
    `${title}: ${oneLine(propertyText('summary')) || '(no title)'}`,
    whenOf(event),
    rule ? `Repeats: ${oneLine(String(rule))}` : '',
    propertyText('location') ? `Where: ${oneLine(propertyText('location'))}` : '',
    personLine('Organizer', event.getFirstProperty('organizer') ? [event.getFirstProperty('organizer')] : []),
    personLine(answer ? 'From' : 'Attendees', people),
  ]
  const details = propertyText('description').replace(/\r\n?/g, '\n').trim()
  return [...lines.filter(Boolean), ...(details ? ['', details] : [])].join('\n')
}

function parameter(property: ICAL.Property | undefined, name: string): string {
  const value = property?.getParameter(name)
  return String(Array.isArray(value) ? value[0] : (value ?? '')).toUpperCase()
}

function personLine(label: string, people: readonly (ICAL.Property | null)[]): string {
  const names = people.flatMap(person => {
    if (!person) return []
    const address = String(person.getFirstValue() ?? '').replace(/^mailto:/i, '')
    const name = person.getParameter('cn')
    const shown = oneLine(String(Array.isArray(name) ? name[0] : (name ?? '')))
    return [oneLine(shown && shown !== address ? `${shown} <${address}>` : address)]
  })
  return names.length > 0 ? `${label}: ${names.join(', ')}` : ''
}

/** Times as they are written, with their zone: nobody here knows where the reader is. */
function whenOf(event: ICAL.Component): string {
  const start = timeOf(event, 'dtstart')
  if (!start) return ''
  const zone = zoneOf(event, 'dtstart')
  const end = timeOf(event, 'dtend') || timeOf(event, 'due')
  const [day] = start.split(' ')
  const until = end.startsWith(`${day} `) ? end.slice((day ?? '').length + 1) : end
  const lasts = event.getFirstPropertyValue('duration')
  const to =
    until && until !== start ? ` to ${until}` : lasts ? ` for ${String(lasts).replace(/^PT?/, '').toLowerCase()}` : ''
  return `When: ${start}${to}${zone ? ` (${zone})` : ''}`
}

/** `2026-11-26 10:00`, or a day alone. */
function timeOf(event: ICAL.Component, name: string): string {
  const value = event.getFirstPropertyValue(name)
  if (!(value instanceof ICAL.Time)) return ''
  const text = value.toString()
  return value.isDate ? text.slice(0, 10) : text.slice(0, 16).replace('T', ' ')
}

function zoneOf(event: ICAL.Component, name: string): string {
  const property = event.getFirstProperty(name)
  const value = property?.getFirstValue()
  if (!(value instanceof ICAL.Time) || value.isDate) return ''
  const zone = property?.getParameter('tzid')
  return zone ? oneLine(String(zone)) : value.zone === ICAL.Timezone.utcTimezone ? 'UTC' : ''
}
