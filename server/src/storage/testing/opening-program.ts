/** A process of its own that opens the store named in its first argument with a schema that is new there, and writes one row. */
import { openDirectStore, type StoreLocation } from '../index.ts'

const [, , place = '', name = ''] = process.argv
const location = JSON.parse(place) as StoreLocation
const steps = Array.from({ length: 10 }, (_, index) => `CREATE TABLE step${index} (id {int} PRIMARY KEY)`)
const store = await openDirectStore({
  location,
  schemas: [
    {
      scope: 'made',
      migrations: [{ id: 1, name: 'made', statements: [...steps, 'CREATE TABLE made (name TEXT PRIMARY KEY)'] }],
    },
  ],
})
await store.write([{ text: 'INSERT INTO made (name) VALUES (?)', params: [name] }])
await store.close()
