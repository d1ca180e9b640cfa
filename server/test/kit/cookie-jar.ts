/** A browser without a page: follows redirects by hand and keeps cookies by host and port. */
export interface Jar {
  /** One request, no redirect followed. */
  fetch(url: string, init?: RequestInit): Promise<Response>
  /** Follows redirects until `until` is reached, which is not fetched, or a reply that is none. */
  follow(url: string, until?: (url: string) => boolean): Promise<{ url: string; response: Response | null }>
  cookies(url: string): Map<string, string>
}

export function createJar(): Jar {
  const byHost = new Map<string, Map<string, string>>()
  const cookies: Jar['cookies'] = (url) => {
    const { host } = new URL(url)
    const known = byHost.get(host) ?? new Map<string, string>()
    byHost.set(host, known)
    return known
  }
  const jarFetch: Jar['fetch'] = async (url, init = {}) => {
    const own = cookies(url)
    const cookie = [...own].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: { ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) own.delete(name)
      else own.set(name, value)
    }
    return response
  }
  return {
    cookies,
    fetch: jarFetch,
    async follow(first, until = () => false) {
      let url = first
      for (let hops = 0; hops < 15; hops++) {
        if (until(url)) return { url, response: null }
        const response = await jarFetch(url)
        const location = response.headers.get('location')
        if (location === null) return { url, response }
        url = new URL(location, url).href
      }
      throw new Error(`redirects without an end at ${url}`)
    },
  }
}
