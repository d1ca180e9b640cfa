/** The view *Sources map* in an element. */
import type { CairnParts } from '../../core/ports.ts'
import { mount, type Mounted } from '../mount.ts'
import { MapPane } from './map-pane.tsx'

export function mountMap(element: HTMLElement, parts: CairnParts): Mounted {
  return mount(element, <MapPane parts={parts} />)
}
