/** Notes which entries were read and marks them in the index a little later: a write costs more than the read itself. */
import type { IndexFile } from './index-file.ts'

export interface HotMarks {
  /** Position of an entry in the index. */
  add(at: number): void
  close(): void
}

const afterMs = 20
const mostAtOnce = 64
/** What is read beyond it is not marked; it will be when it is read again. */
const mostNoted = 1_024

export function createHotMarks(currentIndex: () => IndexFile | null): HotMarks {
  const noted = new Set<number>()
  let timer: ReturnType<typeof setTimeout> | null = null
  const mark = (): void => {
    timer = null
    const index = currentIndex()
    let marked = 0
    try {
      for (const at of noted) {
        if (!index || marked++ >= mostAtOnce) break
        noted.delete(at)
        index.markHot(at)
      }
    } catch {
      // A disk that cannot be written keeps its entries in the order they came.
      noted.clear()
    }
    if (!index) noted.clear()
    if (noted.size > 0) plan()
  }
  const plan = (): void => {
    timer = setTimeout(mark, afterMs)
    timer.unref()
  }
  return {
    add(at) {
      if (noted.size >= mostNoted) return
      noted.add(at)
      if (!timer) plan()
    },
    close() {
      if (timer) clearTimeout(timer)
      noted.clear()
    },
  }
}
