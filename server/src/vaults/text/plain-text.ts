/** Markdown to the words a person reads: marks, addresses and tags of HTML gone, the words of links kept. */

const entities: Readonly<Record<string, string>> = {
  nbsp: ' ',
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  rsquo: '’',
  lsquo: '‘',
  rdquo: '”',
  ldquo: '“',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  copy: '©',
}

export function plainText(markdown: string): string {
  return (
    markdown
      .replace(/<!--[\s\S]*?-->|%%[\s\S]*?%%/g, ' ')
      // Long runs of spaces would make the patterns below take quadratic time.
      .replace(/[ \t]{2,}/g, ' ')
      .replace(/!\[\[[^\][\n]{0,500}\]\]/g, ' ')
      .replace(/\[\[(?:[^\][|\n]{0,500}\|)?([^\][\n]{0,500})\]\]/g, (_, words: string) => words.replace(/#\^?/g, ' '))
      .replace(/!?\[([^\][]{0,500})\]\((?:<[^>\n]{0,1000}>|[^)\n]{0,1000})\)/g, '$1')
      .replace(/\[\^[^\]\n]{1,60}\]:?/g, '')
      .replace(/<(?:https?:\/\/|mailto:)([^>\s]*)>/g, '$1')
      .replace(/\{%[^%\n]*?"([^"\n]*)"[^%\n]*%\}/g, '$1')
      .replace(/\{%[^%\n]*%\}|\{[:#][^}\n]*\}/g, ' ')
      .replace(/<\/?[a-zA-Z][^<>\n]{0,300}>/g, ' ')
      .replace(/^[ \t]*(?:>[ \t]*)*\[![\w-]+\][+-]?/gm, '')
      .replace(/^[ \t]*(?:>[ \t]?)+/gm, '')
      .replace(/^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[^\]]\][ \t]+)?/gm, '')
      .replace(/^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$/gm, '')
      .replace(/[ \t]*\|[ \t]*/g, ' – ')
      .replace(/^[ \t]{0,3}#{1,6}[ \t]+/gm, '')
      .replace(/[ \t]\^[\w-]+[ \t]*$/gm, '')
      .replace(/\*\*|__|==|~~|`+/g, '')
      .replace(/(?<![\p{L}\p{N}])[*_](?=\S)|(?<=\S)[*_](?![\p{L}\p{N}])/gu, '')
      .replace(/\\([\\`*_{}[\]()#+\-.!|~>])/g, '$1')
      .replace(/&(\w{2,6}|#\d{2,5});/g, (whole, name: string) => entities[name] ?? whole)
      .replace(/\s+/g, ' ')
      .trim()
  )
}
