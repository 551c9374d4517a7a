#!/bin/sh
# Tool: aws-cdk-lib (npm)
# Version: 2.276.0, with constructs 10.8.1
# Behaviour: PolicyDocument.fromJson reads the statements alone. Out of toJSON comes no Id, and the Version 2012-10-17,
#   whether 2008-10-17 or none at all was there. A CfnKey that is given the same object keeps Id and Version.
# Why it surprises: KMS's own default policies have an Id, and a document of 2008 says something else as one of 2012: a
#   dollar sign with a name in braces is plain text in the first and a policy variable in the second. So a key that comes
#   under CDK by what GetKeyPolicy returned is changed by the first deployment, and may mean something else after it.
# Date: 2026-11-29
# Source: CDK API reference, PolicyDocument.fromJson ("based on the object provided"); IAM user guide, policy elements
#   Version and Id, and "Policy variables"; KMS developer guide, "Default key policy"
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
import { PolicyDocument } from 'aws-cdk-lib/aws-iam'
import { CfnKey, Key } from 'aws-cdk-lib/aws-kms'

const EXPECTED = {
  'Key, 2008 with an Id': ['2012-10-17', 'no Id'],
  'Key, 2012 with an Id': ['2012-10-17', 'no Id'],
  'Key, no Version': ['2012-10-17', 'no Id'],
  'CfnKey, 2008 with an Id': ['2008-10-17', 'key-default-1']
}
const Statement = [
  { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' }
]
const DOCUMENTS = {
  '2008 with an Id': { Version: '2008-10-17', Id: 'key-default-1', Statement },
  '2012 with an Id': { Version: '2012-10-17', Id: 'key-default-1', Statement },
  'no Version': { Statement }
}

/** What the template of a stack with one key has as Version and Id. */
function synthesized(name) {
  const [kind, which] = name.split(', ')
  const app = new App({ outdir: 'cdk.out' })
  const stack = new Stack(app, 'Example')
  if (kind === 'Key') new Key(stack, 'Key', { policy: PolicyDocument.fromJson(DOCUMENTS[which]) })
  else new CfnKey(stack, 'Key', { keyPolicy: DOCUMENTS[which] })
  const { Resources } = app.synth().getStackByName('Example').template
  const [key] = Object.values(Resources).filter((resource) => resource.Type === 'AWS::KMS::Key')
  return [key.Properties.KeyPolicy.Version ?? 'no Version', key.Properties.KeyPolicy.Id ?? 'no Id']
}

const installed = JSON.parse(readFileSync('node_modules/aws-cdk-lib/package.json', 'utf8'))
console.log(`${installed.name} ${installed.version}, Node.js ${process.version}`)
const seen = {}
for (const name of Object.keys(EXPECTED)) seen[name] = synthesized(name)
console.log('seen:', seen)
if (JSON.stringify(seen) !== JSON.stringify(EXPECTED)) {
  console.error('The behaviour has changed. Expected:', EXPECTED)
  process.exit(1)
}
EOF
(cd "$work" && node ask.mjs)
