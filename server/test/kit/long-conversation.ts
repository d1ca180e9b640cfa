/** A long conversation in the view Ask, told by the page itself in the server’s place: nothing of it is the network’s time. */
import type { Page } from 'playwright-core'

/**
 * Asks so many questions and has each answered at once. `window.longConversation` stays: `watch` streams an answer of so
 * many paragraphs and counts, for each, the changes of its elements; `stream` only streams.
 */
export async function tellLongConversation(page: Page, turns: number): Promise<void> {
  await page.evaluate(inPage)
  await page.evaluate(`longConversation.tell(${turns})`)
}

const inPage = `(() => {
  const frames = (list) => list.map(([event, data]) => 'event: ' + event + '\\ndata: ' + JSON.stringify(data) + '\\n\\n').join('')
  const receipt = {
    requestId: 'req_long', model: 'writer', provider: 'near', egress: 'local', attempts: [],
    cache: { status: 'miss', tier: null }, sources: [], label: 'internal.x', tokens: { input: 1, output: 1 },
    costUsd: 0, savedUsd: 0, overheadMs: 1, auditSeq: null,
  }
  const citation = { vault: 'v', note: 'Leave.md', version: 'x', n: 1, heading: 'Leave', start: 0, end: 7, quote: '# Leave' }
  const end = [['citation', citation], ['receipt', receipt], ['done', { outcome: 'answered', confidence: null }]]
  const nextFrame = () => new Promise((done) => requestAnimationFrame(() => done()))
  const { fetch } = window
  let speak = null
  window.fetch = (url, init) => {
    if (!String(url).endsWith('/v1/ask') || speak === null) return fetch(url, init)
    return Promise.resolve(new Response(speak(), { headers: { 'content-type': 'text/event-stream' } }))
  }
  const ask = async (text) => {
    const box = document.querySelector('.cairn-composer textarea')
    box.value = text
    box.dispatchEvent(new InputEvent('input', { bubbles: true }))
    await nextFrame()
    box.form.requestSubmit()
  }
  const isIdle = () => document.querySelector('.cairn-composer [aria-label="Send the question"]') !== null
  const untilAnswered = async (count) => {
    while (document.querySelector('.cairn-turn.is-last .cairn-question')?.textContent !== count || !isIdle()
      || document.querySelector('.cairn-turn.is-last .cairn-receipt') === null) await nextFrame()
  }
  const answer = (at) => 'Answer ' + at + ' with **words** in it [1].\\n\\n- one\\n- two\\n- three\\n\\nAnd a closing line, long enough to wrap in a narrow sidebar.'
  const stream = (paragraphs, wordsEach) => new ReadableStream({
    async start(controller) {
      const say = (text) => controller.enqueue(new TextEncoder().encode(frames([['token', { text }]])))
      for (let at = 0; at < paragraphs; at++) {
        for (let word = 0; word < wordsEach; word++) {
          say('word' + word + ' ')
          await nextFrame()
        }
        say('\\n\\n')
      }
      controller.enqueue(new TextEncoder().encode(frames(end)))
      controller.close()
    },
  })
  window.longConversation = {
    async tell(turns) {
      for (let at = 1; at <= turns; at++) {
        speak = () => frames([['token', { text: answer(at) }], ...end])
        await ask('Question ' + at + '?')
        await untilAnswered('Question ' + at + '?')
      }
    },
    async stream(name, paragraphs, wordsEach) {
      speak = () => stream(paragraphs, wordsEach)
      await ask(name)
      await untilAnswered(name)
    },
    async watch(paragraphs) {
      const changes = Array(paragraphs).fill(0)
      const blockOf = (node) => {
        const block = (node instanceof Element ? node : node.parentElement)?.closest('.cairn-turn.is-last .cairn-markdown > *')
        return block === null || block === undefined ? -1 : [...block.parentElement.children].indexOf(block)
      }
      const observer = new MutationObserver((records) => {
        for (const { target } of records) if (blockOf(target) >= 0) changes[blockOf(target)] += 1
      })
      observer.observe(document.querySelector('.cairn-ask-scroller'), { subtree: true, childList: true, characterData: true, attributes: true })
      await this.stream('Watched?', paragraphs, 10)
      observer.disconnect()
      return { tokens: paragraphs * 10, changes }
    },
  }
})()`
