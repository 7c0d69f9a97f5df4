import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import https from 'node:https'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {expect, it, onTestFinished, vi} from 'vitest'
import {makeCertificates} from '../../store/nats/credentials.ts'
import {openBench} from '../fixtures.ts'
import {notes, sinkFor} from './endpoints.ts'

const patience = {timeout: 10_000, interval: 10}

async function startSecure(folder: string): Promise<{port: number; taken: string[]}> {
  const taken: string[] = []
  const [key, cert] = ['server.key', 'server.pem'].map((name) => readFileSync(path.join(folder, name)))
  const server = https.createServer({key, cert}, (request, response) => {
    request.resume().on('end', () => {
      taken.push(String(request.headers['webhook-id']))
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {port: (server.address() as AddressInfo).port, taken}
}

it('an endpoint whose certificate nobody has signed gets nothing, and it is said why', async () => {
  const bench = await openBench()
  makeCertificates(bench.folder)
  const {port, taken} = await startSecure(bench.folder)
  await bench.store.append(notes(8))
  const sink = await sinkFor(`https://127.0.0.1:${port}/`)
  const {stop} = bench.start(sink)
  await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
  expect(sink.status().reason).toMatch(/^no connection to 127\.0\.0\.1:\d+: its certificate is signed by nobody known$/)
  await stop()
  expect(taken).toEqual([])
})

it('an endpoint with a certificate that the system knows gets its events by its name, over TLS', async () => {
  const bench = await openBench()
  makeCertificates(bench.folder)
  const {port, taken} = await startSecure(bench.folder)
  await bench.store.append(notes(8))
  const webhooks = [{url: `https://localhost:${port}/`, name: 'test', allowPrivate: true}]
  // Authorities are read when a process starts.
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'kill-child.ts'), JSON.stringify({folder: bench.folder, webhooks})],
    {
      env: {...process.env, NODE_EXTRA_CA_CERTS: path.join(bench.folder, 'ca.pem')},
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  child.send('begin')
  await vi.waitFor(() => expect(new Set(taken).size).toBe(8), patience)
  child.disconnect()
  await once(child, 'exit')
})
