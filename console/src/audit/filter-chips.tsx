/** What is looked for, each thing with a way to look for it no more. */
import { Icon } from '@cairn/ui'
import { nameId } from './describe-entry.ts'
import { useAudit, type AuditContext } from './audit-context.ts'
import { noFilter, textFilters, type AuditFilter, type TextFilter } from './filter.ts'
import { categoryWords, nameType, outcomeWords, textWords } from './words.ts'

interface Chip {
  readonly key: string
  readonly kind: string
  readonly text: string
  readonly without: Partial<AuditFilter>
}

export function FilterChips() {
  const audit = useAudit()
  const chips = listChips(audit)
  if (chips.length === 0) return null
  const { range, own } = audit.filter
  return (
    <ul class="audit-chips" aria-label="Looked for">
      {chips.map(({ key, kind, text, without }) => (
        <li key={key}>
          <button
            type="button"
            class="access-chip audit-chip"
            aria-label={`Remove ${kind}: ${text}`}
            onClick={() => audit.look(without)}
          >
            <span class="muted">{kind}</span> <span class="audit-chip-text">{text}</span>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      <li>
        <button type="button" class="access-link audit-clear" onClick={() => audit.look({ ...noFilter, range, own })}>
          Clear all
        </button>
      </li>
    </ul>
  )
}

function listChips({ filter, names }: AuditContext): Chip[] {
  const { category, type, outcome } = filter
  const without = <T extends string>(values: readonly T[], value: T) => values.filter((each) => each !== value)
  const said = (name: TextFilter) => {
    const value = filter[name]
    if (name === 'actor' || name === 'person') return nameId(names, value)
    if (name === 'vault') return names.vaults.get(value) ?? value
    return name === 'note' ? value.slice(value.indexOf('/') + 1) : value
  }
  return [
    ...outcome.map((each) => ({
      key: `outcome ${each}`,
      kind: 'Outcome',
      text: outcomeWords[each].title,
      without: { outcome: without(outcome, each) },
    })),
    ...category.map((each) => ({
      key: `category ${each}`,
      kind: 'Category',
      text: categoryWords[each].title,
      without: { category: without(category, each) },
    })),
    ...type.map((each) => ({
      key: `type ${each}`,
      kind: 'What',
      text: nameType(each),
      without: { type: without(type, each) },
    })),
    ...textFilters
      .filter((name) => filter[name] !== '')
      .map((name) => ({ key: name, kind: textWords[name], text: said(name), without: { [name]: '' } })),
  ]
}
