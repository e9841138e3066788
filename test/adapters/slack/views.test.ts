import type { KnownBlock, View } from '@slack/types'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACTION_ID, actionBlocks, pack, readAction, unpack } from '../../../adapters/slack/blocks/action-blocks.ts'
import { cut, escapedLine, LIMITS } from '../../../adapters/slack/blocks/block-limits.ts'
import { cardBlocks, entryBlocks } from '../../../adapters/slack/blocks/card-blocks.ts'
import {
  type FormState,
  fillLine,
  formErrors,
  formView,
  readForm,
  readMeta,
} from '../../../adapters/slack/blocks/form-view.ts'
import { homeView } from '../../../adapters/slack/blocks/home-view.ts'
import { inMessages, messageBlocks } from '../../../adapters/slack/blocks/message-blocks.ts'
import type { Action, Card, CardEntry, Field, Form, Home } from '../../../src/channel/surface.ts'
import { parseCommandLine } from '../../../src/core/text/command-line.ts'

type Json = Record<string, unknown>

/** Lengths of texts by the kind of thing they stand in: JSON path without numbers, ends with. */
const TEXT_LIMITS: [RegExp, number][] = [
  [/^header\.text\.text$/, LIMITS.headerText],
  [/^section\.text\.text$/, LIMITS.sectionText],
  [/^context\.elements\.text$/, LIMITS.sectionText],
  [/^rich_text\..*\.(text|fallback|format)$/, LIMITS.sectionText],
  [/^actions\.elements\.text\.text$/, LIMITS.buttonText],
  [/^actions\.elements\.value$/, LIMITS.buttonValue],
  [/\.options\.text\.text$|\.initial_option\.text\.text$/, LIMITS.optionText],
  [/\.options\.value$|\.initial_option\.value$/, LIMITS.optionValue],
  [/\.placeholder\.text$/, LIMITS.placeholder],
  [/^input\.(label|hint)\.text$/, LIMITS.inputLabel],
  [/^input\.element\.initial_value$/, LIMITS.inputText],
  [/(^|\.)(block_id|action_id)$/, LIMITS.id],
  [/(^|\.)(type|style)$/, 30],
]

/** What Slack would refuse in these blocks; one sentence each. */
function faults(blocks: KnownBlock[], most: number): string[] {
  const found: string[] = []
  if (blocks.length > most) found.push(`${blocks.length} blocks`)
  const actionIds = new Set<string>()
  const blockIds = new Set<string>()
  const walk = (value: unknown, path: string) => {
    if (Array.isArray(value)) {
      if (value.length === 0) found.push(`${path} is empty`)
      const room = path.endsWith('.options')
        ? LIMITS.selectOptions
        : path.startsWith('context')
          ? LIMITS.contextElements
          : LIMITS.actionsElements
      if (value.length > room) found.push(`${path} has ${value.length}`)
      if (path.endsWith('.options') && new Set(value.map(each => each.value)).size < value.length) {
        found.push(`${path} has a value twice`)
      }
      for (const each of value) walk(each, path)
    } else if (typeof value === 'string') {
      const limit = TEXT_LIMITS.find(([where]) => where.test(path))?.[1]
      if (limit === undefined) found.push(`${path} is not known`)
      else if (value.length === 0 || value.length > limit) found.push(`${path} is ${value.length} long`)
      if (!value.isWellFormed()) found.push(`${path} has half a character`)
      if (path.endsWith('action_id')) count(actionIds, value, path)
      if (path.endsWith('block_id')) count(blockIds, value, path)
    } else if (typeof value === 'object' && value !== null) {
      const object = value as Json
      if (object.type === 'plain_text' && object.emoji !== false) found.push(`${path} shows emoji`)
      if (object.type === 'mrkdwn' && /<(?!@[UW][A-Z0-9]+>)|&(?!amp;|lt;|gt;)/.test(String(object.text))) {
        found.push(`${path} is not escaped`)
      }
      for (const [key, each] of Object.entries(object)) walk(each, `${path}.${key}`)
    }
  }
  const count = (seen: Set<string>, id: string, path: string) => {
    if (seen.has(id)) found.push(`${path} ${id} is there twice`)
    seen.add(id)
  }
  for (const block of blocks) for (const [key, each] of Object.entries(block)) walk(each, `${block.type}.${key}`)
  return found
}

