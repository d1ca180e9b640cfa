/**
 * Pages by the fragment of the address (`#/ask?vault=ID&q=…`): deep links work and the server needs to know one page
 * only. A question in a link fills the box and is never sent by itself: a link must not make this device ask.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Action } from '@cairn/contract'
import type { IconName } from '@cairn/ui'

export interface PageSpec {
  readonly id: string
  readonly title: string
  readonly icon: IconName
  /** Reached from another page, and not in the navigation. */
  readonly isAside?: true
  /** What somebody must be allowed on the whole server to have any use of it; nothing for what shows everybody their own. */
  readonly needs?: Action
  /** Whoever may not is told so, since links to it are passed on; for all else they are shown what is their own. */
  readonly saysClosed?: true
}

/** The pages in the order of the navigation; the first opens at `/`. */
export const pages = [
  { id: 'ask', title: 'Ask', icon: 'ask' },
  { id: 'vaults', title: 'Vaults', icon: 'vault' },
  { id: 'models', title: 'Models', icon: 'models' },
  { id: 'cache', title: 'Cache', icon: 'cache', needs: 'cache.read' },
  { id: 'access', title: 'Access', icon: 'access' },
  { id: 'audit', title: 'Audit', icon: 'audit', needs: 'audit.read', saysClosed: true },
  { id: 'keys', title: 'API keys', icon: 'key' },
  { id: 'account', title: 'Account', icon: 'person' },
  { id: 'pair', title: 'Pair a device', icon: 'laptop', isAside: true },
] as const satisfies readonly PageSpec[]

export type PageId = (typeof pages)[number]['id']

export interface Route {
  readonly page: PageId
  readonly params: URLSearchParams
}

export function parseRoute(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#\/?/, '').split('?', 2)
  const page = pages.find((spec) => spec.id === path.replace(/\/$/, ''))
  return { page: page?.id ?? pages[0].id, params: new URLSearchParams(query) }
}

/** The pages of somebody who may do this on the whole server. */
export function pagesOf(can: readonly string[]): readonly (PageSpec & { readonly id: PageId })[] {
  return pages.filter(({ needs }: PageSpec) => needs === undefined || can.includes(needs))
}

/** Whether somebody who may do this was led to a page that is not theirs, and is to be told so. */
export function isClosed(page: PageId, can: readonly string[]): boolean {
  const spec: PageSpec | undefined = pages.find(({ id }) => id === page)
  return spec?.saysClosed === true && !pagesOf(can).some(({ id }) => id === page)
}

export function hrefOf(page: PageId, params: Record<string, string> = {}): string {
  const query = new URLSearchParams(params).toString()
  return `#/${page}${query ? `?${query}` : ''}`
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return route
}
