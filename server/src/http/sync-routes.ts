/** Rows of the route table about vaults that devices sync, and the refusal to write into a watched folder. */
import {
  notesWriteSchema,
  notesWrittenSchema,
  noteVersionSchema,
  noteWriteSchema,
  syncReplySchema,
  syncRequestSchema,
} from '@cairn/contract'
import { z } from 'zod'
import { deleteNote, syncVault, writeNote, writeNotes } from './handlers/sync.ts'
import { protectedRoute, type HeaderSpec, type ReplySpec, type Route } from './route.ts'

const refused: readonly ReplySpec[] = [
  { status: 409, description: 'The vault is a watched folder, or another device publishes it.' },
]
const headers: readonly HeaderSpec[] = [
  { name: 'if-match', description: 'The version that is replaced, in quotes.', schema: noteVersionSchema },
  { name: 'if-none-match', description: '`*` for a note that is not there yet.', schema: z.literal('*') },
  { name: 'cairn-device', description: 'The device that writes; the vault’s publisher.', schema: z.string() },
]

export const syncRoutes: readonly Route[] = [
  protectedRoute({
    method: 'POST',
    path: '/api/vaults/:id/sync',
    audit: { changes: ['vault.synced', 'vault.taken-over'] },
    permission: 'signed-in',
    on: 'vault',
    audience: 'problem',
    body: syncRequestSchema,
    summary:
      'Compare a device’s notes with the server’s. The publisher’s deletions and exclusions are carried out; others only hear how they differ.',
    replies: [{ status: 200, description: 'What to send, and what to decide.', schema: syncReplySchema }, ...refused],
    handle: syncVault,
  }),
  protectedRoute({
    method: 'PUT',
    path: '/api/vaults/:id/notes',
    audit: { changes: ['vault.synced'] },
    permission: 'signed-in',
    on: 'vault',
    audience: 'problem',
    body: notesWriteSchema,
    summary: 'Store and delete several notes of a synced vault in one step, each if its version is the expected one.',
    replies: [
      { status: 200, description: 'What was stored, and what stands in another version.', schema: notesWrittenSchema },
      ...refused,
    ],
    handle: writeNotes,
  }),
  protectedRoute({
    method: 'PUT',
    path: '/api/vaults/:id/notes/*path',
    audit: { changes: ['vault.synced'] },
    permission: 'signed-in',
    on: 'vault',
    audience: 'problem',
    headers,
    body: noteWriteSchema,
    summary: 'Store a note of a synced vault. A watched folder is edited in its files only.',
    replies: [
      { status: 204, description: 'Stored; its version is the ETag.' },
      ...refused,
      { status: 412, description: 'The note is in another version.' },
    ],
    handle: writeNote,
  }),
  protectedRoute({
    method: 'DELETE',
    path: '/api/vaults/:id/notes/*path',
    audit: { changes: ['vault.synced'] },
    permission: 'signed-in',
    on: 'vault',
    audience: 'problem',
    headers,
    summary: 'Delete a note of a synced vault. A watched folder is edited in its files only.',
    replies: [
      { status: 204, description: 'Deleted, or not there.' },
      ...refused,
      { status: 412, description: 'The note is in another version.' },
    ],
    handle: deleteNote,
  }),
]