function messageFaults(blocks: KnownBlock[]): string[] {
  const size = JSON.stringify(blocks).length
  return [
    ...faults(blocks, LIMITS.messageBlocks),
    ...(size > LIMITS.messageJson ? [`the message is ${size} long`] : []),
  ]
}

function viewFaults(view: View): string[] {
  const found = faults(view.blocks as KnownBlock[], LIMITS.viewBlocks)
  const bytes = Buffer.byteLength(JSON.stringify(view))
  if (bytes > LIMITS.homeBytes) found.push(`the view has ${bytes} bytes`)
  if ((view.private_metadata?.length ?? 0) > LIMITS.privateMetadata) found.push('too much metadata')
  if (view.type !== 'modal') return found
  for (const text of [view.title, view.submit, view.close]) {
    if (!text || text.text.length === 0 || text.text.length > LIMITS.viewTitle) found.push('title')
  }
  for (const block of view.blocks as KnownBlock[]) {
    if (block.type !== 'input') continue
    const element = block.element
    if (element.type === 'plain_text_input') {
      const { min_length = 0, max_length = 0, initial_value = '' } = element
      if (min_length > max_length || max_length < 1 || max_length > LIMITS.inputText) found.push('lengths')
      if (initial_value.length > max_length) found.push('initial value')
    } else if (element.type === 'static_select' || element.type === 'radio_buttons') {
      const { options = [], initial_option } = element
      if (element.type === 'radio_buttons' && options.length > LIMITS.radioOptions) found.push('radio')
      if (initial_option && !options.some(each => JSON.stringify(each) === JSON.stringify(initial_option))) {
        found.push('initial option')
      }
    } else found.push(element.type)
  }
  return found
}

