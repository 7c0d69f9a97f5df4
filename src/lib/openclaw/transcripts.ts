import {createReadStream, existsSync} from 'node:fs'
import {readdir} from 'node:fs/promises'
import path from 'node:path'
import {messageOf} from '../errors.ts'
import {openTranscriptDatabase, type StoredArchive, type TranscriptDatabase} from './transcript-database.ts'
import {transcriptFiles} from './transcript-files.ts'
import {rowsOfLines} from './transcript-lines.ts'
import {rowOf, type TranscriptFault, type TranscriptRow} from './transcript-row.ts'

export interface TranscriptQuery {
  /** The host's state directory. */
  stateDir: string
  /** Only these agents. */
  agents?: readonly string[]
  /** Only what was stored at this time or later, epoch milliseconds. */
  since?: number
  onFault: (fault: TranscriptFault) => void
}

/**
 * Every transcript that OpenClaw keeps, agent by agent: the sessions of its SQLite file, oldest first and each in order,
 * those in cold storage among them; then what was archived when a session was reset or deleted, and files of older
 * versions. Nothing is written, no lock is held while a row is looked at, and memory does not grow with the transcripts.
 */
export async function* readTranscripts(query: TranscriptQuery): AsyncGenerator<TranscriptRow> {
  const {since = 0} = query
  for (const agentId of await agentsOf(query)) {
    for await (const row of agentRows(query, agentId)) if (row.at >= since) yield row
  }
}

/** Agents have a folder each. */
async function agentsOf({stateDir, agents, onFault}: TranscriptQuery): Promise<string[]> {
  const folder = path.join(stateDir, 'agents')
  if (!existsSync(folder)) return []
  try {
    const entries = await readdir(folder, {withFileTypes: true})
    const names = entries.filter((entry) => entry.isDirectory()).map(({name}) => name)
    return names.filter((name) => agents === undefined || agents.includes(name)).sort()
  } catch (thrown) {
    onFault({source: 'agents', reason: messageOf(thrown)})
    return []
  }
}

/** One agent's files. */
interface Place {
  stateDir: string
  agentId: string
  /** The SQLite file, relative to the state directory, as all sources. */
  database: string
  /** The folder of archives. */
  sessions: string
  onFault: (fault: TranscriptFault) => void
}

async function* agentRows(
  {stateDir, since = 0, onFault}: TranscriptQuery,
  agentId: string,
): AsyncGenerator<TranscriptRow> {
  const place = {
    stateDir,
    agentId,
    database: path.join('agents', agentId, 'agent', 'openclaw-agent.sqlite'),
    sessions: path.join('agents', agentId, 'sessions'),
    onFault,
  }
  const told = new Set<string>()
  let database: TranscriptDatabase | undefined
  try {
    database = await openTranscriptDatabase(path.join(stateDir, place.database))
    if (database) yield* databaseRows(place, database, since, told)
  } catch (thrown) {
    onFault({source: place.database, reason: messageOf(thrown)})
  } finally {
    database?.close()
  }
  yield* fileRows(place, told)
}

/** What the database holds or names; the names of the archives that it told of go into `told`. */
async function* databaseRows(
  place: Place,
  database: TranscriptDatabase,
  since: number,
  told: Set<string>,
): AsyncGenerator<TranscriptRow> {
  const {agentId, database: source, onFault} = place
  for (const session of database.sessions()) {
    for (const {fault, text = '', ...entry} of database.entries(session.sessionId, since)) {
      const row = fault === undefined ? rowOf({agentId, ...session, source, onFault}, {...entry, text}) : undefined
      if (row) yield row
      else if (fault !== undefined) onFault({source, sessionId: session.sessionId, seq: entry.seq, reason: fault})
    }
    const cold = database.cold(session)
    if (cold) yield* archiveRows(place, cold, path.join(place.sessions, 'cold'))
  }
  for (const archive of database.archives()) {
    told.add(archive.name)
    yield* archiveRows(place, archive, place.sessions)
  }
}

/** An archive from its file, which can be read piece by piece, or from the database where there is none. */
async function* archiveRows(place: Place, archive: StoredArchive, folder: string): AsyncGenerator<TranscriptRow> {
  const {stateDir, agentId, database, onFault} = place
  const {sessionId, sessionKey, name} = archive
  const owner = {agentId, sessionId, ...(sessionKey === undefined ? {} : {sessionKey}), onFault}
  // A name comes from the host's database, and never leads out of the folder.
  const file = path.join(folder, path.basename(name))
  if (existsSync(path.join(stateDir, file))) {
    yield* rowsOfLines({...owner, source: file}, createReadStream(path.join(stateDir, file)))
    return
  }
  const blob = archive.blob()
  if (blob) yield* rowsOfLines({...owner, source: database}, once(blob))
  else onFault({source: file, sessionId, reason: 'the archive of this session is not there'})
}

async function* fileRows(
  {stateDir, agentId, sessions, onFault}: Place,
  told: Set<string>,
): AsyncGenerator<TranscriptRow> {
  const files = await transcriptFiles(path.join(stateDir, sessions)).catch((thrown: unknown) => {
    onFault({source: sessions, reason: messageOf(thrown)})
    return []
  })
  for (const {name, sessionId} of files) {
    if (told.has(name)) continue
    const source = path.join(sessions, name)
    yield* rowsOfLines({agentId, sessionId, source, onFault}, createReadStream(path.join(stateDir, source)))
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
