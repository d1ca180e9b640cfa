import { expect, test } from 'bun:test'
import { createCollector } from './collector.ts'

interface Member {
  readonly name: string
  answer: unknown
  isSilent: boolean
}

const add = (earlier: unknown, last: unknown) => Number(earlier) + Number(last)
const sum = (answers: readonly unknown[]) => answers.reduce<number>((total, each) => total + Number(each), 0)

function open(count: number) {
  const members: Member[] = Array.from({ length: count }, (_, at) => ({ name: `w${at}`, answer: 0, isSilent: false }))
  const collector = createCollector<Member>({
    workers: () => members,
    ask(member, id) {
      if (!member.isSilent) queueMicrotask(() => collector.answered(member, id, [member.answer]))
    },
    folds: { counted: { empty: 0, fold: add } },
  })
  const end = (member: Member) => {
    members.splice(members.indexOf(member), 1)
    collector.ended(member)
  }
  return { members, collector, end }
}

test('a count does not go back when a process dies, is silent, or dies while it is asked', async () => {
  const { members, collector, end } = open(3)
  const [first, second, third] = members as [Member, Member, Member]
  Object.assign(first, { answer: 5 })
  Object.assign(second, { answer: 7 })
  Object.assign(third, { answer: 11 })
  expect(sum(await collector.collect('counted'))).toBe(23)
  end(first)
  expect(sum(await collector.collect('counted'))).toBe(23)
  second.isSilent = true
  third.answer = 12
  expect(sum(await collector.collect('counted'))).toBe(24)
  const asked = collector.collect('counted')
  end(second)
  expect(sum(await asked)).toBe(24)
  end(third)
  expect(sum(await collector.collect('counted'))).toBe(24)
})

test('what is not a count is told by the living only, and one that is asked alone is followed by the next', async () => {
  const { members, collector, end } = open(2)
  const [first, second] = members as [Member, Member]
  first.answer = 'one'
  second.answer = 'two'
  expect(await collector.collect('names')).toEqual(['one', 'two'])
  expect(await collector.askOne('names')).toBe('one')
  first.isSilent = true
  expect(await collector.askOne('names')).toBe('two')
  end(first)
  end(second)
  expect(await collector.collect('names')).toEqual([])
  expect(await collector.askOne('names')).toBeUndefined()
})