/** Text as people, and those who mean ill, write it. */
const short = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  fc.constantFrom(
    '',
    ' ',
    '\n',
    '<!channel> & <@U1>',
    '*a* _b_ `c`',
    '\u202Eevil',
    '&amp;',
    '\uD83D',
    '--told',
    '"',
    '\\',
  ),
)
const hostile = fc.oneof(
  { weight: 3, arbitrary: short },
  fc
    .tuple(fc.constantFrom('a', '&', '<', '\n', '"', '😀', 'é', '字', ' '), fc.nat(4_000))
    .map(([unit, times]) => unit.repeat(times)),
)
const lines = fc.oneof(
  hostile,
  fc.constantFrom('claim HD-42', 'resolve HD-42 [--category {category}]', 'wait HD-1 {until}'),
)
const someName = fc.string({ unit: fc.constantFrom('a', 'b', 'Z'), minLength: 1, maxLength: 12 })
const field: fc.Arbitrary<Field> = fc.record(
  {
    name: someName,
    label: hostile,
    hint: hostile,
    kind: fc.constantFrom('line', 'text', 'choice'),
    choices: fc.array(fc.record({ value: short, label: short }), { maxLength: 110 }),
    required: fc.boolean(),
    most: fc.integer({ min: -1, max: 5_000 }),
    least: fc.integer({ min: -1, max: 5_000 }),
    value: hostile,
  },
  { requiredKeys: ['name', 'label', 'kind', 'required'] },
)
const someForm: fc.Arbitrary<Form> = fc.record(
  { title: hostile, intro: hostile, submit: hostile, fields: fc.array(field, { maxLength: 8 }) },
  { requiredKeys: ['title', 'submit', 'fields'] },
)
const action: fc.Arbitrary<Action> = fc.record(
  { label: hostile, line: lines, form: someForm, style: fc.constantFrom('primary', 'danger') },
  { requiredKeys: ['label', 'line'] },
)
const actions = fc.oneof(
  fc.array(action, { maxLength: 8 }),
  fc.array(fc.record({ label: short, line: lines }), { maxLength: 130 }),
)
const few = fc.array(action, { maxLength: 2 })
const someCard: fc.Arbitrary<Card> = fc.record({
  ref: fc.oneof(fc.constant('HD-42'), hostile),
  subject: hostile,
  facts: fc.array(fc.record({ label: hostile, value: hostile }), { maxLength: 12 }),
  latest: fc.option(
    fc.record({ author: hostile, text: hostile, at: fc.oneof(hostile, fc.constant('2026-03-02T10:20:00.000Z')) }),
  ),
  actions,
  done: fc.boolean(),
})
const entry: fc.Arbitrary<CardEntry> = fc.record({
  id: fc.constant('e1'),
  from: fc.constantFrom('requester', 'answer', 'note', 'event'),
  author: hostile,
  text: hostile,
  files: fc.array(fc.record({ name: hostile, size: fc.nat() }), { maxLength: 40 }),
  mentions: fc.array(fc.oneof(hostile, fc.constantFrom('T024/U123', 'T024/W9', 'U1', 'T1/U2> <!channel')), {
    maxLength: 60,
  }),
  actions,
  attempt: fc.constant(1),
})
const someHome: fc.Arbitrary<Home> = fc.record({
  intro: hostile,
  actions,
  sections: fc.array(
    fc.record({
      title: hostile,
      empty: hostile,
      items: fc.array(fc.record({ ref: short, subject: hostile, detail: short, actions: few }), { maxLength: 60 }),
      more: fc.nat(),
    }),
    { maxLength: 25 },
  ),
})

function values(blocks: KnownBlock[]): string[] {
  return blocks.flatMap(block => {
    if (block.type !== 'actions') return []
    return block.elements.flatMap(each => {
      if (each.type === 'button') return each.value ?? []
      return each.type === 'static_select' ? (each.options ?? []).map(option => option.value ?? '') : []
    })
  })
}

const categories = Array.from({ length: 60 }, (_, at) => {
  const [branch = '', leaf = ''] = [
    ['hardware', 'software', 'access', 'network', 'facilities', 'people'][at % 6],
    [
      'printer',
      'installation',
      'permissions',
      'wireless',
      'meeting room',
      'onboarding',
      'licence',
      'error',
      'phone',
      'vpn',
    ][Math.floor(at / 6)],
  ]
  return { value: `${branch}/${leaf}`, label: `${branch.charAt(0).toUpperCase()}${branch.slice(1)} › ${leaf}` }
})
const text: Field = { name: 'text', label: 'Your answer', kind: 'text', required: true }
const STANDARD: Action[] = [
  { label: 'Reply', line: 'reply HD-42', style: 'primary', form: form('Answer HD-42', 'Send', [text]) },
  { label: 'Note', line: 'note HD-42', form: form('Note on HD-42', 'Save', [{ ...text, label: 'For colleagues' }]) },
  {
    label: 'Wait',
    line: 'wait HD-42 for {on} [until {until}]',
    form: form('HD-42 waits', 'Wait', [
      {
        name: 'on',
        label: 'For whom',
        kind: 'choice',
        required: true,
        value: 'requester',
        choices: [
          { value: 'requester', label: 'The requester' },
          { value: 'vendor', label: 'A third party' },
        ],
      },
      { name: 'until', label: 'Until', hint: 'friday 17:00, tomorrow, 2h', kind: 'line', required: false, most: 40 },
      { ...text, label: 'Why', required: false },
    ]),
  },
  {
    label: 'Resolve',
    line: 'resolve HD-42 [--category {category}]',
    form: form('Resolve HD-42', 'Resolve', [
      { name: 'category', label: 'What it was about', kind: 'choice', required: true, choices: categories },
      { ...text, label: 'What fixed it' },
    ]),
  },
  {
    label: 'Rate',
    line: 'rate HD-42 {stars}',
    form: form('How did we do?', 'Send', [
      {
        name: 'stars',
        label: 'Stars',
        kind: 'choice',
        required: true,
        choices: [1, 2, 3, 4, 5].map(n => ({ value: String(n), label: '★'.repeat(n) })),
      },
      { ...text, label: 'What could be better?', required: false },
    ]),
  },
]

