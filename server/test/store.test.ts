/** What every store promises, on both engines. */
import { listEngines } from '../src/storage/testing/places.ts'
import { describeStore } from '../src/storage/testing/store-suite.ts'

for (const [name, makePlace] of listEngines(process.env['CAIRN_TEST_DATABASE_URL'])) describeStore(name, makePlace)
