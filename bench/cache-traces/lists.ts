/** Doubly linked lists over key numbers. A key is in at most one of the lists of one set. */

export interface Lists {
  readonly pushFront: (list: number, id: number) => void
  readonly remove: (id: number) => void
  /** -1 when the list is empty. */
  readonly back: (list: number) => number
  readonly popBack: (list: number) => number
  /** The neighbour that was pushed next after it; -1 at the front. */
  readonly towardsFront: (id: number) => number
}

export function createLists(keyCount: number, listCount: number): Lists {
  // Each list is a ring through a sentinel, which stands behind the keys.
  const previous = new Int32Array(keyCount + listCount)
  const next = new Int32Array(keyCount + listCount)
  for (let at = keyCount; at < keyCount + listCount; at++) previous[at] = next[at] = at
  const lists: Lists = {
    pushFront(list, id) {
      const head = keyCount + list
      const first = next[head] ?? head
      next[head] = id
      previous[id] = head
      next[id] = first
      previous[first] = id
    },
    remove(id) {
      const before = previous[id] ?? id
      const after = next[id] ?? id
      next[before] = after
      previous[after] = before
    },
    back(list) {
      const last = previous[keyCount + list] ?? 0
      return last >= keyCount ? -1 : last
    },
    popBack(list) {
      const last = lists.back(list)
      if (last >= 0) lists.remove(last)
      return last
    },
    towardsFront(id) {
      const before = previous[id] ?? 0
      return before >= keyCount ? -1 : before
    },
  }
  return lists
}