function form(title: string, submit: string, fields: Field[]): Form {
  return { title, submit, fields }
}

describe('actions', () => {
  test('each standard form fits into its button, and comes back as it was', () => {
    const [resolve] = values(actionBlocks(STANDARD.slice(3, 4)))
    expect(resolve?.length).toBeLessThan(LIMITS.buttonValue)
    const blocks = actionBlocks(STANDARD)
    expect(messageFaults(blocks)).toEqual([])
    expect(values(blocks).map(readAction)).toEqual(STANDARD.map(each => ({ line: each.line, form: each.form })))
  })

  test('the first are buttons, the others a menu; with a form each is a button', () => {
    const plain = ['claim', 'release', 'spam', 'close', 'history', 'explain'].map(word => ({
      label: word,
      line: `${word} HD-42`,
    }))
    const [block] = actionBlocks([...plain, ...STANDARD.slice(0, 1)])
    expect(block?.elements.map(each => [each.type, each.action_id])).toEqual([
      ['button', 'desk:0'],
      ['button', 'desk:1'],
      ['button', 'desk:2'],
      ['button', 'desk:3'],
      ['button', 'desk:6'],
      ['static_select', 'desk:more'],
    ])
    expect(block?.elements.every(each => ACTION_ID.test(each.action_id ?? ''))).toBe(true)
    expect(actionBlocks([])).toEqual([])
    expect(actionBlocks(plain.slice(0, 5))[0]?.elements.every(each => each.type === 'button')).toBe(true)
  })

  test('a list of choices that no button can hold is typed', () => {
    const choices = Array.from({ length: 100 }, (_, at) => ({ value: `${Math.sin(at)}`, label: `${Math.cos(at)}` }))
    const fields: Field[] = [{ name: 'category', label: 'Category', kind: 'choice', required: true, choices }]
    const [value = ''] = values(actionBlocks([{ label: 'A', line: 'a {category}', form: form('A', 'Go', fields) }]))
    expect(readAction(value)?.form?.fields).toEqual([
      { name: 'category', label: 'Category', kind: 'line', required: true },
    ])
  })

  test('whoever reads what is written is named in a form, though they are many and no button can hold its list', () => {
    const readers = Array.from({ length: 30 }, (_, n) => `Somebody ${n} <somebody-${n}@example.com>`).join(', ')
    const choices = Array.from({ length: 100 }, (_, at) => ({ value: `${Math.sin(at)}`, label: `${Math.cos(at)}` }))
    const fields: Field[] = [{ name: 'category', label: 'Category', kind: 'choice', required: true, choices }]
    const intro = `Your text will be sent to ${readers}.`
    const read = (about: string) => {
      const action = { label: 'A', line: 'a {category}', form: { ...form('A', 'Go', fields), intro: about } }
      const [value = ''] = values(actionBlocks([action]))
      return readAction(value)?.form as Form
    }
    expect(read(intro).intro).toBe(intro)
    const shown = formView({ ...read(intro), intro: intro.repeat(5) }, { line: 'a' })
    const sections = shown.blocks.flatMap(each =>
      'text' in each && typeof each.text === 'object' ? [each.text.text] : [],
    )
    expect(sections.join(' ').match(/somebody-29@example\.com/g)).toHaveLength(5)
    expect(sections.every(each => each.length <= LIMITS.sectionText)).toBe(true)
    const endless = Array.from({ length: 900 }, (_, n) => `${Math.sin(n)}@example.com`).join(', ')
    expect(read(`Your text will be sent to ${endless}`).intro).toMatch(/^Your text will be sent to .*…$/)
  })

  test('whatever they are, they keep the limits and can be read', () => {
    fc.assert(
      fc.property(actions, given => {
        const blocks = actionBlocks(given)
        expect(messageFaults(blocks)).toEqual([])
        for (const value of values(blocks)) {
          expect(value).not.toMatch(/[&<>]/)
          const read = readAction(value)
          expect(given.map(each => each.line)).toContain(read?.line)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('what is not of ours is refused', () => {
    for (const value of [
      undefined,
      null,
      '',
      'claim HD-1',
      '{}',
      '{"line":""}',
      '{"line":"a\\nb"}',
      'z',
      'zAAAA',
      '[1]',
    ]) {
      expect(readAction(value)).toBeNull()
    }
    expect(readAction('{"line":"claim","form":{"title":1}}')).toBeNull()
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.json(),
          fc.base64String().map(each => `z${each}`),
        ),
        value => {
          expect(() => readAction(value)).not.toThrow()
          expect(() => readMeta(value)).not.toThrow()
        },
      ),
    )
  })

  test('what is packed is unpacked', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(unpack(pack(value, 3_000) ?? '')).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      {
        examples: [['&'.repeat(500)], [{ a: '<>' }]],
      },
    )
  })
})

describe('a form', () => {
  const resolve = STANDARD[3]?.form as Form

  test('is a modal with an entry field each', () => {
    const view = formView(resolve, { line: 'resolve HD-42', place: 'T1/C1/1.2' })
    expect(viewFaults(view)).toEqual([])
    expect(view.title.text).toBe('Resolve HD-42')
    expect(view.blocks).toMatchObject([
      { type: 'input', block_id: 'field:category', optional: false, element: { type: 'static_select' } },
      {
        type: 'input',
        block_id: 'field:text',
        element: { type: 'plain_text_input', multiline: true, max_length: 3_000 },
      },
    ])
    expect(readMeta(view.private_metadata ?? '')).toEqual({
      meta: { line: 'resolve HD-42', place: 'T1/C1/1.2' },
      fields: [
        { name: 'category', kind: 'choice', required: true },
        { name: 'text', kind: 'text', required: true },
      ],
    })
  })

  test('few choices are seen at once, with the one that is proposed', () => {
    const [on] = formView(STANDARD[2]?.form as Form, { line: 'wait' }).blocks
    expect(on).toMatchObject({ element: { type: 'radio_buttons', initial_option: { value: 'requester' } } })
  })

  test('of any kind keeps the limits, and what is entered comes back', () => {
    fc.assert(
      fc.property(someForm, fc.nat(), (given, pick) => {
        const view = formView(given, { line: 'x HD-1' })
        expect(viewFaults(view)).toEqual([])
        const state: FormState = {}
        const wanted: Record<string, string> = {}
        for (const block of view.blocks as KnownBlock[]) {
          if (block.type !== 'input') continue
          const id = block.block_id ?? ''
          const of = given.fields.find(each => `field:${each.name}` === id)
          if (!('options' in block.element)) {
            state[id] = { [id]: { value: `typed ${pick}` } }
            wanted[id] = `typed ${pick}`
          } else {
            const options = (block.element.options ?? []) as { value: string }[]
            const chosen = options[pick % options.length] as { value: string }
            const [value = ''] = Object.values(
              readForm({ [id]: { [id]: { selected_option: chosen } } }, [id.slice(6)]).values,
            )
            expect(of?.choices?.map(each => each.value.toWellFormed())).toContain(value)
            state[id] = { [id]: { selected_option: chosen } }
            wanted[id] = value
          }
        }
        const names = readMeta(view.private_metadata ?? '')?.fields.map(each => each.name) ?? []
        const read = readForm(state, names).values
        expect(Object.fromEntries(names.map(name => [`field:${name}`, read[name]]))).toEqual(wanted)
      }),
      { numRuns: 60 },
    )
  })

  test('too much beside it is refused', () => {
    const random = Array.from({ length: 900 }, (_, at) => Math.sin(at)).join('')
    expect(() => formView(resolve, { line: 'x', random })).toThrow(RangeError)
  })

  test('says in place what is wrong', () => {
    const fields: Field[] = [
      { name: 'a', label: 'A', kind: 'line', required: true, least: 3, most: 5 },
      { name: 'b', label: 'B', kind: 'text', required: false, least: 3 },
    ]
    expect(formErrors({ fields }, { a: ' ', b: '' })).toEqual({ 'field:a': 'Please fill this in.' })
    expect(formErrors({ fields }, { a: '12', b: '12' })).toEqual({
      'field:a': 'Please write at least 3 characters.',
      'field:b': 'Please write at least 3 characters.',
    })
    expect(formErrors({ fields }, { a: '😀😀😀😀😀😀' })).toEqual({
      'field:a': 'At most 5 characters fit; this has 6.',
    })
    expect(formErrors({ fields }, { a: '😀😀😀😀😀', b: '' })).toEqual({})
  })
})

describe('a line that is filled in', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'wait HD-1 for {on} [until {until}]',
      { on: 'vendor', until: 'friday 17:00' },
      'wait HD-1 for vendor until "friday 17:00"',
    ],
    ['wait HD-1 for {on} [until {until}]', { on: 'vendor', until: ' ' }, 'wait HD-1 for vendor'],
    ['resolve HD-1 [--category {c}]', { c: 'a/b' }, 'resolve HD-1 --category a/b'],
    ['resolve HD-1 --category={c}', { c: 'a b' }, 'resolve HD-1 --category="a b"'],
    ['resolve HD-1 --category={c}', { c: '' }, 'resolve HD-1'],
    ['note HD-1 {a} {b}', { a: '{b}', b: 'x\nclose HD-2' }, 'note HD-1 {b} "x close HD-2"'],
    ['note HD-1 {a}', { a: 'say "hi" \\' }, 'note HD-1 "say \\"hi\\" \\\\"'],
    ['resolve HD-1 {a}', { a: '--told' }, 'resolve HD-1 "--told"'],
    ['tag HD-1 [vip]  {x} {toString}', { a: 'b' }, 'tag HD-1 [vip]  {x} {toString}'],
  ])('%j with %j', (line, given, filled) => {
    expect(fillLine(line, given)).toBe(filled)
  })

  test('has one word for each value, whatever it is', () => {
    fc.assert(
      fc.property(hostile, hostile, (first, second) => {
        const { word, args } = parseCommandLine(fillLine('set HD-1 {first} and {second}', { first, second }))
        const wanted = [first, second].map(value => value.trim().replace(/[\r\n\u2028\u2029]+/g, ' '))
        expect([word, ...args]).toEqual(['set', 'HD-1', wanted[0], 'and', wanted[1]].filter(each => each !== ''))
      }),
    )
  })
})

