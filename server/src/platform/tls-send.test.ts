/** The door for TLS without HTTP: no permit, no connection; no address that the other door would refuse. */
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../base/index.ts'
import { createPermitOffice, createTlsDoor, tlsAddress } from './index.ts'

const permits = createPermitOffice()
const lookup = async (name: string) => (name === 'sneaky.example' ? ['192.0.2.1', '169.254.169.254'] : [])
const door = createTlsDoor({ permits, clock: systemClock, lookup })
const permitFor = (host: string, port = 6_514, office = permits) =>
  office.issue({ provider: 'test', egress: 'external', url: tlsAddress(host, port) })
const message = (host: string, port = 6_514) => ({
  host,
  port,
  bytes: new Uint8Array(1),
  signal: AbortSignal.timeout(2_000),
})

describe('nothing is sent', () => {
  test('without a permit of this office for this very address', async () => {
    const foreign = permitFor('logs.example', 6_514, createPermitOffice())
    await expect(door.send(foreign, message('logs.example'))).rejects.toMatchObject({ code: 'egress.denied' })
    await expect(door.send({ ...permitFor('logs.example') } as never, message('logs.example'))).rejects.toMatchObject({
      code: 'egress.denied',
    })
    for (const [host, port] of [['other.example', 6_514] as const, ['logs.example', 6_515] as const])
      await expect(door.send(permitFor('logs.example'), message(host, port))).rejects.toMatchObject({
        code: 'egress.denied',
      })
  })

  test('to link-local and metadata addresses, by number or by name', async () => {
    for (const host of [
      '169.254.169.254',
      'fe80::1',
      '::ffff:169.254.169.254',
      'metadata.google.internal',
      'sneaky.example',
    ])
      await expect(door.send(permitFor(host), message(host))).rejects.toMatchObject({ code: 'egress.denied' })
  })

  test('to a name without an address, or where nobody listens', async () => {
    await expect(door.send(permitFor('nowhere.example'), message('nowhere.example'))).rejects.toMatchObject({
      code: 'upstream.unreachable',
    })
    await expect(door.send(permitFor('127.0.0.1', 1), message('127.0.0.1', 1))).rejects.toMatchObject({
      code: 'upstream.unreachable',
    })
  })
})
