/** How this host is to look and behave, from the address of the page: `?theme=dark&device=phone&rtl=1&accent=%23b00&style=second`. */

const query = new URLSearchParams(location.search)

export type DeviceKind = 'desktop' | 'tablet' | 'phone'

function oneOf<const T extends string>(name: string, values: readonly [T, ...T[]]): T {
  const given = query.get(name)
  const found = values.find((value) => value === given)
  if (given !== null && found === undefined) throw new Error(`${name} is one of ${values.join(', ')}`)
  return found ?? values[0]
}

export const mode = {
  theme: oneOf('theme', ['light', 'dark']),
  device: oneOf<DeviceKind>('device', ['desktop', 'tablet', 'phone']),
  isRtl: query.get('rtl') === '1',
  /** Hue of the accent; Obsidian's own violet unless told. */
  accent: query.get('accent'),
  /** `second` is another theme with other variables. */
  style: oneOf('style', ['first', 'second']),
  system: oneOf('system', ['linux', 'macos', 'windows', 'ios', 'android']),
  /** Whether plugins are loaded at once; a test that measures loading does it itself. */
  isWaiting: query.get('wait') === '1',
}

const isMobile = mode.device !== 'desktop'

export const Platform = {
  isDesktop: !isMobile,
  isMobile,
  isDesktopApp: !isMobile,
  isMobileApp: isMobile,
  isIosApp: isMobile && mode.system === 'ios',
  isAndroidApp: isMobile && mode.system !== 'ios',
  isPhone: mode.device === 'phone',
  isTablet: mode.device === 'tablet',
  isMacOS: mode.system === 'macos' || mode.system === 'ios',
  isWin: mode.system === 'windows',
  isLinux: mode.system === 'linux',
  isSafari: false,
  resourcePathPrefix: '/vault/',
}

/** Obsidian's classes of the body. */
export function markBody(): void {
  const { body, documentElement } = document
  documentElement.dir = mode.isRtl ? 'rtl' : 'ltr'
  body.addClass(
    `theme-${mode.theme}`,
    'show-inline-title',
    'show-ribbon',
    'show-view-header',
    'is-focused',
    'styled-scrollbars',
  )
  if (mode.isRtl) body.addClass('mod-rtl')
  if (isMobile) {
    body.addClass('is-mobile', `is-${mode.device}`, Platform.isIosApp ? 'is-ios' : 'is-android', 'is-floating-nav')
  } else body.addClass(`mod-${mode.system}`, 'is-frameless', 'is-hidden-frameless')
  if (mode.style === 'second') body.addClass('style-second')
  const [, hue] = /^(\d{1,3})$/.exec(mode.accent ?? '') ?? []
  if (hue !== undefined) body.setCssProps({ '--accent-h': hue })
}
