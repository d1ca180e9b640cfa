/** Notes as events name them in a list: `note:VAULT/PATH` each. */

const pattern = /^note:([^/]+)\/(.+)$/

/** What is no list of such names has none. */
export function parseNotes(notes: unknown): { readonly vault: string; readonly path: string }[] {
  if (!Array.isArray(notes)) return []
  return notes.flatMap((each: unknown) => {
    const [, vault, path] = pattern.exec(String(each)) ?? []
    return vault === undefined || path === undefined ? [] : [{ vault, path }]
  })
}
