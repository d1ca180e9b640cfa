/** Cairn's icons: drawn by us on a 20 by 20 grid with one stroke width, inline so that no request is made for them. */

/** Path data; several paths are separated by `|`. */
const paths = {
  ask: 'M4 4.5h12a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5H9L5 17.5v-3H4A1.5 1.5 0 0 1 2.5 13V6A1.5 1.5 0 0 1 4 4.5Z|M6.5 8h7|M6.5 11h4.5',
  vault: 'M10 2.5 16.5 6v8L10 17.5 3.5 14V6Z|M3.5 6 10 9.8 16.5 6|M10 9.8v7.7',
  cache: 'M10 2.5 17.5 6.2 10 10 2.5 6.2Z|M2.5 10 10 13.8 17.5 10|M2.5 13.8 10 17.5 17.5 13.8',
  models: 'M6 6h8v8H6Z|M8 3v3|M12 3v3|M8 14v3|M12 14v3|M3 8h3|M3 12h3|M14 8h3|M14 12h3',
  access: 'M10 2.5 16 5v4.6c0 3.7-2.5 6.6-6 7.9-3.5-1.3-6-4.2-6-7.9V5Z|M7.2 10l2 2 3.7-4',
  group:
    'M7.5 9.4a2.8 2.8 0 1 0-.01 0|M2.5 16c.3-2.7 2.3-4.2 5-4.2s4.7 1.5 5 4.2|M12.7 4.2a2.8 2.8 0 0 1 0 5.1|M14.2 12c1.9.5 3.1 1.9 3.3 4',
  folder: 'M2.5 5.5A1 1 0 0 1 3.5 4.5h4l1.8 2h7.2a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1Z',
  tag: 'M3 3.5h6.3l7.4 7.4-5.9 5.9L3.5 9.5Z|M6.6 7v.1',
  lock: 'M4.8 9h10.4v7.5H4.8Z|M7 9V6.3a3 3 0 0 1 6 0V9',
  server: 'M3.5 4h13v5h-13Z|M3.5 11h13v5h-13Z|M6.3 6.5v.1|M6.3 13.5v.1',
  audit: 'M9 17H4.5V3h8l3 3v3|M12.3 3v3.2h3.2|M7.3 7.5h2.5|M7.3 10.5h1.8|M13 16.4a2.7 2.7 0 1 0-.01 0|M15 15.7l2.4 2.3',
  settings: 'M3 6.2h7|M14.4 6.2H17|M12.2 8.4a2.2 2.2 0 1 0-.01 0|M3 13.8h2.6|M10 13.8h7|M7.8 16a2.2 2.2 0 1 0-.01 0',
  search: 'M8.7 14.2a5.5 5.5 0 1 0-.01 0|M12.7 12.7 17 17',
  filter: 'M3 5.5h14|M5.5 10h9|M8 14.5h4',
  pause: 'M7 4.5v11|M13 4.5v11',
  play: 'M6.5 4.3v11.4L15.8 10Z',
  key: 'M10.3 12.7a3.6 3.6 0 1 1-7.2 0a3.6 3.6 0 0 1 7.2 0Z|M9.3 10.1 16.5 3|M13.4 6.1l2.6 2.6',
  send: 'M10 16.5v-12|M4.8 9.2 10 4l5.2 5.2',
  stop: 'M6 6h8v8H6Z|M7.4 7.4h5.2v5.2H7.4Z|M8.9 8.9h2.2v2.2H8.9Z|M10 10v.1',
  close: 'M5 5l10 10|M15 5 5 15',
  menu: 'M3 6h14|M3 10h14|M3 14h14',
  check: 'M4 10.5 8 14.5 16 5.5',
  copy: 'M7.5 7.5h9v9h-9Z|M12.5 7.5v-4h-9v9h4',
  plus: 'M10 4v12|M4 10h12',
  trash: 'M3.5 5.5h13|M8 5.5V3.5h4v2|M5 5.5l.8 11h8.4l.8-11|M8.5 8.5v5|M11.5 8.5v5',
  refresh: 'M16 10a6 6 0 1 1-1.8-4.3|M16.2 2.8v3.6h-3.6',
  warning: 'M10 3 18 16.5H2Z|M10 8v4|M10 14.2v.1',
  info: 'M10 17.2a7.2 7.2 0 1 0-.01 0|M10 9.2v4.6|M10 6.4v.1',
  system: 'M3 4h14v9.5H3Z|M7 17h6|M10 13.5V17',
  sun: 'M10 13.2a3.2 3.2 0 1 0-.01 0|M10 2v2|M10 16v2|M2 10h2|M16 10h2|M4.4 4.4l1.4 1.4|M14.2 14.2l1.4 1.4|M4.4 15.6l1.4-1.4|M14.2 5.8l1.4-1.4',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5Z',
  person: 'M10 10a3.4 3.4 0 1 0-.01 0|M3.5 17a6.5 6.5 0 0 1 13 0',
  'sign-out': 'M12 4H4v12h8|M8.5 10H17|M14 7l3 3-3 3',
  chevron: 'M5.5 8 10 12.5 14.5 8',
  note: 'M5 2.5h7l3.5 3.5v11.5H5Z|M12 2.5V6h3.5|M7.8 10h5|M7.8 13.2h5',
  download: 'M10 3.5v9|M6 8.8l4 4 4-4|M4 16.5h12',
  external: 'M8 4.5H4v11.5h11.5V12|M11.5 3.5h5v5|M16.5 3.5 9.5 10.5',
  chart: 'M3 17h14|M5.5 17v-5|M10 17V5|M14.5 17V9',
  graph:
    'M5.5 7.3a2.3 2.3 0 1 0-.01 0|M14.8 9.6a2.3 2.3 0 1 0-.01 0|M7.2 17.3a2.3 2.3 0 1 0-.01 0|M7.7 5.6l4.9 1.2|M6 7.3l.8 5.4|M9 13.7l4.1-4.8',
  laptop: 'M4.5 4h11v8.5h-11Z|M2 15.5h16',
  sort: 'M6.5 8 10 4.5 13.5 8|M6.5 12 10 15.5 13.5 12',
  'sort-up': 'M6 12l4-4.5 4 4.5',
  'sort-down': 'M6 8l4 4.5L14 8',
} as const satisfies Record<string, string>

