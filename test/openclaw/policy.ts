/** The guard policy of the ring: a call says by its command what shall become of it. */
export const toolGuard = {
  enabled: true,
  rules: [
    {
      id: 'no-blockme',
      when: {toolName: 'exec', contains: {'data.params.command': 'BLOCKME'}},
      decision: {block: true, blockReason: 'our policy blocks this'},
    },
    {
      id: 'rewrite-rewriteme',
      when: {toolName: 'exec', contains: {'data.params.command': 'REWRITEME'}},
      decision: {params: {command: 'echo rewritten-by-policy'}},
    },
    {
      id: 'ask-askme',
      when: {toolName: 'exec', contains: {'data.params.command': 'ASKME'}},
      decision: {ask: {title: 'Our policy asks', severity: 'warning', timeoutMs: 4000}},
    },
    {
      // Only ever called through tool search, so it shows that inner calls are judged as themselves.
      id: 'no-agents-list',
      when: {toolName: 'agents_list'},
      decision: {block: true, blockReason: 'our policy blocks the inner call'},
    },
  ],
}

/** `plugins.entries["claw-events"]` of the ring. */
export const clawEvents = {
  id: 'claw-events',
  hooks: {allowConversationAccess: true},
  config: {hookBridge: {toolGuard}},
}
