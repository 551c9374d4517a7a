#!/bin/sh
# Tool: aws-cdk-lib (npm)
# Version: 2.276.0, with constructs 10.8.1
# Behaviour: a grant to a principal by its ARN, on a key by Key.fromKeyArn, is a success, has a statement for the resource
#   and passes assertSuccess, and the template is empty. addToResourcePolicy of that key says statementAdded: false, and
#   throws where it is told to. On an alias by Alias.fromAliasName the same grant is no success, and assertSuccess throws.
# Why it surprises: assertSuccess is there to fail the build when an access could not be given. Of two ways to name a key
#   that the app does not own, it notices one; an imported key whose ARN is known, the usual case, is the other.
# Date: 2026-11-29
# Source: CDK API reference, Grant (success, assertSuccess, resourceStatements) and IKey.addToResourcePolicy (allowNoOp)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
(
    cd "$work"
    npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$work" \
        aws-cdk-lib@2.276.0 constructs@10.8.1 >/dev/null
)
cat >"$work/ask.mjs" <<'EOF'
import { readFileSync } from 'node:fs'
import { App, Stack } from 'aws-cdk-lib'
import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Alias, Key } from 'aws-cdk-lib/aws-kms'

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const WAYS = {
  'Key.fromKeyArn': (stack) => Key.fromKeyArn(stack, 'Key', KEY),
  'Alias.fromAliasName': (stack) => Alias.fromAliasName(stack, 'Key', 'alias/example'),
  'a new key': (stack) => new Key(stack, 'Key')
}
const EXPECTED = {
  'Key.fromKeyArn': { success: true, asserted: true, added: false, strict: 'throws', inTemplate: false },
  'Alias.fromAliasName': { success: false, asserted: false, added: false, strict: 'returns', inTemplate: false },
  'a new key': { success: true, asserted: true, added: true, strict: 'returns', inTemplate: true }
}

/** Whether this throws, as a word. */
function outcome(call) {
  try {
    call()
  } catch {
    return 'throws'
  }
  return 'returns'
}

function granted(make) {
  const app = new App({ outdir: 'cdk.out' })
  const stack = new Stack(app, 'Example', { env: { account: '111122223333', region: 'eu-west-1' } })
  const principal = new ArnPrincipal('arn:aws:iam::111122223333:role/example')
  const statement = () => new PolicyStatement({ principals: [principal], actions: ['kms:Encrypt'], resources: ['*'] })
  const key = make(stack)
  const grant = key.grantDecrypt(principal)
  const asserted = outcome(() => grant.assertSuccess()) === 'returns'
  const added = key.addToResourcePolicy(statement()).statementAdded
  const strict = outcome(() => key.addToResourcePolicy(statement(), false))
  const resources = Object.values(app.synth().getStackByName('Example').template.Resources ?? {})
  return { success: grant.success, asserted, added, strict, inTemplate: JSON.stringify(resources).includes('kms:Decrypt') }
}

const installed = JSON.parse(readFileSync('node_modules/aws-cdk-lib/package.json', 'utf8'))
console.log(`${installed.name} ${installed.version}, Node.js ${process.version}`)
const seen = {}
for (const way of Object.keys(EXPECTED)) seen[way] = granted(WAYS[way])
console.log('seen:', seen)
if (JSON.stringify(seen) !== JSON.stringify(EXPECTED)) {
  console.error('The behaviour has changed. Expected:', EXPECTED)
  process.exit(1)
}
EOF
(cd "$work" && node ask.mjs)