const CARD: Card = {
  ref: 'HD-42',
  subject: 'Printer <3 is on & fire',
  facts: [
    { label: 'Waits for', value: 'an agent' },
    { label: 'Owner', value: 'nobody' },
    { label: 'Priority', value: 'P2' },
  ],
  latest: { author: 'Ann', text: 'It *smells*.\n\nOf smoke.\nAll\nday\nlong', at: '2026-03-02T10:20:30.000Z' },
  actions: [{ label: 'Claim', line: 'claim HD-42', style: 'primary' }],
  done: false,
}

describe('a card', () => {
  test('shows the subject, who has it, what was said last, and what can be done', () => {
    expect(cardBlocks(CARD)).toEqual({
      text: 'HD-42 · Printer &lt;3 is on &amp; fire · an agent · nobody · P2',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'HD-42 · Printer <3 is on & fire', emoji: false } },
        {
          type: 'context',
          elements: [{ type: 'plain_text', text: 'Waits for: an agent · Owner: nobody · Priority: P2', emoji: false }],
        },
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_quote',
              elements: [
                { type: 'text', text: 'Ann', style: { bold: true } },
                { type: 'text', text: ' · ' },
                {
                  type: 'date',
                  timestamp: 1_772_446_830,
                  format: '{date_short_pretty} {time}',
                  fallback: '2026-03-02T10:20',
                },
                { type: 'text', text: '\nIt *smells*.\nOf smoke.\nAll\nday …' },
              ],
            },
          ],
        },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: { type: 'plain_text', text: 'Claim', emoji: false },
              action_id: 'desk:0',
              value: '{"line":"claim HD-42"}',
              style: 'primary',
            },
          ],
        },
      ],
    })
  })

  test('that is done is small, without what was said and without colours', () => {
    const { blocks } = cardBlocks({ ...CARD, done: true })
    expect(blocks.map(block => block.type)).toEqual(['context', 'context', 'actions'])
    expect(JSON.stringify(blocks)).not.toContain('primary')
  })

  test('with all that agents do keeps the limits', () => {
    expect(messageFaults(cardBlocks({ ...CARD, actions: STANDARD }).blocks)).toEqual([])
  })

  test('of any kind keeps the limits', () => {
    fc.assert(
      fc.property(someCard, given => {
        const { text: notification, blocks } = cardBlocks(given)
        expect(messageFaults(blocks)).toEqual([])
        expect(notification).not.toMatch(/[<>]/)
      }),
      { numRuns: 60 },
    )
  })
})