export type IconName = keyof typeof paths

export interface IconProps {
  readonly name: IconName
  /** Edge length in pixels; 20 unless told. */
  readonly size?: number
}

/** An icon beside a word; it says nothing by itself to a screen reader. */
export function Icon({ name, size = 20 }: IconProps) {
  return (
    <svg
      class="cairn-icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {paths[name].split('|').map((d) => (
        <path key={d} d={d} />
      ))}
    </svg>
  )
}

/** The sign of Cairn: three stacked stones. */
export function Logo({ size = 28 }: { readonly size?: number }) {
  return (
    <svg
      class="cairn-logo"
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="currentColor"
      aria-hidden="true"
      focusable="false"
    >
      <path d="M4.2 25.6c-.6-3 3.4-5.2 11.9-5.2 8.3 0 12.4 2.1 11.8 5.1-.5 2.4-4.3 3.3-11.9 3.3-7.5 0-11.3-.8-11.8-3.2Z" />
      <path
        d="M7.6 16.1c-.2-2.6 3.3-4.2 8.9-4.1 5.3.1 8 1.7 7.7 4.1-.3 2.3-3.2 3-8.3 2.9-5.2 0-8.1-.8-8.3-2.9Z"
        opacity=".78"
      />
      <path
        d="M11 7.3c.1-2.4 2.2-4.1 5.1-4 2.7.1 4.7 1.8 4.6 4-.1 2.3-2 3.3-4.9 3.2-3-.1-4.9-1.1-4.8-3.2Z"
        opacity=".58"
      />
    </svg>
  )
}
