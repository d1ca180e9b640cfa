/** What the modules that store promise, on both engines. */
import { describeAccess } from '../src/access/testing/access-suite.ts'
import { describeIdentity } from '../src/access/testing/identity-suite.ts'
import { describeAudit } from '../src/audit/testing/audit-suite.ts'
import { describeProviderStore } from '../src/routing/testing/provider-store-suite.ts'
import { listEngines } from '../src/storage/testing/places.ts'
import { describeIndexStore, describeRegister } from '../src/vaults/index/testing/index-store-suite.ts'
import { describeAnnouncements } from '../src/vaults/testing/announce-suite.ts'
import { describeKept } from '../src/vaults/testing/held-suite.ts'

for (const [name, makePlace] of listEngines(process.env['CAIRN_TEST_DATABASE_URL'])) {
  describeAccess(`access: ${name}`, makePlace)
  describeIdentity(`identity: ${name}`, makePlace)
  describeAudit(`audit: ${name}`, makePlace)
  describeProviderStore(`providers in the database: ${name}`, makePlace)
  describeRegister(name, makePlace)
  describeIndexStore(name, makePlace)
  describeAnnouncements(name, makePlace)
  describeKept(name, makePlace)
}
