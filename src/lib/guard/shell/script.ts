import type {
  AndOr,
  Case,
  CommandNode,
  CompoundList,
  For,
  Function as FunctionNode,
  ParsedScript,
  Pipeline,
  PipelineNode,
  Redirected,
  Select,
  Statement,
} from 'unbash'
import {inputOf, openOutputs, writeOutput} from './redirects.ts'
import {runAsSum, runScript} from './run-script.ts'
import {doubt, type FunctionBody, forgetChoices, knowledgeOf, maybe, positionalOf, type Shell, spend} from './shell.ts'
import {runSimple} from './simple-command.ts'
import {empty, join, Made, plain, type Text} from './text.ts'
import {assign} from './variables.ts'
import {expandText, expandWord, runInside, spendOnSpan} from './words.ts'

/** Scripts inside scripts (substitutions, `bash -c`, functions) that are followed. */
const depthLimit = 12

/** Runs a parsed script; the result is what it prints. */
export function runParsed(shell: Shell, script: ParsedScript, stdin: Text | undefined): Text {
  spend(shell, 1 + (script.end - script.pos) / 64)
  const fault = script.errors?.[0]
  if (fault !== undefined) doubt(shell, `it cannot be read as shell: ${fault.message}`)
  if (shell.depth >= depthLimit) doubt(shell, 'it has scripts inside scripts too deep to follow')
  if (fault !== undefined || shell.depth >= depthLimit) return plain(Made)
  shell.depth++
  try {
    return runStatements(shell, script.commands, stdin)
  } finally {
    shell.depth--
  }
}

function runStatements(shell: Shell, statements: readonly Statement[], stdin: Text | undefined): Text {
  return join(
    statements.map(({command, background}) =>
      background ? maybe(shell, () => runNode(shell, command, stdin)) : runNode(shell, command, stdin),
    ),
  )
}

function runNode(shell: Shell, node: PipelineNode | AndOr | CompoundList, stdin: Text | undefined): Text {
  spend(shell)
  if (node.type === 'CompoundList') return runStatements(shell, node.commands, stdin)
  if (node.type === 'AndOr') return runAndOr(shell, node, stdin)
  if (node.type === 'Pipeline') return runPipeline(shell, node, stdin)
  return runCommand(shell, node, stdin)
}

/** What stands behind `&&` happens after what stands before it; what stands behind `||` happens without. */
function runAndOr(shell: Shell, {commands, operators}: AndOr, stdin: Text | undefined): Text {
  const outputs: Text[] = []
  let at = 0
  while (at < commands.length) {
    const chain = [commands[at]!]
    if (operators[at - 1] !== '||')
      while (operators[at + chain.length - 1] === '&&') chain.push(commands[at + chain.length]!)
    const run = () => join(chain.map((node) => runNode(shell, node, stdin)))
    if (at > 0 || chain.length === 1) outputs.push(at > 0 ? maybe(shell, run) : run())
    else
      outputs.push(
        runNode(shell, chain[0]!, stdin),
        maybe(shell, () => join(chain.slice(1).map((node) => runNode(shell, node, stdin)))),
      )
    at += chain.length
  }
  return join(outputs)
}

function runPipeline(shell: Shell, {commands}: Pipeline, stdin: Text | undefined): Text {
  if (commands.length === 1) return runCommand(shell, commands[0]!, stdin)
  let flow = stdin
  for (const command of commands) flow = maybe(shell, () => runCommand(shell, command, flow))
  return flow ?? empty
}

