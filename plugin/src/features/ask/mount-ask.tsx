/** The view *Ask* in an element. */
import { mount } from '../mount.ts'
import { AskPane, type AskPaneProps } from './ask-pane.tsx'

export interface MountedAsk {
  readonly update: (changed: Partial<AskPaneProps>) => void
  readonly unmount: () => void
}

export function mountAsk(element: HTMLElement, props: AskPaneProps): MountedAsk {
  let now = props
  const mounted = mount(element, <AskPane {...now} />)
  return {
    update(changed) {
      now = { ...now, ...changed }
      mounted.show(<AskPane {...now} />)
    },
    unmount: mounted.unmount,
  }
}
