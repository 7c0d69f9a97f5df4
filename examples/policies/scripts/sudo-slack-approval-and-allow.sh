#!/bin/sh
# Asks on Slack whether a command may run with sudo; allows it only when a listed human approves.
: "${OPENCLAW_APPROVAL_REQUEST_HEADER:=An agent asks to run a command as root}"
export OPENCLAW_APPROVAL_REQUEST_HEADER
if ! command -v node >/dev/null 2>&1; then
  echo '{"block":true,"blockReason":"No approval: node is not in the PATH of the approval script."}'
  exit 0
fi
exec node "$(dirname -- "$0")/slack-approval.mjs"
