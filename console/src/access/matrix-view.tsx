/** The permission matrix: roles, what each allows, and who holds it. A grid where there is room, a list on a phone. */
import { useMemo, useState } from 'preact/hooks'
import { Button, EmptyState, Icon, Select, TextField } from '@cairn/ui'
import { formatCounted } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { useMediaQuery } from '../shell/use-media-query.ts'
import { useAccess } from './access-context.ts'
import { CellDetail, type Chosen } from './cell-detail.tsx'
import { MatrixGrid } from './matrix-grid.tsx'
import { MatrixList } from './matrix-list.tsx'
import { filterActions, filterRoles, groupActions, typeWords, type MatrixFilter } from './matrix.ts'

const everything: MatrixFilter = { text: '', role: '', on: '' }

export function MatrixView({ params }: { readonly params: URLSearchParams }) {
  const { matrix, may } = useAccess()
  const [filter, setFilter] = useState<MatrixFilter>({ ...everything, role: params.get('role') ?? '' })
  const [chosen, setChosen] = useState<Chosen>(null)
  const isPhone = useMediaQuery('(max-width: 719px)')
  const actions = useMemo(() => filterActions(matrix.actions, matrix.roles, filter), [matrix, filter])
  const roles = useMemo(() => filterRoles(matrix.roles, actions, filter), [matrix, actions, filter])
  const groups = useMemo(() => groupActions(actions), [actions])
  const change = (part: Partial<MatrixFilter>) => setFilter((before) => ({ ...before, ...part }))
  return (
    <section class="section" aria-labelledby="matrix-title">
      <header class="section-head">
        <h2 id="matrix-title">Roles and what they allow</h2>
        {may('policy.propose') ? (
          <a class="cairn-button is-secondary" href={hrefOf('access', { view: 'policy', edit: 'roles' })}>
            <Icon name="plus" size={18} />
            <span>Own role</span>
          </a>
        ) : null}
      </header>
      <FilterBar filter={filter} onChange={change} />
      <p class="muted access-count" role="status">
        {formatCounted(roles.length, 'role')}, {formatCounted(actions.length, 'action')}
        {may('policy.view') ? '' : '. Of who holds them you see yourself and your groups.'}
      </p>
      {actions.length === 0 ? (
        <EmptyState
          icon="access"
          title="No action is like this"
          action={<Button onClick={() => setFilter(everything)}>Show all</Button>}
        />
      ) : isPhone ? (
        <MatrixList roles={roles} groups={groups} />
      ) : (
        <div class="access-matrix">
          <MatrixGrid roles={roles} groups={groups} chosen={chosen} onChoose={setChosen} />
          <aside class="access-detail" aria-label="What is chosen" aria-live="polite">
            <CellDetail chosen={chosen} />
          </aside>
        </div>
      )}
    </section>
  )
}

interface FilterBarProps {
  readonly filter: MatrixFilter
  readonly onChange: (part: Partial<MatrixFilter>) => void
}

function FilterBar({ filter, onChange }: FilterBarProps) {
  const { matrix } = useAccess()
  return (
    <div class="access-filter" role="search" aria-label="Find roles and actions">
      <TextField
        label="Action"
        value={filter.text}
        placeholder="read, purge, policy"
        maxLength={100}
        onInput={(text) => onChange({ text })}
      />
      <Select
        label="Role"
        value={filter.role}
        options={[{ value: '', text: 'All roles' }, ...matrix.roles.map(({ id }) => ({ value: id, text: id }))]}
        onChange={(role) => onChange({ role })}
      />
      <Select
        label="On"
        value={filter.on}
        options={[
          { value: '', text: 'Everything' },
          ...Object.entries(typeWords).map(([value, text]) => ({ value, text })),
        ]}
        onChange={(on) => onChange({ on })}
      />
    </div>
  )
}
