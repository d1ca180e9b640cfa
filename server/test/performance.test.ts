/**
 * Nothing has become much slower: Cairn's times in times of something bare that does the same in the same run, against
 * the ratios in `bench/ratios.json` with a wide band. A figure above its band is measured again, twice at most, so that
 * a disturbance of the machine fails nothing; what is really slower is slower each time. `npm run bench -- ratios`
 * shows the scatter and stores new ratios.
 */
import { describe, expect, test } from 'bun:test'
import stored from '../../bench/ratios.json'
import { better, figures, findSlow, measureRatios, type Figure } from './kit/performance-lab.ts'

const waitMs = 120_000

const namesIn = (slow: readonly string[]) => slow.map((line) => line.split(':')[0] as Figure)

describe('performance', () => {
  test(
    'is within the bands of the stored ratios',
    async () => {
      let measured = await measureRatios()
      for (let again = 0; again < 2; again++) {
        const slow = namesIn(findSlow(measured, stored))
        if (slow.length > 0) measured = better(measured, await measureRatios({ only: slow }))
      }
      expect(findSlow(measured, stored)).toEqual([])
      expect(Object.keys(measured).toSorted()).toEqual([...figures].toSorted())
    },
    waitMs,
  )

  test(
    'is not, with a millisecond of sleep in the path of chat, of a cached reply and of the cache, and twenty in a search',
    async () => {
      const sleeps = { 'pass-through': 1, 'cached reply': 1, 'cache hit': 1, search: 20 }
      let unseen = figures.filter((figure) => figure in sleeps)
      // The unit of a figure is as long as the machine is slow, the sleep is not: a disturbed run may hide it.
      for (let again = 0; again < 3 && unseen.length > 0; again++) {
        const seen = namesIn(findSlow(await measureRatios({ sleeps, only: unseen }), stored))
        unseen = unseen.filter((figure) => !seen.includes(figure))
      }
      expect(unseen).toEqual([])
    },
    waitMs,
  )

  test('is not, with a start that takes longer than its band', () => {
    const { ratio, band } = stored['start-up']
    expect(namesIn(findSlow({ 'start-up': ratio * band * 1.01 }, stored))).toEqual(['start-up'])
    expect(findSlow({ 'start-up': ratio * band }, stored)).toEqual([])
  })
})
