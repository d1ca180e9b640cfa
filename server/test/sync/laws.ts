/**
 * The laws of syncing, checked against a real server whatever two devices do. Who has *seen* what is told by the vaults
 * themselves, and by nothing that the programs under test keep: a device has seen a note that it had in the same words,
 * and a publisher whose vault equals the server’s has seen the server’s state, deletions included.
 *
 * 1. Nothing that is excluded is sent or stays on the server, and nothing is named that the server never had.
 * 2. What is deleted on the server was deleted, renamed or excluded by a device that had seen it.
 * 3. What is replaced or comes back there does so by a device that had seen what was there.
 * 4. At rest the server has what its publisher has; what differs is told as a conflict.
 */
import fc from 'fast-check'
import type { Exclusions } from '../../../plugin/src/core/exclusions.ts'
import type { SyncParts, SyncTransport } from '../../../plugin/src/core/sync/index.ts'
import { Device, type Fault } from './device.ts'

export const paths = [
  'a.md',
  'A.md',
  'Plans/b.md',
  'Plans/Ü🗻.md',
  'Private/c.md',
  'Private/d/e.md',
  'Z/潮.md',
] as const
const texts = ['one', 'two', 'three', 'a secret #private', 'front'] as const

/** Few of them often, so that devices meet at the same. */
const path = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...paths) },
  { weight: 3, arbitrary: fc.constantFrom('a.md', 'Private/c.md') },
)
const who = fc.constantFrom(0, 1)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('write' as const), who, path, text: fc.constantFrom(...texts) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), who, path }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rename' as const), who, path, to: path }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('run' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('offline' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      who,
      after: fc.nat(3),
      fault: fc.constantFrom<Fault>('lost-before', 'lost-after', 'killed-before', 'killed-after'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('exclude' as const),
      who,
      what: fc.constantFrom('folder', 'tag', 'nothing'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take-over' as const), who }) },
  /** A person goes on writing while a run is under way. */
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('meanwhile' as const),
      who,
      after: fc.nat(2),
      path,
      text: fc.option(fc.constantFrom(...texts)),
    }),
  },
  /** As another program that carries notes between the devices. */
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('carry' as const), who, path }) },
)

export const story = fc.array(step, { minLength: 8, maxLength: 40, size: 'max' })
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

export interface ServerNote {
  readonly path: string
  readonly text: string
  readonly seq: number
  readonly device: string
  readonly isDeleted: boolean
}

export interface Lab {
  readonly transport: SyncTransport
  /** What the server holds of the vault, read behind its back. */
  readonly read: () => Promise<{ notes: Map<string, ServerNote>; seq: number; publisher: string | null }>
}

const exclusionsOf: Record<string, Exclusions> = {
  folder: { folders: ['private'], tags: [] },
  tag: { folders: [], tags: ['private'] },
  nothing: { folders: [], tags: [] },
}

/** The test’s own idea of what is excluded. */
function isExcluded({ exclusions }: Device, notePath: string, text: string): boolean {
  return (
    (exclusions.folders.length > 0 && notePath.startsWith('Private/')) ||
    (exclusions.tags.length > 0 && text.includes('#private'))
  )
}

