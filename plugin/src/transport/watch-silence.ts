/** Breaks a body off that has been silent for too long: a phone that changed its network is not told by the system. */

/** Servers send a comment every fifteen seconds while a model thinks; four of them missing is the end of a connection. */
const longestSilenceMs = 60_000

export function watchSilence(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      let timer = 0
      const silence = new Promise<never>((_, reject) => {
        timer = window.setTimeout(() => reject(new Error('silent')), longestSilenceMs)
      })
      try {
        const { done, value } = await Promise.race([reader.read(), silence])
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (thrown) {
        controller.error(thrown)
        await reader.cancel().catch(() => {})
      } finally {
        window.clearTimeout(timer)
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
