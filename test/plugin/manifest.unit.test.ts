import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {pluginManifest} from '../../scripts/plugin-manifest.ts'
import {configSchema} from '../../src/lib/config/schema.ts'
import plugin from '../../src/plugin/index.ts'

const root = path.join(import.meta.dirname, '..', '..')
const manifest = pluginManifest()
const {openclaw, files} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

describe('openclaw.plugin.json', () => {
  it('is what the schema says; if not, `node scripts/plugin-manifest.ts` makes it', () => {
    expect(JSON.parse(readFileSync(path.join(root, 'openclaw.plugin.json'), 'utf8'))).toEqual(manifest)
  })

  it('names the plugin as its entry does, and is loaded at startup', () => {
    expect(manifest).toMatchObject({id: plugin.id, name: plugin.name, activation: {onStartup: true}})
  })

  it('lists every key of the configuration, and no other is allowed', () => {
    expect(manifest).toMatchObject({configSchema: {type: 'object', additionalProperties: false}})
    const {properties} = manifest['configSchema'] as {properties: object}
    expect(Object.keys(properties).sort()).toEqual(Object.keys(configSchema.shape).sort())
  })

  it('has no defaults that the host would write into the configuration', () => {
    const keywords = new Set<string>()
    collectKeywords(manifest['configSchema'], keywords)
    expect(keywords).toContain('description')
    expect(keywords).not.toContain('default')
  })

  it('has the host mask secrets, headers and logins in URLs', () => {
    expect(manifest['uiHints']).toMatchObject({
      'eventStore.url': {tags: ['url-secret']},
      'security.ws.authToken': {sensitive: true},
      'webhooks[].secret[]': {sensitive: true},
      'webhooks[].headers.*': {sensitive: true},
    })
    expect(manifest['uiHints']).not.toHaveProperty('security.hmac.secretFilePath')
  })

  it('is in the package with the entry that it belongs to', () => {
    expect(files).toEqual(expect.arrayContaining(['openclaw.plugin.json', 'dist']))
    expect(openclaw.extensions).toEqual(['./dist/plugin/index.js'])
  })
})

/** The keywords of a schema: what stands below `properties` and `definitions` are names. */
function collectKeywords(schema: unknown, keywords: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const [key, value] of Object.entries(schema)) {
    if (!Array.isArray(schema)) keywords.add(key)
    const isMap = !Array.isArray(schema) && (key === 'properties' || key === 'definitions')
    for (const inner of isMap ? Object.values(value) : [value]) collectKeywords(inner, keywords)
  }
}
