/** Loaded into a measured server before its own program: on SIGUSR2 it collects all garbage, so that memory can be compared. */
process.on('SIGUSR2', () => {
  Bun.gc(true)
  Bun.shrink()
})
