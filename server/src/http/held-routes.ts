/** Rows of the route table about what is held of notes against edits and moves. */
import { heldConfirmSchema, heldListSchema } from '@cairn/contract'
import { z } from 'zod'
import { confirmHeld, listHeld } from './handlers/held.ts'
import { protectedRoute, type Route } from './route.ts'

const listQuery = z.strictObject({ limit: z.coerce.number<string>().int().min(1).max(1_000).default(200) })

export const heldRoutes: readonly Route[] = [
  protectedRoute({
    method: 'GET',
    path: '/api/held',
    audit: { reads: 'policy.read' },
    permission: 'signed-in',
    audience: 'problem',
    query: listQuery,
    summary:
      'Labels, protected tags and properties that are gone from notes and stay in force, and restricted folders that notes were taken out of, where you have `restrict`.',
    replies: [{ status: 200, description: 'The notes, by vault and path.', schema: heldListSchema }],
    handle: listHeld,
  }),
  protectedRoute({
    method: 'POST',
    path: '/api/held/confirm',
    audit: { changes: ['note.released'] },
    permission: 'signed-in',
    audience: 'problem',
    body: heldConfirmSchema,
    summary: 'Confirm that they are gone, or that the note was moved. Needs `restrict` on the note, and where it was.',
    replies: [
      { status: 204, description: 'From the next request on the note goes by its own words and its place.' },
      { status: 404, description: 'No such note, or nothing is held of it.' },
      { status: 409, description: 'The note was changed since the list was read.' },
    ],
    handle: confirmHeld,
  }),
]
