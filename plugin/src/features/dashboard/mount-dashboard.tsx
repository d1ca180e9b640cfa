/** The view *Dashboard* in an element. */
import type { CairnParts } from '../../core/ports.ts'
import { mount, type Mounted } from '../mount.ts'
import { DashboardPane } from './dashboard-pane.tsx'

export function mountDashboard(element: HTMLElement, parts: CairnParts): Mounted {
  return mount(element, <DashboardPane parts={parts} />)
}
