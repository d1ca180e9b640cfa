/** Indexes a folder and says READY; a test kills it at some moment. Arguments: folder, data directory. */
import { openVaultRig } from './vault-rig.ts'

const [folder, data] = process.argv.slice(2) as [string, string]
const rig = await openVaultRig(folder, data)
await rig.ready()
process.stdout.write('READY\n')
await new Promise(() => undefined)
