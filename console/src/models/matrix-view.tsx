/** All models with what they can do and how they fare, and the names that stand for several of them. */
import { useMemo, useState } from 'preact/hooks'
import { capabilityNames, type ModelsReply, type VirtualModelInfo } from '@cairn/contract'
import { Button, EmptyState, Icon, Select, Table, TextField, sortRows, type Column, type SortOrder } from '@cairn/ui'
import { formatCount, formatCounted } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { matrixColumns } from './matrix-columns.tsx'
import { filterModels, isWell, readCapability, rowKeyOf, stateFilters, type MatrixFilter } from './matrix.ts'
import { usualRoute, writeRoute } from './route-params.ts'
import { capabilityNames as capabilityWords, describeVirtual } from './words.ts'

/** Rows that are shown at once; more on request. */
const pageSize = 100

export function MatrixView({ reply }: { readonly reply: ModelsReply }) {
  const [filter, setFilter] = useState<MatrixFilter>({ text: '', capability: null, state: 'all' })
  const [order, setOrder] = useState<SortOrder | null>(null)
  const [most, setMost] = useState(pageSize)
  const found = useMemo(() => filterModels(reply.models, filter), [reply.models, filter])
  const sorted = useMemo(() => sortRows(found, matrixColumns, order), [found, order])
  const change = (part: Partial<MatrixFilter>) => {
    setFilter((before) => ({ ...before, ...part }))
    setMost(pageSize)
  }
  return (
    <>
      <section class="section models-matrix" aria-label="Models">
        <FilterBar filter={filter} order={order} onFilter={change} onOrder={setOrder} />
        <p class="muted models-count" role="status">
          {tellCount(reply.models, found.length)}
        </p>
        <Table
          caption="Models"
          columns={matrixColumns}
          rows={sorted.slice(0, most)}
          rowKey={rowKeyOf}
          order={order}
          onOrder={setOrder}
          empty={
            <EmptyState
              icon="models"
              title="No model is like this"
              action={<Button onClick={() => change({ text: '', capability: null, state: 'all' })}>Show all</Button>}
            />
          }
        />
        {reply.models.every(({ builtIn }) => builtIn) ? <OnlyBuiltIn /> : null}
        {found.length > most ? (
          <Button onClick={() => setMost(most + pageSize)}>
            Show {formatCount(Math.min(pageSize, found.length - most))} more
          </Button>
        ) : null}
        <Legend sources={reply.catalogue.sources} />
      </section>
      <VirtualModels virtual={reply.virtual} />
    </>
  )
}

function OnlyBuiltIn() {
  return (
    <EmptyState
      icon="models"
      title="Only the built-in model is here"
      action={
        <a class="cairn-button is-primary" href={hrefOf('models', { view: 'providers' })}>
          See providers
        </a>
      }
    >
      It quotes your notes. For written answers and chat, start a model server on this machine or add a provider.
    </EmptyState>
  )
}

function tellCount(models: ModelsReply['models'], shown: number): string {
  const ill = models.filter((model) => !isWell(model)).length
  const count =
    shown === models.length ? formatCounted(shown, 'model') : `${shown} of ${formatCounted(models.length, 'model')}`
  return ill === 0 ? count : `${count}, ${formatCount(ill)} in trouble`
}

const stateNames = { all: 'Any', well: 'In use', ill: 'In trouble' } as const

interface FilterBarProps {
  readonly filter: MatrixFilter
  readonly order: SortOrder | null
  readonly onFilter: (part: Partial<MatrixFilter>) => void
  readonly onOrder: (order: SortOrder | null) => void
}

function FilterBar({ filter, order, onFilter, onOrder }: FilterBarProps) {
  const sortable = matrixColumns.filter(({ sortBy }) => sortBy !== undefined)
  return (
    <div class="models-filter" role="search" aria-label="Find models">
      <TextField
        label="Find"
        value={filter.text}
        placeholder="Name, region"
        maxLength={200}
        onInput={(text) => onFilter({ text })}
      />
      <Select
        label="Can"
        value={filter.capability ?? ''}
        options={[
          { value: '', text: 'Anything' },
          ...capabilityNames.map((value) => ({ value, text: capabilityWords[value] })),
        ]}
        onChange={(value) => onFilter({ capability: readCapability(value) })}
      />
      <Select
        label="State"
        value={filter.state}
        options={stateFilters.map((value) => ({ value, text: stateNames[value] }))}
        onChange={(value) => onFilter({ state: stateFilters.find((name) => name === value) ?? 'all' })}
      />
      <div class="models-sort">
        <Select
          label="Order"
          value={order === null ? '' : `${order.key} ${order.descending ? 'down' : 'up'}`}
          options={[
            { value: '', text: 'As configured' },
            ...sortable.flatMap(({ key, heading }) => [
              { value: `${key} up`, text: `${heading}, ascending` },
              { value: `${key} down`, text: `${heading}, descending` },
            ]),
          ]}
          onChange={(value) => {
            const [key = '', direction] = value.split(' ')
            onOrder(key === '' ? null : { key, descending: direction === 'down' })
          }}
        />
      </div>
    </div>
  )
}

function Legend({ sources }: { readonly sources: ModelsReply['catalogue']['sources'] }) {
  return (
    <p class="muted models-legend">
      <span>
        <Icon name="check" size={14} /> yes
      </span>
      <span>– no</span>
      <span>? not known</span>
      <span>
        Prices for a million tokens. Catalogue: {sources.map(({ name, version }) => `${name} ${version}`).join(', ')}.
      </span>
    </p>
  )
}

/** Models of a name that are named here; the rest is counted. */
const mostNamed = 4

const virtualColumns: readonly Column<VirtualModelInfo>[] = [
  {
    key: 'name',
    heading: 'Name',
    cell: ({ id }) => (
      <a class="models-strong" href={hrefOf('models', writeRoute({ ...usualRoute, model: id, kind: 'chat' }))}>
        {id}
      </a>
    ),
  },
  { key: 'means', heading: 'Means', cell: (virtual) => describeVirtual(virtual) },
  { key: 'now', heading: 'Now, for a chat', cell: ({ models }) => <Members models={models} /> },
]

function Members({ models }: { readonly models: readonly string[] }) {
  if (models.length === 0) return <span class="muted">No model</span>
  const rest = models.length - mostNamed
  return (
    <ol class="models-members">
      {models.slice(0, mostNamed).map((name) => (
        <li key={name}>{name}</li>
      ))}
      {rest > 0 ? <li class="muted">and {formatCount(rest)} more</li> : null}
    </ol>
  )
}

function VirtualModels({ virtual }: { readonly virtual: readonly VirtualModelInfo[] }) {
  return (
    <section class="section models-virtual">
      <h2>Names for several models</h2>
      <Table
        caption="Names for several models"
        columns={virtualColumns}
        rows={virtual}
        rowKey={({ id }) => id}
        empty={<p class="muted">There is none.</p>}
      />
    </section>
  )
}
