import {describe, expect, it} from 'vitest'
import {endpointNames} from '../../../src/lib/delivery/webhook/names.ts'

describe('the name of an endpoint', () => {
  it('is what it is given, else its host', () => {
    const endpoints = [{url: 'https://a.example/x', name: 'alerts'}, {url: 'https://b.example:8443/y?z=1'}]
    expect(endpointNames(endpoints)).toEqual(['alerts', 'b.example:8443'])
  })

  it('shows nothing of the URL but the host where several share one', () => {
    const urls = ['https://hooks.example/SECRET1', 'https://hooks.example/SECRET2', 'https://hooks.example/SECRET3']
    const names = endpointNames(urls.map((url) => ({url})))
    expect(names[0]).toBe('hooks.example')
    expect(names.slice(1)).toEqual([
      expect.stringMatching(/^hooks\.example-[0-9a-f]{8}$/),
      expect.stringMatching(/^hooks\.example-[0-9a-f]{8}$/),
    ])
    expect(new Set(names).size).toBe(3)
    // The others keep theirs when one goes.
    expect(endpointNames([urls[0]!, urls[2]!].map((url) => ({url})))).toEqual([names[0], names[2]])
  })

  it('is nobody else’s', () => {
    expect(endpointNames([{url: 'https://a.example/1'}, {url: 'https://b.example', name: 'a.example'}])[0]).toMatch(
      /^a\.example-/,
    )
    const twice = [
      {url: 'https://a.example', name: 'x'},
      {url: 'https://b.example', name: 'x'},
    ]
    expect(() => endpointNames(twice)).toThrow('two webhooks are called "x"')
  })

  it('differs even for the same URL', () => {
    expect(new Set(endpointNames(Array(4).fill({url: 'https://a.example/same'}))).size).toBe(4)
  })
})