function runCommand(shell: Shell, node: CommandNode, stdin: Text | undefined): Text {
  switch (node.type) {
    case 'Command':
      return runSimple(shell, node, stdin)
    case 'Redirected':
      return runRedirected(shell, node, stdin)
    case 'Function':
      return define(shell, node)
    case 'BraceGroup':
      return runNode(shell, node.body, stdin)
    case 'Coproc':
    case 'Subshell':
      return maybe(shell, () => runNode(shell, node.body, stdin))
    case 'If': {
      const branches = [
        node.then,
        ...node.elif.flatMap((elif) => [elif.clause, elif.then]),
        ...(node.else ? [node.else] : []),
      ]
      return join([
        runNode(shell, node.clause, stdin),
        ...branches.map((branch) => maybe(shell, () => runNode(shell, branch, stdin))),
      ])
    }
    case 'While':
      return runLoop(shell, () => join([runNode(shell, node.clause, stdin), runNode(shell, node.body, stdin)]))
    case 'For':
    case 'Select':
      return runFor(shell, node, stdin)
    case 'Case':
      return runCase(shell, node, stdin)
    case 'ArithmeticFor':
      spendOnSpan(shell, node.body.pos - node.pos)
      for (const part of [node.initialize, node.test, node.update]) if (part !== undefined) runInside(shell, part)
      return runLoop(shell, () => runNode(shell, node.body, stdin))
    case 'ArithmeticCommand':
      runInside(shell, node)
      runAsSum(shell, plain(node.body))
      // Not all shells have sums: to others it is a subshell in a subshell.
      if (isCommand.test(node.body)) runScript(shell, {script: plain(node.body), stdin, into: 'sh'})
      return empty
    case 'TestCommand':
      runInside(shell, node)
      return empty
  }
}

/** A word, a blank and another word: no sum. */
const isCommand = /^[\s(]*[A-Za-z_][\w./-]*\s+(?:-[A-Za-z-]|[\w./~"'$])/

/** Rounds of a loop that are followed, and of one inside another. */
const roundLimit = 20
const innerRoundLimit = 4

/** Again and again until a round sets nothing new: what one round sets, the next one sees. */
function runLoop(shell: Shell, round: () => Text): Text {
  const limit = shell.loops === 0 ? roundLimit : innerRoundLimit
  const outputs: Text[] = []
  shell.loops++
  try {
    for (let count = 0, known = -1; known !== knowledgeOf(shell) && count <= limit; count++) {
      spend(shell, shell.variables.size)
      if (count === limit) forgetChoices(shell)
      known = knowledgeOf(shell)
      outputs.push(maybe(shell, round))
    }
  } finally {
    shell.loops--
  }
  return join(outputs)
}

function runRedirected(shell: Shell, {command, redirects}: Redirected, stdin: Text | undefined): Text {
  const input = inputOf(shell, redirects, stdin)
  const outputs = openOutputs(shell, redirects)
  return writeOutput(shell, outputs, runCommand(shell, command, input))
}

function define(shell: Shell, {name, body}: FunctionNode): Text {
  const known = shell.functions.get(name.value) ?? []
  spend(shell, known.length)
  if (!known.includes(body)) shell.functions.set(name.value, [...known, body])
  return empty
}

/** Runs a function's body, also for one that nothing calls: what the line does not call, a later one may. */
export function runBody(shell: Shell, name: string, stdin: Text | undefined): Text {
  const bodies = shell.functions.get(name) ?? []
  const runOne = (body: FunctionBody) =>
    body.type === 'CompoundList' ? runNode(shell, body, stdin) : runCommand(shell, body, stdin)
  return bodies.length === 1 ? runOne(bodies[0]!) : join(bodies.map((body) => maybe(shell, () => runOne(body))))
}

function runFor(shell: Shell, {name, wordlist, body}: For | Select, stdin: Text | undefined): Text {
  const words =
    wordlist === undefined ? positionalOf(shell).flat() : wordlist.flatMap((word) => expandWord(shell, word).flat())
  assign(
    shell,
    name.value,
    words.map((field) => [field]),
  )
  return runLoop(shell, () => runNode(shell, body, stdin))
}

function runCase(shell: Shell, {word, items}: Case, stdin: Text | undefined): Text {
  expandText(shell, word)
  for (const pattern of items.flatMap((item) => item.pattern)) expandText(shell, pattern)
  return join(items.map((item) => maybe(shell, () => runNode(shell, item.body, stdin))))
}
