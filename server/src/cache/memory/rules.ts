/**
 * The eviction policies the memory tier chooses from. All are one structure with other rules: a *small* queue that
 * new entries enter and a *main* queue for those that have shown to be used again. So a change of policy moves nothing:
 * what is resident stays where it is and is from then on treated by the new rules.
 */

export interface EvictionRules {
  readonly name: string
  /** The share of the bytes that the small queue gets. */
  readonly smallShare: number
  /**
   * `marks`: S3-FIFO (Yang et al., SOSP 2023). A hit is only counted; a queue's tail is asked how often it was used.
   *
   * `moves`: LIRS (Jiang and Zhang, SIGMETRICS 2002). A hit moves to the front, and an entry moves from small to main
   * when it is used again sooner than main's coldest one. Its stack is not needed: "still in the stack" is the same as
   * "last used after main's coldest was".
   */
  readonly onHit: 'marks' | 'moves'
  /**
   * Which of the evicted keys that are asked for again enter main at once: `any` that is remembered, or those that
   * come back `sooner` than main's coldest entry has waited.
   */
  readonly returns: 'any' | 'sooner'
}

/**
 * S3-FIFO for most traffic, and a strict form that guards a good main queue better. LIRS with a narrow small queue for
 * loops and scans larger than the cache. With a wide one it nears LRU and wins where all depends on recency. Which of
 * them are needed was measured over chat, web and database traces (`npm run bench -- cache-traces`).
 */
export const evictionRules = [
  { name: 's3-fifo', smallShare: 0.1, onHit: 'marks', returns: 'any' },
  { name: 's3-fifo-strict', smallShare: 0.1, onHit: 'marks', returns: 'sooner' },
  { name: 'lirs', smallShare: 0.02, onHit: 'moves', returns: 'sooner' },
  { name: 'lirs-recent', smallShare: 0.75, onHit: 'moves', returns: 'sooner' },
] as const satisfies readonly EvictionRules[]
