/** What the meter promises, on both engines. */
import { describeMeter } from '../src/metering/testing/meter-suite.ts'
import { listEngines } from '../src/storage/testing/places.ts'

for (const [name, makePlace] of listEngines(process.env['CAIRN_TEST_DATABASE_URL']))
  if (!name.includes('calling thread')) describeMeter(`meter: ${name}`, makePlace)
