import type { Workspace } from './service/workspace.ts'

/** A table of the emulator's inspector page: its rows, each with the text of its cells by the heading of the column. */
export async function inspectorTable(
  workspace: Workspace,
  query: string,
  section: string,
): Promise<Record<string, string>[]> {
  const response = await workspace.fetch(`/?${query}`, { person: 'admin' })
  const page = await response.text()
  const [, rest] = page.split(`<h2>${section}</h2>`)
  if (rest === undefined) throw new Error(`The inspector page has no section ${section}`)
  const [own = ''] = rest.split('</section>')
  const headings = [...own.matchAll(/<th>(.*?)<\/th>/gs)].map(each => textOf(each[1]))
  return [...own.matchAll(/<tr>((?:<td>.*?<\/td>)+)<\/tr>/gs)].map(row => {
    const cells = [...(row[1] ?? '').matchAll(/<td>(.*?)<\/td>/gs)].map(each => textOf(each[1]))
    return Object.fromEntries(headings.map((heading, index) => [heading, cells[index] ?? '']))
  })
}

function textOf(html = ''): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  // A badge is a remark of the page, not part of what it shows.
  const text = html.replace(/<span class="badge[^>]*>.*?<\/span>/gs, '').replace(/<[^>]+>/g, '')
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => named[name] ?? '').trim()
}