describe('an entry below a card', () => {
  const ENTRY: CardEntry = {
    id: 'e1',
    from: 'requester',
    author: 'Ann',
    text: 'Still <broken>.',
    files: [
      { name: 'photo.jpg', size: 2_345_678 },
      { name: 'log.txt', size: 812 },
    ],
    mentions: ['T024/U123', 'T024/U123', 'not an address'],
    actions: [],
    attempt: 1,
  }

  test('tells a requester apart from colleagues', () => {
    const { text: notification, blocks } = entryBlocks(ENTRY)
    expect(notification).toBe('💬 Ann (requester) writes: Still &lt;broken&gt;. <@U123>')
    expect(blocks).toMatchObject([
      {
        type: 'rich_text',
        elements: [
          { elements: [{ text: '💬 Ann (requester) writes:', style: { bold: true } }] },
          { type: 'rich_text_quote', elements: [{ type: 'text', text: 'Still <broken>.' }] },
        ],
      },
      { type: 'context', elements: [{ text: '📎 photo.jpg (2.3 MB), log.txt (812 bytes)' }] },
      { type: 'section', text: { type: 'mrkdwn', text: '<@U123>' } },
    ])
    const heads = (['answer', 'note', 'event'] as const).map(
      from => entryBlocks({ ...ENTRY, from, author: 'Bob' }).text,
    )
    expect(heads.map(each => each.split(':')[0])).toEqual([
      '↩️ Bob answered the requester',
      '📝 Bob noted for other agents',
      'Bob Still &lt;broken&gt;. <@U123>',
    ])
  })

  test('that is long says where the whole is', () => {
    const shown = JSON.stringify(entryBlocks({ ...ENTRY, text: 'word '.repeat(2_000) }).blocks)
    expect(shown).toContain('…')
    expect(shown).toContain('write show to read everything')
  })

  test('of any kind keeps the limits', () => {
    fc.assert(
      fc.property(entry, given => {
        const { text: notification, blocks } = entryBlocks(given)
        expect(messageFaults(blocks)).toEqual([])
        expect(notification).not.toMatch(/<(?!@[UW])/)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a home', () => {
  const item = (ref: string) => ({ ref, subject: 'Printer', detail: 'open · bob · 3 h', actions: STANDARD.slice(0, 2) })

  test('shows lists, and says what an empty one means', () => {
    const view = homeView({
      intro: 'Hello & welcome',
      actions: [{ label: 'New ticket', line: 'open' }],
      sections: [
        { title: 'Yours', empty: 'Nothing to do.', items: [item('HD-1')], more: 3 },
        { title: 'Unowned', empty: 'Nothing to do.', items: [], more: 0 },
      ],
    })
    expect(viewFaults(view)).toEqual([])
    expect(view.blocks.map(block => block.type).join(' ')).toBe(
      'section actions header rich_text actions context header context',
    )
    expect(JSON.stringify(view)).toContain('and 3 more')
    expect(JSON.stringify(view)).toContain('Nothing to do.')
  })

  test('that is too long drops items of the longest lists, and counts them', () => {
    const many = Array.from({ length: 300 }, (_, at) => item(`HD-${at}`))
    const view = homeView({
      intro: '',
      actions: [],
      sections: [
        { title: 'Yours', empty: '', items: many, more: 7 },
        { title: 'Short', empty: '', items: many.slice(0, 2), more: 0 },
      ],
    })
    expect(viewFaults(view)).toEqual([])
    const shown = view.blocks.filter(block => block.type === 'rich_text').length
    expect(shown).toBeGreaterThan(40)
    expect(JSON.stringify(view)).toContain(`and ${302 - shown + 7} more`)
  })

  test('of any kind keeps the limits', () => {
    fc.assert(
      fc.property(someHome, given => {
        expect(viewFaults(homeView(given))).toEqual([])
      }),
      { numRuns: 25 },
    )
  })
})

describe('a message', () => {
  test('is its text and its actions', () => {
    expect(messageBlocks(['*Hi* <@U1>'], [{ label: 'Solved', line: 'solved HD-1' }])).toMatchObject([
      { type: 'section', text: { type: 'mrkdwn', text: '*Hi* <@U1>', verbatim: true }, expand: true },
      { type: 'actions' },
    ])
  })

  test('of any length keeps the limits, and nothing is lost over several', () => {
    const pieces = fc.array(
      hostile.map(each => each.replace(/[&<>]/g, '')),
      { maxLength: 80 },
    )
    fc.assert(
      fc.property(pieces, actions, (given, can) => {
        const messages = inMessages(given)
        for (const each of messages) expect(messageFaults(messageBlocks(each, can))).toEqual([])
        const known = given.filter(each => each.trim() !== '' && each.length <= LIMITS.sectionText)
        expect(messages.flat().length).toBeGreaterThanOrEqual(known.filter(each => /\w/.test(each)).length)
        for (const each of messages) expect(inMessages(each)).toEqual([each])
      }),
      { numRuns: 60 },
    )
  })

  test('a piece that is too long is cut through no entity and no link', () => {
    const [block] = messageBlocks([`${'a'.repeat(2_995)}&amp;b`], [])
    expect(block).toMatchObject({ text: { text: `${'a'.repeat(2_995)}…` } })
    const [link] = messageBlocks([`${'a'.repeat(2_980)}<https://example.org/long|here> b`], [])
    expect(link).toMatchObject({ text: { text: `${'a'.repeat(2_980)}…` } })
  })
})

describe('a text that is too long', () => {
  test('ends with … and with no half of a character', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 40 }), (given, most) => {
        const short = cut(given, most)
        expect(short.length).toBeLessThanOrEqual(most)
        expect(short.isWellFormed()).toBe(true)
        const escaped = escapedLine(given, most)
        expect(escaped.length).toBeLessThanOrEqual(most)
        expect(escaped).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
      }),
    )
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('😀😀😀', 4)).toBe('😀…')
  })
})
