/** Tables, states of a place, and text that came from outside. */
import { Button, EmptyState, ErrorState, Markdown, Table, type Column } from '../src/index.ts'
import { Frame } from './frame.tsx'

interface Row {
  readonly name: string
  readonly notes: number | null
}

const columns: readonly Column<Row>[] = [
  { key: 'name', heading: 'Vault', cell: ({ name }) => name, sortBy: ({ name }) => name },
  { key: 'notes', heading: 'Notes', align: 'end', cell: ({ notes }) => notes ?? '–', sortBy: ({ notes }) => notes },
]
const rows: readonly Row[] = [
  { name: 'Larkspur', notes: 66 },
  { name: 'Guillemot', notes: 1_204 },
  { name: 'Not read yet', notes: null },
]

const text = `Each Tern returns **every 24 months** [1].

- a list, with \`code\`
- [a link](https://example.org/)

> A quote.

| a | b |
|---|---|
| 1 | 2 |`

export function Texts() {
  return (
    <>
      <Frame
        title="Table"
        wide
        states={[
          {
            name: 'sorted',
            shown: (
              <Table
                caption="Vaults"
                columns={columns}
                rows={rows}
                rowKey={({ name }) => name}
                initialSort={{ key: 'notes', descending: true }}
                empty={null}
              />
            ),
          },
          {
            name: 'empty',
            shown: <Table caption="None" columns={columns} rows={[]} rowKey={() => ''} empty={<p>No vault yet.</p>} />,
          },
        ]}
      />
      <Frame
        title="States of a place"
        states={[
          {
            name: 'empty',
            shown: (
              <EmptyState icon="vault" title="No vault yet" action={<Button kind="primary">Add one</Button>}>
                Notes are read where they are.
              </EmptyState>
            ),
          },
          {
            name: 'failed',
            shown: (
              <ErrorState
                title="The server does not answer"
                hint="Check that it runs."
                code="plugin.unreachable"
                onRetry={() => {}}
              />
            ),
          },
        ]}
      />
      <Frame title="Markdown" states={[{ name: 'an answer', shown: <Markdown text={text} /> }]} />
    </>
  )
}
