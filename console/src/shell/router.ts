/**
 * Pages by the fragment of the address (`#/ask?vault=ID&q=…`): deep links work and the server needs to know one page
 * only. A question in a link fills the box and is never sent by itself: a link must not make this device ask.
 */
import { useEffect, useState } from 'preact/hooks'
import type { IconName } from '@cairn/ui'

export interface PageSpec {
  readonly id: string
  readonly title: string
  readonly icon: IconName
}

/** The pages in the order of the navigation; the first opens at `/`. */
export const pages = [
  { id: 'ask', title: 'Ask', icon: 'ask' },
  { id: 'vaults', title: 'Vaults', icon: 'vault' },
  { id: 'models', title: 'Models', icon: 'models' },
  { id: 'cache', title: 'Cache', icon: 'cache' },
  { id: 'keys', title: 'API keys', icon: 'key' },
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
