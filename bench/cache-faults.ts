/** `npm run bench -- cache-faults`: twelve ways in which caches serve what is no longer true, on Cairn and its peers. */
import type { Bench, BenchResult } from './bench.ts'
import { cairn } from './cache-faults/cairn.ts'
import { createDeafSubject, noCache } from './cache-faults/controls.ts'
import { playMatrix, type Cell } from './cache-faults/matrix.ts'
import {
  createBentoSubject,
  createCacheableSubject,
  createCacheManagerSubject,
  createLayeredSubject,
} from './cache-faults/peers.ts'
import { scenarios } from './cache-faults/scenarios.ts'
import { installSkewedClock } from './cache-faults/skew.ts'
import { rowIds, type Subject } from './cache-faults/subject.ts'

export const bench: Bench = {
  name: 'cache-faults',
  summary: 'Twelve faults and races: who serves stale values, or says it is done when it is not',
  needsPeers: true,
  async run({ quick, log }) {
    const restore = installSkewedClock()
    try {
      const subjects: Subject[] = [
        cairn,
        await createBentoSubject(),
        await createCacheableSubject(),
        await createCacheManagerSubject(),
        await createLayeredSubject(),
        createDeafSubject(),
        noCache,
      ]
      const cells = await playMatrix(subjects, { reconnectMs: quick ? 2_500 : 4_000, log })
      checkControls(cells)
      printMatrix(cells, subjects)
      return toResult(cells)
    } finally {
      restore()
    }
  },
}

/** Throws when the harness does not see what it is made to see. */
function checkControls(cells: readonly Cell[]): void {
  for (const { row, subject, verdict } of cells) {
    if (subject === noCache.name && verdict !== 'ok')
      throw new Error(`Row ${row} blames a source that was never cached.`)
    if (subject.startsWith('deaf') && verdict === 'ok') throw new Error(`Row ${row} does not see a cache that is deaf.`)
  }
}

function printMatrix(cells: readonly Cell[], subjects: readonly Subject[]): void {
  const names = subjects.map(({ name }) => name)
  console.log(`\n| | fault | ${names.join(' | ')} |\n|${'---|'.repeat(names.length + 2)}`)
  for (const row of rowIds) {
    const verdicts = names.map((name) => cells.find((cell) => cell.row === row && cell.subject === name)?.verdict ?? '')
    console.log(`| ${row} | ${scenarios[row].title} | ${verdicts.join(' | ')} |`)
  }
  const reasons = cells.filter(({ verdict }) => verdict === 'n/a')
  console.log('')
  for (const { row, subject, detail } of reasons) console.log(`n/a   ${row} ${subject}: ${detail}`)
  for (const { name, notes = {} } of subjects)
    for (const [row, note] of Object.entries(notes)) console.log(`note  ${row} ${name}: ${note}`)
}

/** 1: served stale or success was false. Rows that do not apply are left out. */
function toResult(cells: readonly Cell[]): BenchResult {
  const counted = cells.filter(({ verdict }) => verdict !== 'n/a')
  const rows = counted.map(({ row, subject, verdict }) => ({
    metric: `${row} ${scenarios[row].title}`,
    unit: verdict === 'ok' ? '' : verdict.toLowerCase(),
    subject,
    value: verdict === 'ok' ? 0 : 1,
    spread: null,
  }))
  const ours = rows.filter(({ subject }) => subject === 'cairn')
  const wrong = ours.reduce((sum, { value }) => sum + value, 0)
  const isWhole = ours.length === rowIds.length
  return {
    rows,
    targets: [{ metric: 'rows in which Cairn is wrong', target: '0 of 12', value: wrong, ok: isWhole && wrong === 0 }],
  }
}
