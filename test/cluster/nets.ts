import {execFileSync} from 'node:child_process'

/** A network of its own for each of three servers, which this process reaches, too. */
export interface Networks {
  places: Array<{host: string; runBy: readonly string[]}>
  /** Cuts one server off from the other two; whoever is connected to it stays connected. */
  isolate(n: number): void
  rejoin(n: number): void
  remove(): void
}

const count = 3

/** Undefined where this user may not make networks. */
export function makeNetworks(): Networks | undefined {
  // Linux lets names of interfaces have 15 characters.
  const name = `claw${process.pid}`
  const net = `10.213.${process.pid % 250}`
  const hosts = Array.from({length: count}, (_, n) => `${net}.${n + 2}`)
  const spaceOf = (n: number) => `${name}-${n}`
  const inside = (n: number, ...args: string[]) => ip('netns', 'exec', spaceOf(n), 'ip', ...args)

  function remove(): void {
    for (let n = 0; n < count; n++) attempt(() => ip('netns', 'delete', spaceOf(n)))
    attempt(() => ip('link', 'delete', `${name}b`))
  }

  /** Both ways, since a route says only where to send. */
  function routes(n: number, verb: 'add' | 'delete'): void {
    for (let other = 0; other < count; other++) {
      if (other === n) continue
      inside(n, 'route', verb, 'blackhole', `${hosts[other]}/32`)
      inside(other, 'route', verb, 'blackhole', `${hosts[n]}/32`)
    }
  }

  try {
    ip('link', 'add', `${name}b`, 'type', 'bridge')
    ip('address', 'add', `${net}.1/24`, 'dev', `${name}b`)
    ip('link', 'set', `${name}b`, 'up')
    for (let n = 0; n < count; n++) {
      ip('netns', 'add', spaceOf(n))
      ip('link', 'add', `${name}${n}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', spaceOf(n))
      ip('link', 'set', `${name}${n}`, 'master', `${name}b`, 'up')
      inside(n, 'address', 'add', `${hosts[n]}/24`, 'dev', 'eth0')
      inside(n, 'link', 'set', 'eth0', 'up')
      inside(n, 'link', 'set', 'lo', 'up')
    }
  } catch {
    remove()
    return undefined
  }
  return {
    places: hosts.map((host, n) => ({host, runBy: ['ip', 'netns', 'exec', spaceOf(n)]})),
    isolate: (n) => routes(n, 'add'),
    rejoin: (n) => routes(n, 'delete'),
    remove,
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, {stdio: 'ignore'})
}

function attempt(step: () => void): void {
  try {
    step()
  } catch {
    // It was not made.
  }
}
