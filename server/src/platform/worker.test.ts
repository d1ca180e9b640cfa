import { afterEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { withDeadline, type CairnError, type Fields } from '../base/index.ts'
import { startWorker, type WorkerHandle } from './index.ts'

let worker: WorkerHandle
let problems: Fields[]

function start(): WorkerHandle {
  problems = []
  return (worker = startWorker(new URL('./testing/faulty-worker.ts', import.meta.url), (fields) =>
    problems.push(fields),
  ))
}

afterEach(() => worker.terminate())

const rejectionOf = (work: Promise<unknown>): Promise<CairnError> =>
  withDeadline(work, 3_000, 'server.busy').then(
    () => {
      throw new Error('it was not rejected')
    },
    (thrown: unknown) => thrown as CairnError,
  )

test.each(['throwOutside', 'exit'])(
  'a thread that ends by %s rejects calls under way and later ones, and is reported once',
  async (how) => {
    const handle = start()
    await handle.call('open')
    const under = rejectionOf(handle.call('never'))
    void handle.call(how).catch(() => undefined)
    expect((await under).code).toBe('storage.failed')
    expect((await rejectionOf(handle.call('open'))).code).toBe('storage.failed')
    expect(handle.hasEnded).toBe(true)
    await Bun.sleep(50)
    expect(problems).toEqual([
      { ended: true, reason: how === 'exit' ? 'it exited' : expect.stringContaining('outside') },
    ])
  },
)

test('a rejection nobody catches is reported and does not end the thread', async () => {
  // In a process of its own: `bun test` ends a thread that loses a rejection, whatever it listens to.
  const program = `import { startWorker } from ${JSON.stringify(join(import.meta.dir, 'index.ts'))}
    const file = new URL(${JSON.stringify(new URL('./testing/faulty-worker.ts', import.meta.url).href)})
    const { promise: told, resolve } = Promise.withResolvers()
    const worker = startWorker(file, resolve)
    await worker.call('loseRejection')
    console.log(JSON.stringify(await told))
    await worker.call('open')
    console.log(worker.hasEnded ? 'ended' : 'alive')
    process.exit()`
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' })
  expect(await new Response(child.stdout).text()).toBe('{"ended":false,"error":"Error","reason":"lost"}\nalive\n')
})

test('a thread whose file is not there rejects its calls and is reported', async () => {
  problems = []
  worker = startWorker(new URL('./testing/none.ts', import.meta.url), (fields) => problems.push(fields))
  expect((await rejectionOf(worker.call('open'))).code).toBe('storage.failed')
  expect(problems).toHaveLength(1)
})

test('a method that throws rejects its call only; an unknown method and an argument that cannot travel too', async () => {
  const handle = start()
  expect((await rejectionOf(handle.call('fail'))).internal).toBe('Error: inside')
  expect((await rejectionOf(handle.call('nothing'))).code).toBe('internal.error')
  await expect(handle.call('write', () => undefined)).rejects.toThrow()
  expect(await handle.call('open')).toBeUndefined()
})

test('a thread that is told to end is no problem', async () => {
  const handle = start()
  const under = rejectionOf(handle.call('never'))
  handle.terminate()
  expect((await under).code).toBe('storage.failed')
  await Bun.sleep(50)
  expect(problems).toEqual([])
})
