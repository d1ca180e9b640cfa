/** In place of what takes the audit log out, for servers that have none. */
import { fail } from '../../src/base/index.ts'
import type { HttpDependencies } from '../../src/http/index.ts'

const none = (): never => fail('storage.failed', { message: 'This server has no audit log.' })

export const noOutlet: HttpDependencies['auditOutlet'] = {
  checkpoint: async () => none(),
  key: async () => none(),
  proof: async () => none(),
  tile: async () => none(),
  take: async () => none(),
  verify: async () => none(),
}
