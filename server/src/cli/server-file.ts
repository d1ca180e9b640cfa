/** `server.json`, which a running server leaves in its data directory (mode 0600), so that commands find it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const serverFileSchema = z.object({
  /** `http://127.0.0.1:8484` */
  address: z.url({ protocol: /^https?$/ }),
  pid: z.int(),
  /** The local owner’s credential, sent as bearer. */
  credential: z.string().min(1),
})

export type ServerFile = z.infer<typeof serverFileSchema>

export const serverFileName = 'server.json'

/** The file of the server that runs, or ran last, on this data directory; null when there is none that can be read. */
export async function readServerFile(dataDirectory: string): Promise<ServerFile | null> {
  try {
    const text = await readFile(join(dataDirectory, serverFileName), 'utf8')
    return serverFileSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
