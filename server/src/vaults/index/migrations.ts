/** Tables of the stored index. All of it can be made again from the vaults. */
import type { Schema } from '../../storage/index.ts'

export const indexSchema: Schema = {
  scope: 'index',
  migrations: [
    {
      id: 1,
      name: 'notes, terms, vectors and problems of vaults',
      statements: [
        `CREATE TABLE index_vaults (
        vault TEXT PRIMARY KEY, generation TEXT NOT NULL, seq {int} NOT NULL, format INTEGER NOT NULL, model INTEGER NOT NULL, trained_passages {int} NOT NULL)`,
        `CREATE TABLE index_notes (
        vault TEXT NOT NULL, note_id TEXT NOT NULL, seq {int} NOT NULL, deleted INTEGER NOT NULL, path TEXT NOT NULL,
        version TEXT NOT NULL, label TEXT NOT NULL, mtime {int} NOT NULL, size {int} NOT NULL, inode TEXT NOT NULL,
        passages INTEGER NOT NULL, meta TEXT NOT NULL, text TEXT NOT NULL, terms {blob} NOT NULL, PRIMARY KEY (vault, note_id))`,
        'CREATE INDEX index_notes_by_seq ON index_notes (vault, seq)',
        'CREATE INDEX index_notes_by_path ON index_notes (vault, path)',
        'CREATE TABLE index_terms (vault TEXT NOT NULL, first {int} NOT NULL, terms TEXT NOT NULL, PRIMARY KEY (vault, first))',
        'CREATE TABLE index_models (vault TEXT NOT NULL, id INTEGER NOT NULL, data {blob} NOT NULL, PRIMARY KEY (vault, id))',
        `CREATE TABLE index_vectors (
        vault TEXT NOT NULL, note_id TEXT NOT NULL, model INTEGER NOT NULL, seq {int} NOT NULL, data {blob} NOT NULL, PRIMARY KEY (vault, note_id))`,
        'CREATE INDEX index_vectors_by_seq ON index_vectors (vault, seq)',
        'CREATE TABLE index_problems (vault TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (vault, path))',
      ],
    },
    {
      id: 2,
      name: 'who indexes, how far it is, and what it is asked for',
      statements: [
        'CREATE TABLE index_owner (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), fence {int} NOT NULL)',
        'INSERT INTO index_owner (only_row, fence) VALUES (1, 0)',
        `CREATE TABLE index_states (
        vault TEXT PRIMARY KEY, state TEXT NOT NULL, done {int} NOT NULL, total {int} NOT NULL, done_before {int} NOT NULL,
        elapsed_ms {int} NOT NULL, reason TEXT)`,
        'CREATE TABLE index_requests (vault TEXT PRIMARY KEY, asked {int} NOT NULL, handled {int} NOT NULL)',
      ],
    },
    {
      id: 3,
      name: 'changes that are still to be announced, and up to where they were',
      statements: [
        "ALTER TABLE index_vaults ADD COLUMN log_epoch TEXT NOT NULL DEFAULT ''",
        'ALTER TABLE index_vaults ADD COLUMN log_seq {int} NOT NULL DEFAULT 0',
        'CREATE TABLE index_announcements (vault TEXT NOT NULL, seq {int} NOT NULL, scopes TEXT NOT NULL, PRIMARY KEY (vault, seq))',
      ],
    },
    {
      id: 4,
      name: 'what is held of a note against an edit',
      statements: ["ALTER TABLE index_notes ADD COLUMN held TEXT NOT NULL DEFAULT ''"],
    },
  ],
}
