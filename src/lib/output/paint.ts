import {Chalk, type ChalkInstance} from 'chalk'

/** Colours by meaning, so that the same thing looks the same in every command. */
export interface Paint {
  color: boolean
  dim(text: string): string
  bold(text: string): string
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  accent(text: string): string
  /** An event type in the colour of its category. */
  type(type: string, text?: string): string
}

export function createPaint(color: boolean): Paint {
  const chalk = new Chalk({level: color ? 1 : 0})
  return {
    color,
    dim: chalk.dim,
    bold: chalk.bold,
    good: chalk.green,
    bad: chalk.red,
    warn: chalk.yellow,
    accent: chalk.cyan,
    type: (type, text = type) => shadeOf(chalk, type)(text),
  }
}

function shadeOf(chalk: ChalkInstance, type: string): ChalkInstance {
  if (/(^|\.)(error|blocked|dropped|removed)$/.test(type)) return chalk.red
  if (type.startsWith('tool.')) return chalk.yellow
  if (type.startsWith('message.') || type.startsWith('conversation.')) return chalk.green
  if (type.startsWith('memory.')) return chalk.magenta
  if (type.startsWith('lifecycle.') || type.startsWith('session.') || type.startsWith('gateway.')) return chalk.blue
  return chalk.cyan
}
