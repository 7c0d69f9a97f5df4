import {lstatSync, readdirSync, realpathSync, statSync} from 'node:fs'
import {basename, join, sep} from 'node:path'
import {codeOf, reasonOf, Unreadable} from './unreadable.ts'

/** A file of an agent's memory. */
export interface MemoryFile {
  /** In the workspace, with forward slashes, as the file system spells it. */
  path: string
  /** Where to read it, symbolic links resolved. */
  location: string
}

export interface Failure {
  path: string
  reason: string
}

export interface Scan {
  files: MemoryFile[]
  /** Files, and folders of which nothing is known then. */
  failed: Failure[]
}

type IsWanted = (name: string) => boolean

const isMarkdown: IsWanted = (name) => /\.md$/i.test(name)
const isEntityFile: IsWanted = (name) => isMarkdown(name) || name === 'items.json'
const isLongTerm: IsWanted = (name) => name === 'MEMORY.md'

/**
 * The memory files of a workspace, in the same order every time: daily notes, MEMORY.md, life/areas. `root` is a real
 * path. Links are followed within the workspace only; names that begin with a dot are not memory.
 */
export function scanWorkspace(root: string): Scan {
  const scan: Scan = {files: [], failed: []}
  const walk = walker(root, scan)
  walk(['memory'], 'folder', isMarkdown)
  walk(['MEMORY.md'], 'file', isLongTerm)
  walk(['life', 'areas'], 'folder', isEntityFile)
  return scan
}

/** What a directory entry and a file's status both tell. */
interface Kind {
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

interface Place extends MemoryFile {
  /** The real folders it was reached through. */
  trail: readonly string[]
}

function walker(root: string, {files, failed}: Scan) {
  // Folders that a link led to: each is read once, or links among a few folders would multiply without end.
  const linked = new Set<string>()

  function visit(kind: Kind, place: Place, isWanted: IsWanted): void {
    try {
      if (kind.isDirectory()) visitFolder(place, isWanted)
      else if (kind.isSymbolicLink()) visitLink(place, isWanted)
      else if (isWanted(basename(place.path))) addFile(kind, place)
    } catch (error) {
      failed.push({path: place.path, reason: reasonOf(error)})
    }
  }

  function visitFolder({path, location, trail}: Place, isWanted: IsWanted): void {
    const entries = readdirSync(location, {withFileTypes: true}).filter(({name}) => !name.startsWith('.'))
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const place = {path: `${path}/${entry.name}`, location: join(location, entry.name), trail: [...trail, location]}
      visit(entry, place, isWanted)
    }
  }

  function visitLink({path, location, trail}: Place, isWanted: IsWanted): void {
    const target = insideOf(root, location)
    const kind = statSync(target)
    if (kind.isDirectory()) {
      if (trail.some((folder) => isWithin(target, folder)))
        throw new Unreadable('a symbolic link to a folder around it')
      if (linked.has(target)) return
      linked.add(target)
    }
    visit(kind, {path, location: target, trail}, isWanted)
  }

  function addFile(kind: Kind, {path, location}: Place): void {
    if (!kind.isFile()) throw new Unreadable('not a regular file')
    files.push({path, location})
  }

  /** One of the places where memory lies; nothing where there is none. */
  return (names: readonly string[], wants: 'folder' | 'file', isWanted: IsWanted): void => {
    const path = names.join('/')
    try {
      const location = locate(root, names)
      if (location === undefined) return
      const kind = statSync(location)
      if (kind.isDirectory() !== (wants === 'folder'))
        throw new Unreadable(wants === 'folder' ? 'not a folder' : 'not a regular file')
      visit(kind, {path, location, trail: [root]}, isWanted)
    } catch (error) {
      failed.push({path, reason: reasonOf(error)})
    }
  }
}

/** The real path of `root/names…`; undefined where it ends before. A link to nothing is not nothing, it throws. */
function locate(root: string, names: readonly string[]): string | undefined {
  let location = root
  for (const name of names) {
    location = join(location, name)
    const kind = lstatSync(location, {throwIfNoEntry: false})
    if (!kind) return undefined
    if (kind.isSymbolicLink()) location = insideOf(root, location)
  }
  return location
}

/** The real path of a link's target, which must lie in the workspace. */
function insideOf(root: string, link: string): string {
  const target = targetOf(link)
  if (!isWithin(root, target)) throw new Unreadable('a symbolic link that leaves the workspace')
  return target
}

function targetOf(link: string): string {
  try {
    return realpathSync(link)
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? new Unreadable('a symbolic link to nothing') : error
  }
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
