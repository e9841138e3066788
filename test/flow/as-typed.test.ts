import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeDesk } from '../support/desk.ts'
import { shownIn } from '../support/shown-html.ts'
import { makeSlackDesk, type SlackDesk } from '../support/slack-desk.ts'
import { answerTo, mailTo, World, type WorldMail } from '../support/smtp-world.ts'
import { ENGINES } from '../support/store/engines.ts'

const ANN = 'ann@home.example'

/** A wrong path, command or password is noticed by nobody but whom it is sent to. */
const TYPED = [
  'Install it from \\\\server01\\share\\_install and copy *.docx to C:\\Program  Files.',
  '# the password is',
  '    __s3cr3t__ `x` ~y~ <b> &amp; :smile: @here',
  '',
  '2026. Bob said:',
  '> - not a list',
  '\tsee https://example.com/a_b_c.',
].join('\n')

/** As Slack hands on what is typed behind a slash command. */
const encoded = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const shown = (mail: WorldMail) => [mail.text ?? '', shownIn(mail.html || '')]

describe.each(ENGINES)('what an agent types on %s', engine => {
  let all: SlackDesk

  beforeEach(async () => {
    all = await makeSlackDesk(engine)
    const question = { from: `Ann Ode <${ANN}>`, to: 'help@desk.example', subject: 'Setup', text: 'Where is it?' }
    await mailTo(all.mailPort, question)
    expect((await all.world.next(ANN)).subject).toBe('[HD-1] Setup')
  })

  afterEach(async () => {
    await all.desk.expectSound()
    await all.remove()
  })

  const arrives = async (what = '') => {
    const mail = await all.world.next(ANN)
    for (const each of shown(mail)) expect(each).toContain(TYPED + what)
    expect(mail.html).toContain('<a href="https://example.com/a_b_c">https://example.com/a_b_c</a>.')
    expect(mail.html).not.toMatch(/<(?:strong|em|s|code|h\d|ol|ul|li|blockquote|pre)\b/)
  }

  test('at the command line, in a command of Slack and in a form arrives as typed', async () => {
    const { desk, stand, card } = all
    await desk.as('bob', 'reply HD-1', TYPED)
    await arrives()
    expect((await desk.as('bob', 'show HD-1')).text).toContain('copy *.docx to C:\\Program  Files.')

    await stand.as('bob').command(`/desk reply HD-1 ${encoded(TYPED)} (2)`)
    await arrives(' (2)')

    await stand.as('bob').press(await card('HD-1'), 'Reply')
    await stand.as('bob').submit(await stand.modalOf('bob'), { Text: `${TYPED} (3)` })
    await arrives(' (3)')
  })

  test('is refused where it is longer than what anybody types, and nothing is sent', async () => {
    const { desk, world } = all
    const most = 80_000 - 'reply HD-1'.length
    await expect(desk.as('bob', 'reply HD-1', 'x'.repeat(most + 1))).rejects.toThrow('put the text into a file')
    await desk.as('bob', 'reply HD-1', 'y'.repeat(most))
    expect((await world.next(ANN)).text).toContain('yyy')
  })

  test('in the room arrives as typed, with the styles they chose', async () => {
    const { stand, world } = all
    await stand.as('bob').say('triage', `@desk reply HD-1 ${TYPED}`)
    await arrives()

    const text = (said: string, style = {}) => ({ type: 'text', text: said, style })
    const elements = [
      { type: 'user', user_id: stand.workspace.bot.id },
      text(' reply HD-1 Run '),
      text('rm *_old', { code: true }),
      text(' as '),
      text('root_', { bold: true }),
      text(', not _me_.\n# the\n- end'),
    ]
    const blocks = [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }]
    await stand.as('bob').say('triage', '@desk reply HD-1 Run', { event: { blocks } })
    const mail = await world.next(ANN)
    expect(mail.html).toContain(
      '<p>Run <code>rm *_old</code> as <strong>root_</strong>, not _me_.<br>\n# the<br>\n- end</p>',
    )
    expect(mail.text).toContain('Run `rm *_old` as **root_**, not _me_.\n# the\n- end\n')
    expect((await all.desk.as('bob', 'show HD-1')).text).toContain('**root_**, not _me_.')
  })

  test('what Slack makes a link of by itself is text as it was typed', async () => {
    const { stand, world } = all
    const linked =
      'Copy <http://readme.md|readme.md> to <mailto:ann@x.example|ann@x.example>, see <https://x.example/|https://x.example>'
    const typed = 'Copy readme.md to ann@x.example, see https://x.example'
    await stand.as('bob').command(`/desk reply HD-1 ${linked}`)
    for (const each of shown(await world.next(ANN))) expect(each).toContain(typed)

    const link = (url: string, text: string) => ({ type: 'link', url, text })
    const text = (said: string) => ({ type: 'text', text: said })
    const elements = [
      ...[
        { type: 'user', user_id: stand.workspace.bot.id },
        text(' reply HD-1 Copy '),
        link('http://readme.md', 'readme.md'),
      ],
      ...[text(' to '), link('mailto:ann@x.example', 'ann@x.example'), text(', see ')],
      link('https://x.example/', 'https://x.example'),
    ]
    const blocks = [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }]
    await stand.as('bob').say('triage', '@desk reply', { event: { blocks } })
    for (const each of shown(await world.next(ANN))) expect(each).toContain(typed)
  })

  test('is Markdown where they say so', async () => {
    const request = { actor: { handle: 'bob' }, channel: 'test', line: 'reply HD-1', format: 'markdown' as const }
    await all.desk.desk.service.perform({ ...request, body: 'Do **this**, not \\_that\\_:\n\n1. `a_b`' })
    const mail = await all.world.next(ANN)
    expect(mail.html).toContain('Do <strong>this</strong>, not _that_:')
    expect(mail.text).toContain('Do **this**, not _that_:\n\n1. `a_b`\n')
  })

  test('goes to Slack as typed: to the room, and to whoever asked there', async () => {
    const { stand, inThread, desk } = all
    const asked = await stand.as('ann').say('help', 'And the printer?')
    await inThread('help', asked.ts, each => JSON.stringify(each).includes('HD-2'), 'the acknowledgement')
    await desk.as('bob', 'reply HD-2', TYPED)
    const answer = await inThread('help', asked.ts, each => JSON.stringify(each).includes('server01'), 'the answer')
    const [block] = answer.blocks ?? []
    const { elements } = (block as { elements?: { elements: { text: string }[] }[] }) ?? {}
    expect(elements?.flatMap(each => each.elements.map(({ text }) => text)).join('')).toBe(TYPED)

    const { body } = await stand.as('bob').command('/desk show HD-2')
    expect(JSON.stringify(body)).toContain(JSON.stringify('copy *.docx to C:\\Program  Files.').slice(1, -1))
  })
})

describe.each(ENGINES)('an answer from a mail program on %s', engine => {
  test('arrives as typed', async () => {
    const world = new World()
    await world.start()
    const desk = await makeDesk(engine, { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } })
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'Setup', text: 'Where is it?' })
    const told = await world.next('bob@staff.example')
    const lines = TYPED.split('\n').filter(line => !/^>|said:$/.test(line))
    await mailTo(desk.port, answerTo(told, 'bob@staff.example', lines.join('\n')))
    await world.next(ANN)
    const mail = await world.next(ANN)
    for (const each of shown(mail)) expect(each).toContain(lines.join('\n'))
    await desk.expectSound()
    await desk.remove()
    await world.stop()
  })
})
