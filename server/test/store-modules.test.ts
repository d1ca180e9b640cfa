/** What the modules that store promise, on both engines. */
import { describeAccess } from '../src/access/testing/access-suite.ts'
import { describeIdentity } from '../src/access/testing/identity-suite.ts'
import { describeArchive } from '../src/audit/testing/archive-suite.ts'
import { describeExport } from '../src/audit/testing/export-suite.ts'
import { describeLog } from '../src/audit/testing/log-suite.ts'
import { describeCheckpoints } from '../src/audit/testing/checkpoint-suite.ts'
import { describeRetention } from '../src/audit/testing/retention-suite.ts'
import { describeQueries } from '../src/audit/testing/query-suite.ts'
import { describeReports } from '../src/audit/testing/report-suite.ts'
import { describeReportTrust } from '../src/audit/testing/report-trust-suite.ts'
import { describeProviderStore } from '../src/routing/testing/provider-store-suite.ts'
import { describeSinkStore } from '../src/audit/testing/sink-suite.ts'
import { listEngines } from '../src/storage/testing/places.ts'
import { describeIndexStore, describeRegister } from '../src/vaults/index/testing/index-store-suite.ts'
import { describeAnnouncements } from '../src/vaults/testing/announce-suite.ts'
import { describeKept } from '../src/vaults/testing/held-suite.ts'
import { describeSynced } from '../src/vaults/testing/synced-suite.ts'

for (const [name, makePlace] of listEngines(process.env['CAIRN_TEST_DATABASE_URL'])) {
  describeAccess(`access: ${name}`, makePlace)
  describeIdentity(`identity: ${name}`, makePlace)
  describeLog(`the audit log: ${name}`, makePlace)
  describeArchive(`archives of the audit log: ${name}`, makePlace)
  describeExport(`taking the audit log out: ${name}`, makePlace)
  describeCheckpoints(`checkpoints of the audit log: ${name}`, makePlace)
  describeRetention(`retention of the audit log: ${name}`, makePlace)
  describeQueries(`questions to the audit log: ${name}`, makePlace)
  describeSinkStore(`receivers of the audit log: ${name}`, makePlace)
  describeReports(`reports on the audit log: ${name}`, makePlace)
  describeReportTrust(`what reports vouch for: ${name}`, makePlace)
  describeProviderStore(`providers in the database: ${name}`, makePlace)
  describeRegister(name, makePlace)
  describeIndexStore(name, makePlace)
  describeAnnouncements(name, makePlace)
  describeKept(name, makePlace)
  describeSynced(name, makePlace)
}
