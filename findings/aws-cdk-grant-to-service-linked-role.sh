#!/bin/sh
# Tool: aws-cdk-lib (npm)
# Version: 2.276.0, with constructs 10.8.1
# Behaviour: key.grantDecrypt for a service-linked role, got by Role.fromRoleArn, adds nothing to the key's policy, and to
#   the template an inline policy for that role, to which IAM lets nobody attach one. With mutable: false nothing is added
#   anywhere. In both cases assertSuccess is content. addGrantsToResources beside it, or an ArnPrincipal of the same
#   text, puts the statement into the key policy.
# Why it surprises: the ARN says aws-service-role, and the key is made by the same app, so its policy is the one place where
#   the access can be given, and CDK can write there. The cure is a property of the role that few look for on a key's grant.
#   Without it, one way fails at the deployment and the other never: the service finds out.
# Date: 2026-11-29
# Source: CDK API reference, Grant.assertSuccess, Role.fromRoleArn (mutable, addGrantsToResources); IAM user guide,
#   "Service-linked roles": their permissions cannot be edited
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
import { ArnPrincipal, Role } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'

const ROLE = 'arn:aws:iam::111122223333:role/aws-service-role/fsx.amazonaws.com/AWSServiceRoleForAmazonFSx'
const WAYS = {
  'fromRoleArn': (stack) => Role.fromRoleArn(stack, 'Role', ROLE),
  'not mutable': (stack) => Role.fromRoleArn(stack, 'Role', ROLE, { mutable: false }),
  'not mutable, to resources': (stack) =>
    Role.fromRoleArn(stack, 'Role', ROLE, { mutable: false, addGrantsToResources: true }),
  'ArnPrincipal': () => new ArnPrincipal(ROLE)
}
const EXPECTED = {
  'fromRoleArn': ['success', 'a policy of the role'],
  'not mutable': ['success'],
  'not mutable, to resources': ['success', 'the key policy'],
  'ArnPrincipal': ['success', 'the key policy']
}

/** Whether the grant is a success, and where the template then has the statement. */
function granted(grantee) {
  const app = new App({ outdir: 'cdk.out' })
  const stack = new Stack(app, 'Example', { env: { account: '111122223333', region: 'eu-west-1' } })
  const found = []
  new Key(stack, 'Key').grantDecrypt(grantee(stack)).assertSuccess()
  found.push('success')
  for (const { Type, Properties } of Object.values(app.synth().getStackByName('Example').template.Resources)) {
    const document = { 'AWS::KMS::Key': 'KeyPolicy', 'AWS::IAM::Policy': 'PolicyDocument' }[Type]
    if (!document || !Properties[document].Statement.some((statement) => statement.Action === 'kms:Decrypt')) continue
    found.push(Type === 'AWS::KMS::Key' ? 'the key policy' : 'a policy of the role')
  }
  return found
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
