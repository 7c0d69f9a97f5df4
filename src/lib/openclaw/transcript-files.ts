import {readdir} from 'node:fs/promises'

/** A transcript in a file of its own: an archive, or the live transcript of a version that kept them so. */
export interface TranscriptFile {
  name: string
  sessionId: string
}

const archived = /\.jsonl\.(?:reset|deleted)\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d{3})?Z(?:\.[0-9a-f]{32})?(?:\.zst)?$/
const live = /\.jsonl$/
/** Files beside the transcripts that end like one. */
const others = /\.trajectory\.jsonl$|\.checkpoint\.[0-9a-f-]{36}\.jsonl$/i

/** The transcripts in a folder of sessions, by name; none where there is no such folder. */
export async function transcriptFiles(folder: string): Promise<TranscriptFile[]> {
  const names = await readdir(folder).catch((thrown: unknown): string[] => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return []
    throw thrown
  })
  return names.sort().flatMap((name): TranscriptFile[] => {
    const [ending] = archived.exec(name) ?? (others.test(name) ? null : live.exec(name)) ?? []
    return ending === undefined ? [] : [{name, sessionId: name.slice(0, -ending.length)}]
  })
}
