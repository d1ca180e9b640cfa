/** All caches by name, Cairn first. */
import { openCairnReadThrough } from './cairn.ts'
import { peerOpeners, type OpenReadThrough } from './read-through.ts'

export const openers: Readonly<Record<string, OpenReadThrough>> = { cairn: openCairnReadThrough, ...peerOpeners }
