/** Access that allows everything, but for notes that a filter hides: for tests of what is behind it. */
import type { NoteFilter, Principal } from '../../src/base/index.ts'

export function openAccess(filterOf: (principal: Principal) => NoteFilter = () => ({ kind: 'all' })) {
  return {
    may: () => true,
    filter: (principal: Principal) => filterOf(principal),
    seesVault: () => true,
    confirm: async () => {},
  }
}
