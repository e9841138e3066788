/** Who runs a mail server, where that makes a difference. */
export function providerOf(host: string): 'google' | 'microsoft' | undefined {
  if (/(^|\.)(gmail|googlemail|google)\.com$/i.test(host)) return 'google'
  if (/(^|\.)(office365|outlook|hotmail|live|office)\.(com|us|de)$/i.test(host)) return 'microsoft'
  return undefined
}
