/**
 * Who is asking, and may they. For now one owner, who may do everything, with any number of API keys and sessions.
 * Every call already carries a principal and every module already asks, so that roles can come without moving a wall.
 */
import {
  CairnError,
  fail,
  sha256,
  type Clock,
  type HostPeers,
  type Logger,
  type Principal,
  type Secret,
} from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import { createKeys } from './keys.ts'
import { ensureOwner } from './owner.ts'
import { createSessions } from './sessions.ts'
import type { Access } from './types.ts'

export interface AccessOptions {
  store: Store
  clock: Clock
  logger: Logger
  /** `CAIRN_OWNER_KEY`: the owner's first key, taken while there is no owner. */
  ownerKey: Secret | null
  /** The bearer of the local command line, known only to those who can read `server.json`. */
  localCredential: Secret
  /** The other processes of this host. */
  peers: Pick<HostPeers, 'collect' | 'answer'>
}

/** Throws `config.invalid` when `ownerKey` is not a key of the owner that exists. */
export async function createAccess({
  store,
  clock,
  logger,
  ownerKey,
  localCredential,
  peers,
}: AccessOptions): Promise<Access> {
  const owner = await ensureOwner(store, clock, ownerKey)
  const keys = createKeys({ store, clock, logger, owner, peers })
  const sessions = createSessions({ store, clock, owner })
  const localHash = sha256(localCredential.reveal())

  const principal = (via: Principal['via'], credentialId: string): Principal => ({
    ...owner,
    kind: 'owner',
    via,
    credentialId,
  })

  return {
    async authenticate({ key, session }) {
      if (key !== null && sha256(key) === localHash) return principal('local', 'local')
      if (key !== null) return principal('key', await keys.authenticate(key))
      if (session !== null) return principal('session', await sessions.authenticate(session))
      return fail('access.unauthenticated', {
        message: 'Send an API key as `Authorization: Bearer …`, or sign in to the console.',
      })
    },
    require({ kind }) {
      if (kind !== 'owner') throw new CairnError('access.forbidden')
    },
    filter: () => ({ kind: 'all' }),
    async signIn(token) {
      const { id, session, expiresAt } = await sessions.begin(token)
      return { session, expiresAt, principal: principal('session', id) }
    },
    async signOut({ via, credentialId }) {
      if (via === 'session') await sessions.end(credentialId)
    },
    createSignInToken: () => sessions.createSignInToken(),
    listKeys: (...args) => keys.listKeys(...args),
    createKey: (...args) => keys.createKey(...args),
    revokeKey: (...args) => keys.revokeKey(...args),
  }
}
