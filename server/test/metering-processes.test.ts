/**
 * The meter in processes of their own over one store: budgets under many streams at once, with a broken twin that these
 * tests catch; and reservations of processes that are killed.
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import type { Subprocess } from 'bun'
import { meteringSchema, type OpenMeter } from '../src/metering/index.ts'
import { cents, countOpen, findBreaches, openTestMeter } from '../src/metering/testing/kit.ts'
import type { SpendReport } from '../src/metering/testing/spending-program.ts'
import type { Store } from '../src/storage/index.ts'
import { listEngines, type Place } from '../src/storage/testing/places.ts'
import { until } from './harness.ts'

const program = fileURLToPath(new URL('../src/metering/testing/spending-program.ts', import.meta.url))

interface Child {
  readonly process: Subprocess<'pipe', 'pipe', 'inherit'>
  readLine(): Promise<string>
  go(): void
}

function startChild(place: Place, mode: string, count: number): Child {
  const child = Bun.spawn([process.execPath, program, JSON.stringify(place.location), mode, String(count)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    process: child,
    async readLine() {
      while (!text.includes('\n')) {
        const { done, value } = await reader.read()
        if (done) throw new Error(`the program ended early: ${text}`)
        text += value
      }
      const [line = ''] = text.split('\n')
      text = text.slice(line.length + 1)
      return line
    },
    go() {
      void child.stdin.write('go\n')
      void child.stdin.flush()
    },
  }
}

for (const [name, makePlace] of listEngines(process.env['CAIRN_TEST_DATABASE_URL'])) {
  if (name.includes('calling thread')) continue
  describe(name, () => {
    let place: Place
    let store: Store
    let meter: OpenMeter
    let children: Child[] = []
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([meteringSchema])
      meter = await openTestMeter(store, place.location)
    })
    afterEach(async () => {
      for (const child of children) child.process.kill('SIGKILL')
      await Promise.all(children.map((child) => child.process.exited))
      children = []
      await meter.close()
      await store.close()
      await place.remove()
    })

    async function start(mode: string, counts: readonly number[]): Promise<void> {
      children = counts.map((count) => startChild(place, mode, count))
      for (const child of children) expect(await child.readLine()).toBe('ready')
    }

    /** Four processes, 200 streams, 600 calls, a budget of 60 cents. The most that was ever spent and held. */
    async function race(mode: 'spend' | 'broken'): Promise<{ most: number; reports: SpendReport[] }> {
      await meter.setBudgets([{ subject: { kind: 'all', id: '*' }, usdPerDay: 100, usdPerMonth: 0.6 }], 'owner')
      await start(mode, [50, 50, 50, 50])
      for (const child of children) child.go()
      let most = 0
      let isOver = false
      const watch = (async () => {
        while (!isOver) {
          const [row] = await store.read('SELECT MAX(spent_nano + reserved_nano) AS most FROM metering_balances')
          most = Math.max(most, Number(row?.['most'] ?? 0))
          await Bun.sleep(2)
        }
      })()
      const reports = await Promise.all(
        children.map(async (child) => JSON.parse(await child.readLine()) as SpendReport),
      )
      await Promise.all(children.map((child) => child.process.exited))
      isOver = true
      await watch
      expect(await countOpen(store)).toBe(0)
      expect(await findBreaches(store)).toEqual([])
      return { most, reports }
    }

    test('a budget under 200 streams of 4 processes is used up and never overshot', async () => {
      const { most, reports } = await race('spend')
      const [row] = await store.read('SELECT SUM(cost_nano) AS spent FROM metering_ledger')
      expect(most).toBeLessThanOrEqual(cents(60))
      expect(Number(row?.['spent'])).toBeLessThanOrEqual(cents(60))
      expect(Number(row?.['spent'])).toBeGreaterThan(cents(50))
      const sum = (of: (report: SpendReport) => number) => reports.reduce((total, report) => total + of(report), 0)
      expect(sum(({ failed }) => failed)).toBe(0)
      expect(sum(({ taken }) => taken) + sum(({ refused }) => refused)).toBe(600)
      expect(sum(({ refused }) => refused)).toBeGreaterThan(0)
    })

    test('without the condition in the update the same race overshoots, so this test can see it', async () => {
      const { most } = await race('broken')
      expect(most).toBeGreaterThan(cents(61))
    })

    test('reservations of a killed process are settled at the next start, by their estimate', async () => {
      await meter.setBudgets([{ subject: { kind: 'all', id: '*' }, usdPerDay: 1 }], 'owner')
      await start('hold', [20])
      children[0]?.go()
      expect(await children[0]?.readLine()).toBe('held')
      children[0]?.process.kill('SIGKILL')
      await children[0]?.process.exited
      expect(await countOpen(store)).toBe(20)
      await meter.close()
      meter = await openTestMeter(store, place.location)
      expect(await countOpen(store)).toBe(0)
      expect(await store.read('SELECT DISTINCT outcome, is_estimated, cost_nano FROM metering_ledger')).toEqual([
        { outcome: 'lost', is_estimated: 1, cost_nano: cents(1) },
      ])
      expect((await meter.listBudgets())[0]?.day).toMatchObject({ spentUsd: 0.2, reservedUsd: 0 })
      expect(await findBreaches(store)).toEqual([])
    })

    test('while others run on, a killed process loses its reservations and a living one keeps them', async () => {
      await meter.close()
      meter = await openTestMeter(store, place.location, { isFirst: false, beatMs: 200, deadAfterMs: 1_500 })
      await start('hold', [5, 7])
      for (const child of children) {
        child.go()
        expect(await child.readLine()).toBe('held')
      }
      children[0]?.process.kill('SIGKILL')
      await until('the killed one has lost its five', async () => (await countOpen(store)) === 7, 20_000)
      await Bun.sleep(2_500)
      expect(await countOpen(store)).toBe(7)
      expect(await store.read('SELECT COUNT(*) AS n FROM metering_ledger')).toEqual([{ n: 5 }])
      expect(await findBreaches(store)).toEqual([])
    })
  })
}
