import {type Check, fine, wrong} from './check.ts'

/** The oldest Node.js that OpenClaw and the plugin run on. */
const oldest = [24, 16] as const

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const isNew = major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
  const wanted = `Node.js ${oldest.join('.')} or newer`
  return isNew
    ? fine('node', `Node.js ${version}`)
    : wrong('node', 'error', `Node.js ${version} is too old`, `install ${wanted}`)
}

export interface ConfigurationFacts {
  faults: readonly string[]
  notes: readonly string[]
}

/** Every fault and remark of the configuration, each as a check of its own. */
export function checkConfiguration({faults, notes}: ConfigurationFacts): Check[] {
  if (faults.length + notes.length === 0) return [fine('configuration', 'the configuration is in order')]
  return [
    ...faults.map((fault) => wrong('configuration', 'error', fault, 'claw-events config check')),
    ...notes.map((note) => wrong('configuration', 'warning', note)),
  ]
}
