import { expect, test } from 'bun:test'
import { createSearchLine } from './search-line.ts'

/** Work that ends when it is told to. */
function held() {
  const { promise, resolve } = Promise.withResolvers<string>()
  return { work: () => promise, resolve }
}

test('one at a time, in order, the second half of a question before the first half of others', async () => {
  const line = createSearchLine(10)
  const order: string[] = []
  const running = held()
  const all = [line.run(running.work, {})]
  const add = (name: string, first = false) => all.push(line.run(async () => (order.push(name), name), { first }))
  add('a')
  add('b')
  add('second half', true)
  expect(order).toEqual([])
  running.resolve('done')
  await Promise.all(all)
  expect(order).toEqual(['second half', 'a', 'b'])
})

test('work whose caller has left is never started, and does not keep others waiting', async () => {
  const line = createSearchLine(10)
  const running = held()
  const first = line.run(running.work, {})
  const leaver = new AbortController()
  let started = false
  const left = line.run(async () => (started = true), { signal: leaver.signal })
  const other = line.run(async () => 'other', {})
  leaver.abort(new Error('left'))
  running.resolve('done')
  expect(left).rejects.toThrow('left')
  expect(await other).toBe('other')
  await first
  expect(started).toBe(false)
})

test('a failure gives the next its turn, and a line that is full says so', async () => {
  const line = createSearchLine(1)
  const running = held()
  const failing = line.run(async () => {
    await running.work()
    throw new Error('no')
  }, {})
  const waiting = line.run(async () => 'next', {})
  expect(line.run(async () => 'one too many', {})).rejects.toMatchObject({ code: 'server.busy' })
  running.resolve('')
  expect(failing).rejects.toThrow('no')
  expect(await waiting).toBe('next')
})
