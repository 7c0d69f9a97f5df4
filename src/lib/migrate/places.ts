/** A section or fact of which the log tells. */
export interface KnownPart {
  heading: string
  /** Tells parts with equal headings of one file apart. */
  ordinal: number
  eventId: string
  /** Undefined: it is gone, and `eventId` is the event that says so. */
  sha256: string | undefined
}

export interface PlacedPart<T> {
  part: T
  ordinal: number
  /** The event that holds exactly this already. */
  knownAs?: string
  /** The event that this place had until now. */
  supersedes?: string
}

export interface Placement<T> {
  /** In the order of the file. */
  placed: PlacedPart<T>[]
  /** What the log holds and the file does not any more. */
  vanished: KnownPart[]
}

interface Content {
  heading: string
  sha256: string
}

/**
 * Finds for each part of a file its place in the log. Among equal headings a part keeps the place that has its
 * content, so that taking out the first of ten is one change and not ten; what is left is paired in order.
 *
 * When the first of the changes are in the log already, what comes out is the rest of them: the first parts with a
 * content are the known ones, so a change that is written leaves the front of the new parts and of the places left.
 */
export function placesOf<T extends Content>(parts: readonly T[], known: readonly KnownPart[]): Placement<T> {
  if (known.length === 0) return {placed: numbered(parts), vanished: []}
  const knownByHeading = Map.groupBy(known, ({heading}) => heading)
  const placed = new Map<T, PlacedPart<T>>()
  const vanished: KnownPart[][] = []
  for (const [heading, group] of Map.groupBy(parts, (part) => part.heading)) {
    vanished.push(placeGroup(group, knownByHeading.get(heading) ?? [], placed))
    knownByHeading.delete(heading)
  }
  for (const rest of knownByHeading.values()) vanished.push(rest.filter(isAlive))
  return {placed: parts.map((part) => placed.get(part)!), vanished: vanished.flat()}
}

/** The places of a file that is new, which in a first run is every file: the same in a fifth of the time. */
function numbered<T extends Content>(parts: readonly T[]): PlacedPart<T>[] {
  const counts = new Map<string, number>()
  return parts.map((part) => {
    const ordinal = counts.get(part.heading) ?? 0
    counts.set(part.heading, ordinal + 1)
    return {part, ordinal}
  })
}

/** Places the parts of one heading; returns what is left of the known ones. */
function placeGroup<T extends Content>(
  parts: readonly T[],
  known: readonly KnownPart[],
  placed: Map<T, PlacedPart<T>>,
): KnownPart[] {
  const places = new Map(known.map((place) => [place.ordinal, place]))
  const alive = known.filter(isAlive).sort((a, b) => a.ordinal - b.ordinal)
  // Reversed, so that the lowest place is taken from the end.
  const byContent = Map.groupBy(alive.toReversed(), ({sha256}) => sha256)
  const kept = new Set<KnownPart>()
  const news = parts.filter((part) => {
    const place = byContent.get(part.sha256)?.pop()
    if (!place) return true
    kept.add(place)
    placed.set(part, {part, ordinal: place.ordinal, knownAs: place.eventId})
    return false
  })
  const left = alive.filter((place) => !kept.has(place))
  const free = freeOrdinals(places)
  for (const [index, part] of news.entries()) {
    const ordinal = left[index]?.ordinal ?? free.next().value
    // A part that returns supersedes the event that said it was gone, so that its own event is a new one.
    placed.set(part, {part, ordinal, supersedes: places.get(ordinal)?.eventId})
  }
  return left.slice(news.length)
}

/** The places nothing stands on, the lowest first, without end. */
function* freeOrdinals(places: ReadonlyMap<number, KnownPart>): Generator<number, never> {
  for (let ordinal = 0; ; ordinal++) if (places.get(ordinal)?.sha256 === undefined) yield ordinal
}

function isAlive({sha256}: KnownPart): boolean {
  return sha256 !== undefined
}
