import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger, systemClock } from '../../base/index.ts'
import { createTestSealer } from '../testing/disk-churn.ts'
import { describeDiskTier } from '../testing/disk-tier-suite.ts'
import { openDiskTier } from './disk-tier.ts'

describeDiskTier({
  name: 'segments',
  open: (directory, maxBytes) =>
    openDiskTier({ directory, maxBytes, sealer: createTestSealer(), clock: systemClock, logger: silentLogger }),
  measure: (directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => statSync(join(directory, name), { throwIfNoEntry: false }))
      .reduce((sum, file) => sum + (file?.isFile() ? file.size : 0), 0),
})
