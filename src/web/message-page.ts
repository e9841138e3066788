// A message as a page of its own.
import { Liquid } from 'liquidjs'
import type { Layout } from '../channel/adapter.ts'
import { packagePath } from '../package.ts'

export interface PageOptions {
  /** Reference of its ticket, '' where it has none. */
  ref: string
  /** Whether pictures that lie elsewhere are loaded. */
  remote: boolean
  /** What speaks against it being of whom it names. */
  doubt?: string | null
}

/**
 * A message as a page of its own, which runs nothing, loads nothing unless `remote` was asked for, and keeps what the
 * sender laid out within its box (https://www.w3.org/TR/css-contain-2/#containment-paint, https://www.w3.org/TR/CSP3/).
 */
export function messagePage(layout: Layout, { ref, remote, doubt = null }: PageOptions): string {
  const engine = new Liquid({ root: packagePath('templates', 'web'), extname: '.liquid', outputEscape: 'escape' })
  return engine.renderFileSync('message', {
    title: layout.subject || '(no subject)',
    from: layout.from ? withName(layout.from) : 'nobody',
    to: layout.to.map(withName).join(', '),
    date: layout.sentAt?.slice(0, 16).replace('T', ' ').concat(' UTC') ?? '',
    ref,
    doubt: doubt ?? '',
    files: layout.files.map(({ name, size }) => `${name} (${size} bytes)`).join(', '),
    hidden: remote ? 0 : (layout.html?.remote ?? 0),
    remote_shown: remote,
    html: layout.html?.html ?? null,
    // The first line break in a `pre` is none (https://html.spec.whatwg.org/#the-pre-element).
    text: layout.text.startsWith('\n') ? `\n${layout.text}` : layout.text,
  }) as string
}

function withName({ name, address }: { name: string; address: string }): string {
  return name ? `${name} <${address}>` : address
}
