/** Puts the parts of identity together; `access.ts` turns what they say into a principal. */
import type { Clock, HostPeers, Logger, Secret } from '../../base/index.ts'
import type { Keyring, PasswordCost } from '../../platform/index.ts'
import type { Store } from '../../storage/index.ts'
import { createAccounts, type Accounts } from './account.ts'
import { createAttempts, type Attempts } from './attempts.ts'
import { createChanges, type Changes } from './changes.ts'
import { createDevices, type Devices } from './devices.ts'
import { readDirectory, type Directory } from './directory.ts'
import { createGroups, type Groups } from './groups.ts'
import { createKeys, type Keys } from './keys.ts'
import { createLinks, type Links } from './links.ts'
import { createOpenId, type OpenIdDoor, type OpenIdSettings } from './openid.ts'
import { ensureOwner } from './owner.ts'
import { createPasswords } from './passwords.ts'
import { createPeople, type People, type Person } from './people.ts'
import { createSessions, type SessionLifetime, type Sessions } from './sessions.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createTotp } from './totp.ts'

export interface IdentitySettings extends SessionLifetime {
  readonly requireMfa: 'off' | 'admins' | 'everyone'
  readonly openid: OpenIdSettings | null
}

export interface IdentityOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** `CAIRN_OWNER_KEY`: the owner's first key, taken while there is no owner. */
  readonly ownerKey: Secret | null
  /** The other processes of this host. */
  readonly peers: Pick<HostPeers, 'collect' | 'answer'>
  readonly seal: Pick<Keyring, 'sealSecret' | 'openSecret'>
  readonly settings: IdentitySettings
  /** The way to the provider of OpenID Connect. */
  readonly door: OpenIdDoor
  /** What the hash of a password costs; what is recommended when absent. No setting: only tests hash for less. */
  readonly passwordCost?: PasswordCost
}

export interface Identity {
  readonly people: People
  readonly groups: Groups
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly keys: Keys
  readonly links: Links
  readonly devices: Devices
  readonly attempts: Attempts
  readonly signIn: SignIn
  /** Text of the button for OpenID Connect, or null without. */
  readonly openIdName: string | null
  /** Whether anybody has a password: a server of one person shows no form for it. */
  hasPasswords(): Promise<boolean>
  /** Who there is, as of one epoch. */
  directory(): Promise<Directory>
  /** How a change takes effect. */
  readonly changes: Changes
  /** Grows with every change of who there is, by any process of the deployment. */
  epoch(): Promise<number>
  /** The one for whom the local command line acts. */
  localOwner(): Promise<Person>
  /** Whether an active owner has a password or an account of the provider: without, nobody but this machine gets in. */
  canOwnerSignIn(): Promise<boolean>
}

/** Throws `config.invalid` when `ownerKey` is not a key of this deployment. */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, clock, logger, ownerKey, peers, seal, settings, door, passwordCost } = options
  await ensureOwner(store, clock, ownerKey)
  const changes = createChanges({ store, clock, peers })
  const people = createPeople({ store, clock, changes })
  const groups = createGroups({ store, clock, changes })
  const passwords = createPasswords({ store, clock, cost: passwordCost })
  const totp = createTotp({ store, clock, seal })
  const attempts = createAttempts({ store, clock })
  const links = createLinks({ store, clock, changes })
  const sessions = createSessions({ store, clock, logger, changes, lifetime: settings })
  const keys = createKeys({ store, clock, logger, changes })
  const openid = settings.openid && createOpenId({ settings: settings.openid, door, store, clock, logger, seal })
  const parts = { store, changes, people, passwords, totp, attempts, links, sessions }
  const localOwner = changes.believe<Person>(() => people.firstOwner())
  return {
    changes,
    people,
    groups,
    sessions,
    keys,
    links,
    attempts,
    accounts: createAccounts({ ...parts, requireMfa: settings.requireMfa }),
    devices: createDevices({ store, clock, changes, keys }),
    signIn: createSignIn({ ...parts, groups, openid, seal }),
    openIdName: settings.openid?.name ?? null,
    hasPasswords: async () => (await store.read('SELECT 1 AS one FROM access_passwords LIMIT 1')).length > 0,
    directory: () => readDirectory(store, changes),
    epoch: () => changes.epoch(),
    localOwner: async () => (await localOwner('local')) ?? people.firstOwner(),
    async canOwnerSignIn() {
      const rows = await store.read(
        `SELECT 1 AS one FROM access_principals p WHERE p.is_owner = 1 AND p.status = 'active' AND (
          (p.email IS NOT NULL AND EXISTS (SELECT 1 FROM access_passwords w WHERE w.principal_id = p.id))
          OR EXISTS (SELECT 1 FROM access_external_ids e WHERE e.principal_id = p.id)) LIMIT 1`,
      )
      return rows.length > 0
    },
  }
}
