// Lists of words in one column: in order, separated by blanks.

/** The words of such a list. */
export function words(list: string): string[] {
  return list === '' ? [] : list.split(' ')
}

/** The list with these words, too. */
export function withWords(list: string, more: readonly string[]): string {
  return [...new Set([...words(list), ...more])].sort().join(' ')
}

/** The list without these words. */
export function withoutWords(list: string, less: readonly string[]): string {
  return words(list)
    .filter(word => !less.includes(word))
    .join(' ')
}
