import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CairnError } from '../base/index.ts'
import { lockDirectory } from './index.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'cairn-lock-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Another process that takes the lock, says so and stays, or says why not. */
function startHolder(directory: string) {
  const program = `import { lockDirectory } from ${JSON.stringify(join(import.meta.dir, 'index.ts'))}
    try { await lockDirectory(${JSON.stringify(directory)}); console.log('held'); setInterval(() => {}, 1000) }
    catch (thrown) { console.log(thrown.message) }`
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' })
  const line = async () => {
    const reader = child.stdout.getReader()
    const { value } = await reader.read()
    return new TextDecoder().decode(value).trim()
  }
  return { child, line }
}

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it was let in',
    (thrown: CairnError) => thrown.message,
  )

test('a second process is refused with a sentence that says what to do', async () => {
  const lock = await lockDirectory(folder)
  const second = startHolder(folder)
  expect(await second.line()).toBe(
    `Another Cairn works on ${folder}. Stop it first, or name another folder with --data.`,
  )
  expect(await messageOf(lockDirectory(folder))).toContain('Another Cairn works on')
  await lock.release()
})

test('the lock is free after a release, and after kill -9 of its holder', async () => {
  for (let round = 0; round < 3; round++) {
    const holder = startHolder(folder)
    expect(await holder.line()).toBe('held')
    expect(await messageOf(lockDirectory(folder))).toContain('Another Cairn works on')
    holder.child.kill('SIGKILL')
    await holder.child.exited
    await (await lockDirectory(folder)).release()
  }
})

test('a refused try leaves the lock with its holder', async () => {
  const lock = await lockDirectory(folder)
  for (let tries = 0; tries < 3; tries++) await messageOf(lockDirectory(folder))
  const second = startHolder(folder)
  expect(await second.line()).toContain('Another Cairn')
  await lock.release()
})

test('a folder is made when it is missing, and the lock can be read by nobody else', async () => {
  const inner = join(folder, 'a', 'b')
  const lock = await lockDirectory(inner)
  expect((await stat(inner)).mode & 0o777).toBe(0o700)
  expect((await stat(join(inner, 'lock.db'))).mode & 0o777).toBe(0o600)
  await lock.release()
  expect(await readdir(inner)).toEqual(['lock.db'])
})

test('a data directory that is a file is refused with its name and the reason', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  expect(await messageOf(lockDirectory(file))).toMatch(/The data directory .*file cannot be used \(E\w+\)/)
  await chmod(folder, 0o700)
})
