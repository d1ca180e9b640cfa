/**
 * How the name of a model is read: family, version, and what marks one issue of it.
 *
 *     claude-sonnet-4-5-20250929      claude-sonnet    4.5    dated
 *     models/gemini-2.5-flash         gemini-flash     2.5    plain
 *     gpt-5.2-pro-latest              gpt-pro          5.2    latest
 *     qwen/qwen3-32b:free             qwen/qwen-32b    3      plain
 *     mistral-large-2512              mistral-large    2512   plain
 *
 * Sizes (`32b`), kinds (`mini`, `codex`) and letters in a version (`4o`) belong to the family, so that a model is only
 * ever taken for an older one that differs in nothing but the number.
 */

export interface ModelName {
  readonly family: string
  /** Numbers of the version, without zeros at the end; empty where the name has none. */
  readonly version: readonly number[]
  readonly issue: 'plain' | 'latest' | 'dated'
}

/** `2025-08-07`, `20250807`, `08-2025`, `05-20`, `0905`, `001`. Not `2508`: year and month are Mistral’s version. */
const dates = /[-@](20\d{2}-?[01]\d-?[0-3]\d|[01]\d-20\d{2}|[01]\d-[0-3]\d|[01]\d[0-3]\d|0\d{2})(?=[-@]|$)/g
const issues = new Set(['latest', 'preview', 'exp', 'experimental', 'beta'])

/**
 * The same model under the names that vendors and routers give it, most exact first: as it is, without the path of
 * Google’s API and the region of Bedrock’s, and without what follows a colon (a router’s variant).
 */
export function listNames(model: string): string[] {
  const bare = model
    .toLowerCase()
    .trim()
    .replace(/^(models|publishers\/[^/]+\/models)\//, '')
  const anywhere = bare.replace(/^(us|eu|apac|au|jp|global)\.(?=[a-z])/, '')
  const names = [bare, anywhere, bare.replace(/:[^:]*$/, ''), anywhere.replace(/:[^:]*$/, '')]
  return [...new Set(names)].filter((name) => name !== '')
}

export function parseModelName(model: string): ModelName {
  const bare = (listNames(model).at(-1) ?? '').replace(/-v\d+$/, (end) => (model.includes(':') ? '' : end))
  const undated = bare.replace(dates, '')
  const words = undated.split(/[-@]/)
  const family: string[] = []
  const version: number[] = []
  for (const word of words) {
    const [, letters = '', digits] = /^(.*[a-z])?(2[3-9][01]\d|\d{1,2}(?:\.\d{1,2})*)$/.exec(word) ?? []
    if (issues.has(word)) continue
    if (digits === undefined) family.push(word)
    else {
      if (letters !== '') family.push(letters)
      version.push(...digits.split('.').map(Number))
    }
  }
  while (version.at(-1) === 0) version.pop()
  return { family: family.join('-'), version, issue: issueOf(undated === bare, words) }
}

/** Negative when `a` is older. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function issueOf(isUndated: boolean, words: readonly string[]): ModelName['issue'] {
  if (words.includes('latest')) return 'latest'
  return isUndated && !words.some((word) => issues.has(word)) ? 'plain' : 'dated'
}
