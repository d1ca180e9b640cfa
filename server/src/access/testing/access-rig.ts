/** Access over a store of its own for each test, with a clock that the test puts forward. */
import { afterEach, beforeEach } from 'bun:test'
import { createLonePeers, Secret, silentLogger, type Clock, type HostPeers, type Logger } from '../../base/index.ts'
import type { PasswordCost } from '../../platform/index.ts'
import { openSecret, sealSecret } from '../../platform/seal-secret.ts'
import type { Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { accessSchema, createAccess, policySchema, type Access, type AccessOptions, type Visitor } from '../index.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** Of whoever signs in. */
export const visitor: Visitor = { address: '203.0.113.7', userAgent: null }

export interface RigOptions {
  readonly ownerKey?: string
  readonly logger?: Logger
  readonly peers?: HostPeers
  readonly settings?: Partial<AccessOptions['settings']>
  /** `usual` is what a server takes; the least there is when absent. */
  readonly passwordCost?: 'usual'
}

export interface AccessRig {
  access(): Access
  store(): Store
  /** Another one over the same store. */
  open(options?: RigOptions): Promise<Access>
  pass(ms: number): void
  now(): number
  /** With an empty store, and nothing opened on it. */
  startAnew(): Promise<void>
}

/** Hashes that take no time: what is tested here is who may sign in, not how long guessing would take. */
const leastCost: PasswordCost = { memoryKibibytes: 8, passes: 1 }

/** Registers what makes it before each test and takes it away after. */
export function useAccess(makePlace: MakePlace): AccessRig {
  let place: Place
  let store: Store
  let access: Access
  let now = 0
  const clock: Clock = { now: () => now, monotonic: () => now }
  const open: AccessRig['open'] = ({ ownerKey, logger, peers, settings, passwordCost } = {}) =>
    createAccess({
      peers: peers ?? createLonePeers(),
      store,
      clock,
      logger: logger ?? silentLogger,
      ownerKey: ownerKey === undefined ? null : new Secret(ownerKey),
      localCredential: new Secret('local-credential'),
      seal,
      settings: {
        sessionMs: 30 * dayMs,
        sessionIdleMs: 7 * dayMs,
        requireMfa: 'off',
        openid: null,
        ...settings,
      },
      door: () => Promise.reject(new Error('nothing goes out in this suite')),
      factsOf: async () => null,
      ...(passwordCost === 'usual' ? {} : { passwordCost: leastCost }),
    })
  const openStore = async () => {
    place = await makePlace()
    store = await place.open([accessSchema, policySchema])
  }
  const removeStore = async () => {
    await store.close()
    await place.remove()
  }

  beforeEach(async () => {
    now = 1_763_850_000_000
    await openStore()
    access = await open()
  })
  afterEach(removeStore)
  return {
    access: () => access,
    store: () => store,
    open,
    pass: (ms) => void (now += ms),
    now: () => now,
    async startAnew() {
      await removeStore()
      await openStore()
    },
  }
}

const sealingKey = new Uint8Array(32).fill(7)

/** With a key of this process. */
const seal: AccessOptions['seal'] = {
  sealSecret: (purpose, about, text) => sealSecret(sealingKey, [purpose, ...about], text),
  openSecret: (purpose, about, sealed) => openSecret(sealingKey, [purpose, ...about], sealed),
}
