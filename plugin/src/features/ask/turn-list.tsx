/**
 * The exchanges of a conversation. They stand in groups, and a group far out of sight is an empty box of its height: five
 * hundred exchanges have no more elements than the few that are looked at.
 */
import type { ComponentChild } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Turn } from '@cairn/ui/client'

interface TurnListProps {
  readonly turns: readonly Turn[]
  readonly renderTurn: (turn: Turn) => ComponentChild
}

const groupSize = 6
/** About what an answer with its sources takes, until it was seen once. */
const usualTurnPx = 320
/** Far enough that a quick flick of a finger sees no empty box. */
const nearPx = 1_200

export function TurnList({ turns, renderTurn }: TurnListProps) {
  const starts = Array.from({ length: Math.ceil(turns.length / groupSize) }, (_, at) => at * groupSize)
  return (
    <div class="cairn-ask-turns">
      {starts.map((start) => (
        <TurnGroup
          key={start}
          turns={turns.slice(start, start + groupSize)}
          isLast={start + groupSize >= turns.length}
          renderTurn={renderTurn}
        />
      ))}
    </div>
  )
}

function TurnGroup({ turns, isLast, renderTurn }: TurnListProps & { readonly isLast: boolean }) {
  const box = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(isLast)
  // For each exchange, since the last group is measured before it is full.
  const turnPx = useRef(usualTurnPx)
  const count = useRef(turns.length)
  count.current = turns.length
  useEffect(() => {
    const element = box.current
    const view = element?.ownerDocument.defaultView
    if (element === null || !view) return
    const watch = new view.IntersectionObserver(
      (entries) => {
        const last = entries.at(-1)
        if (last === undefined) return
        if (!last.isIntersecting) turnPx.current = last.boundingClientRect.height / count.current
        setNear(last.isIntersecting)
      },
      { root: element.closest('.cairn-ask-scroller'), rootMargin: `${nearPx}px 0px` },
    )
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  const isShown = isNear || isLast
  return (
    <div class="cairn-turn-group" ref={box} style={isShown ? {} : { height: `${turns.length * turnPx.current}px` }}>
      {isShown ? turns.map(renderTurn) : null}
    </div>
  )
}
