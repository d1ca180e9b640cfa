import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { scanObject, startScan } from './object-scan.ts'

test('an object is whole at its last brace and not before, wherever it was cut', () => {
  const texts = fc.oneof(fc.constantFrom('\\', '"', '}', '\\"', '{['), fc.string({ maxLength: 6 }))
  const objects = fc.dictionary(texts, fc.oneof(texts, fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' })), {
    maxKeys: 4,
  })
  fc.assert(
    fc.property(objects, fc.nat(3), fc.integer({ min: 1, max: 9 }), (object, indent, size) => {
      const text = ` ${JSON.stringify(object, null, indent)}`
      const scan = startScan()
      for (let at = 0; at < text.length; at += size) {
        expect(scan.state).not.toBe('whole')
        scanObject(scan, text.slice(at, at + size))
      }
      expect(scan.state).toBe('whole')
      scanObject(scan, ' \n')
      expect(scan.state).toBe('whole')
      scanObject(scan, '{')
      expect(scan.state).toBe('other')
    }),
    { numRuns: 1_000 },
  )
})

test.each(['null', '[{}]', '"{}"', '1'])('%s is no object, whatever follows', (text) => {
  const scan = startScan()
  scanObject(scan, text)
  scanObject(scan, '{}')
  expect(scan.state).toBe('other')
})
