/** What identity promises, whatever the engine of its store: people, groups, passwords, second factors, keys, devices. */
import { afterEach, beforeEach, describe } from 'bun:test'
import { createLonePeers, Secret, silentLogger, type Clock } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { accessSchema, policySchema, createAccess, type Access } from '../index.ts'
import { plainIdentity } from './access-suite.ts'
import { describeChainedKeys, describeDevices } from './identity-keys-suite.ts'
import type { Current } from './identity-kit.ts'
import { describeDirectory, describeGroups, describePeople } from './identity-people-suite.ts'
import { describePasswords, describeSessions, describeTotp } from './identity-secrets-suite.ts'

export function describeIdentity(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let store: Store
    let access: Access
    let now = 0
    const clock: Clock = { now: () => now, monotonic: () => now }
    const open: Current['open'] = (settings) =>
      createAccess({
        peers: createLonePeers(),
        store,
        clock,
        logger: silentLogger,
        ownerKey: null,
        localCredential: new Secret('local-credential'),
        ...plainIdentity(settings),
        factsOf: async () => null,
      })
    beforeEach(async () => {
      now = 1_763_850_000_000
      place = await makePlace()
      store = await place.open([accessSchema, policySchema])
      access = await open()
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })
    const current: Current = {
      access: () => access,
      store: () => store,
      open,
      pass: (ms) => void (now += ms),
      now: () => now,
    }
    describePeople(current)
    describeGroups(current)
    describePasswords(current)
    describeTotp(current)
    describeSessions(current)
    describeChainedKeys(current)
    describeDevices(current)
    describeDirectory(current)
  })
}