export async function tellStory(
  lab: Lab,
  steps: readonly Step[],
  change?: (parts: SyncParts) => SyncParts,
): Promise<void> {
  const everSent = new Set<string>()
  /** Up to which state of the server each device has seen it, and what notes it had. */
  const seen = [0, 0]
  const had = [new Set<string>(), new Set<string>()]
  let before = (await lab.read()).notes
  const devices = [0, 1].map((index): Device => new Device(`device${index}`, watched(index), change))

  function watched(index: number): SyncTransport {
    const self = (): Device => devices[index] as Device
    const under = async <T>(work: () => Promise<T>): Promise<T> => {
      before = (await lab.read()).notes
      const reply = await work()
      await judgeChanges(index)
      return reply
    }
    return {
      compare: (request) =>
        under(() => {
          for (const { path: each } of request.files)
            if (isExcluded(self(), each, self().files.get(each)?.text ?? ''))
              throw new Error(`law 1: ${each} was named`)
          for (const each of [...request.excluded, ...request.deleted])
            if (!everSent.has(each)) throw new Error(`law 1: ${each} was named, and the server never had it`)
          return lab.transport.compare(request)
        }),
      write: (request) =>
        under(() => {
          for (const { path: each, text } of request.notes) {
            if (isExcluded(self(), each, text)) throw new Error(`law 1: ${each} was sent`)
            everSent.add(each)
          }
          return lab.transport.write(request)
        }),
    }
  }

  async function judgeChanges(index: number): Promise<void> {
    const device = devices[index] as Device
    const { notes: after } = await lab.read()
    for (const [each, was] of before) {
      const now = after.get(each)
      const hasHad = !was.isDeleted && had[index]?.has(`${each} ${was.text}`) === true
      const hasSeen = hasHad || was.device === device.id || was.seq <= (seen[index] ?? 0)
      const isGone = !was.isDeleted && (now === undefined || now.isDeleted)
      // By what the server has of it, or by what the device has by now.
      const words = [was.text, device.files.get(each)?.text ?? '']
      if (isGone && now === undefined && words.some((text) => isExcluded(device, each, text))) continue
      if (isGone && !hasSeen) throw new Error(`law 2: ${each} was deleted unseen`)
      if (isGone && device.files.has(each)) throw new Error(`law 2: ${each} was deleted and is there`)
      const isReplaced = now !== undefined && !now.isDeleted && (was.isDeleted || now.text !== was.text)
      if (isReplaced && !hasSeen) throw new Error(`law 3: ${each} was replaced unseen`)
    }
  }

  async function look(): Promise<void> {
    const { notes, seq, publisher } = await lab.read()
    const live = [...notes.values()].filter(({ isDeleted }) => !isDeleted)
    for (const [index, device] of devices.entries()) {
      for (const [each, { text }] of device.files) had[index]?.add(`${each} ${text}`)
      const own = [...device.files].filter(([each, { text }]) => !isExcluded(device, each, text))
      const isEqual =
        own.length === live.length &&
        own.every(([each, { text }]) => notes.get(each)?.isDeleted === false && notes.get(each)?.text === text)
      if (isEqual && publisher === device.id) seen[index] = seq
    }
  }

  for (const each of steps) {
    await perform(devices, each, lab)
    await look()
  }
  await settle(devices, lab)
}

async function perform(devices: readonly Device[], each: Step, lab: Lab): Promise<void> {
  const device = devices[each.who] as Device
  switch (each.kind) {
    case 'write':
      return device.write(each.path, each.text)
    case 'remove':
      return device.remove(each.path)
    case 'rename':
      return device.rename(each.path, each.to)
    case 'run':
      return void (await device.run())
    case 'kill':
      return device.kill()
    case 'offline':
      return void (device.isOffline = !device.isOffline)
    case 'fault':
      return void (device.faults = [...Array.from({ length: each.after }, () => null), each.fault])
    case 'meanwhile':
      device.between = Array.from({ length: each.after }, () => null)
      device.between.push(() => (each.text === null ? device.remove(each.path) : device.write(each.path, each.text)))
      return undefined
    case 'exclude':
      return device.exclude(exclusionsOf[each.what] as Exclusions)
    case 'take-over':
      device.takeOver((await lab.read()).publisher)
      return void (await device.run())
    case 'carry': {
      const other = devices[1 - each.who] as Device
      const file = device.files.get(each.path)
      return file === undefined ? other.remove(each.path) : other.write(each.path, file.text)
    }
    default:
      throw new Error('no such step')
  }
}

async function settle(devices: readonly Device[], lab: Lab): Promise<void> {
  const { publisher } = await lab.read()
  const device = devices.find(({ id }) => id === publisher) ?? (devices[0] as Device)
  device.isOffline = false
  device.faults = []
  device.between = []
  let conflicts = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const outcome = await device.run()
    if (outcome?.kind === 'ask-deletions') device.confirmDeletions()
    else if (outcome?.kind === 'done') conflicts = new Set(outcome.conflicts.map((conflict) => conflict.path))
    else throw new Error(`law 4: the publisher does not come to rest: ${JSON.stringify(outcome)}`)
    if (outcome.kind === 'done' && !device.isDue()) break
  }
  // A whole pass, whatever was believed to be done.
  device.kill()
  device.state = { ...device.state, fingerprint: '' }
  const last = await device.run()
  if (last?.kind !== 'done') throw new Error(`law 4: the last pass ends with ${JSON.stringify(last)}`)
  conflicts = new Set(last.conflicts.map((conflict) => conflict.path))
  const { notes } = await lab.read()
  for (const [each, { text }] of device.files) {
    if (isExcluded(device, each, text) || conflicts.has(each)) continue
    const there = notes.get(each)
    if (there === undefined || there.isDeleted || there.text !== text)
      throw new Error(`law 4: ${each} is not on the server`)
  }
  for (const { path: each, text, isDeleted } of notes.values()) {
    if (isDeleted) continue
    if (isExcluded(device, each, device.files.get(each)?.text ?? '') && !conflicts.has(each))
      throw new Error(`law 1: ${each} is on the server: ${text}`)
    if (!device.files.has(each) && !conflicts.has(each)) throw new Error(`law 4: ${each} is on the server alone`)
  }
}
