/** What identity promises, whatever the engine of its store: people, groups, passwords, second factors, keys, devices. */
import { describe } from 'bun:test'
import type { MakePlace } from '../../storage/testing/places.ts'
import { useAccess } from './access-rig.ts'
import { describeChainedKeys, describeDevices } from './identity-keys-suite.ts'
import { describeDirectory, describeGroups, describePeople } from './identity-people-suite.ts'
import { describePasswords, describeSessions, describeTotp } from './identity-secrets-suite.ts'

export function describeIdentity(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    const rig = useAccess(makePlace)
    describePeople(rig)
    describeGroups(rig)
    describePasswords(rig)
    describeTotp(rig)
    describeSessions(rig)
    describeChainedKeys(rig)
    describeDevices(rig)
    describeDirectory(rig)
  })
}
