import {readFileSync} from 'node:fs'
import path from 'node:path'
import {messageOf} from '../errors.ts'
import {duplicateKey} from './duplicate-key.ts'
import type {Fault} from './faults.ts'

/** The largest configuration file that is read. */
const longestDocument = 16 * 1024 * 1024

/** What a file holds; neither key when there is no such file. */
export interface Document {
  value?: unknown
  fault?: Fault
}

/** Reads JSON, JSON5 (comments, trailing commas) or, by the file's name, YAML. Never throws: what is wrong is a fault. */
export async function readDocument(file: string, name: string): Promise<Document> {
  let text: string
  try {
    // Small files that nothing else can go on without: the way through the thread pool only costs every command time.
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return {}
    return {fault: {path: '', expected: 'a file that can be read', found: messageOf(error), source: name}}
  }
  if (text.length > longestDocument) {
    return {fault: {path: '', expected: 'a file of at most 16 MiB', found: `${text.length} characters`, source: name}}
  }
  const isYaml = /\.ya?ml$/i.test(path.extname(file))
  try {
    return {value: await (isYaml ? parseYaml(text) : parseJson(text.replace(/^\ufeff/, '')))}
  } catch (error) {
    // The first line says what and where; YAML adds an excerpt, which may hold a secret.
    const found = messageOf(error).split('\n', 1)[0]!.replace(/:$/, '')
    return {fault: {path: '', expected: isYaml ? 'YAML' : 'JSON or JSON5', found, source: name}}
  }
}

// Most files are plain JSON (the host rewrites its own as such), and then no library is loaded.
async function parseJson(text: string): Promise<unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const {default: json5} = await import('json5')
    return json5.parse(text)
  }
  const twice = duplicateKey(text)
  if (twice !== undefined) throw new Error(`${twice} stands there twice`)
  return value
}

async function parseYaml(text: string): Promise<unknown> {
  const {parse} = (await import('yaml')).default
  const value: unknown = parse(text, {logLevel: 'error'})
  // What is empty but for comments says nothing; that is not the same as saying null.
  const isEmpty = value === null && text.split('\n').every((line) => /^\s*(?:#.*|---|\.\.\.)?$/.test(line.trimEnd()))
  return isEmpty ? {} : value
}

export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}
