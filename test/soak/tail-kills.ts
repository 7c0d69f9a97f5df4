import {setTimeout as sleep} from 'node:timers/promises'
import {everything} from '../../src/lib/filter/filter.ts'
import {event} from '../contracts/event-store/events.ts'
import {makeDisk} from './disk.ts'
import {startActor} from './processes.ts'
import {randomOf} from './random.ts'
import type {Target} from './targets.ts'

export interface TailFindings {
  kills: number
  events: number
  lost: number
  repeated: number
  disordered: number
}

const longestStartMs = 5000

/** Kills a tail again and again while events are appended; each next one goes on from what the last one printed. */
export async function killTail(
  kills: number,
  seed: number,
  nextTarget: (folder: string) => Promise<Target>,
): Promise<TailFindings> {
  const random = randomOf(seed)
  const disk = makeDisk()
  const target = await nextTarget(disk.folder)
  const store = await target.open()
  const seen: string[] = []
  let from = ''
  let isOver = false
  let appended = 0

  const start = () =>
    startActor({role: 'tail', target: target.place, from, isControl: false}, (line) => {
      const [position = '', id = ''] = line.split(' ')
      from = position
      seen.push(id)
    })

  const writing = (async () => {
    while (!isOver) {
      await store.append(Array.from({length: 5}, (_, n) => event(`t:${appended + n}`)))
      appended += 5
      await sleep(30)
    }
  })()
  try {
    for (let kill = 0; kill < kills; kill++) {
      const tail = start()
      // Now and then it is killed before it has said anything.
      if (random.next() < 0.9) await Promise.race([tail.spoken, sleep(longestStartMs)])
      await sleep(random.between(0, 40))
      await tail.kill()
    }
    isOver = true
    await writing
    const last = start()
    const deadline = performance.now() + 30_000
    while (seen.at(-1) !== `t:${appended - 1}` && performance.now() < deadline) await sleep(20)
    await last.kill()
    const {count} = await store.count(everything)
    const distinct = new Set(seen)
    const disordered = seen.filter((id, at) => at > 0 && numberOf(id) < numberOf(seen[at - 1]!)).length
    return {kills, events: count, lost: count - distinct.size, repeated: seen.length - distinct.size, disordered}
  } finally {
    isOver = true
    await writing
    await store.close()
    await target.remove()
    disk.remove()
  }
}

function numberOf(id: string): number {
  return Number(id.split(':')[1])
}
