// Answers questions, one JSON document a line, with an evaluator that is not ours: @cloud-copilot/iam-simulate.
// A question: {policy, action, resource, account, principal, contexts: [...]}; the answer: a list of its results, in order.
// runSimulation drops condition keys with more than one colon behind the service (kms:EncryptionContext:aws:s3:arn), so
// the part of the package that judges is called without its validation.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'

const modules = join(process.argv[2], 'node_modules', '@cloud-copilot')
const load = (name) => import(pathToFileURL(join(modules, ...name.split('/'))).href)
const base = 'iam-simulate/dist/esm'
const { authorize } = await load(`${base}/core_engine/CoreSimulatorEngine.js`)
const { AwsRequestImpl } = await load(`${base}/request/request.js`)
const { RequestContextImpl } = await load(`${base}/requestContext.js`)
const { DiscoveryContextKeyConstraints } = await load(`${base}/context_keys/discoveryContextKeyConstraints.js`)
const { loadPolicy } = await load('iam-policy/dist/esm/index.js')

const parameters = {
  simulationMode: 'Strict',
  discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([])
}

function judge(question) {
  const resourcePolicy = loadPolicy(question.policy, { name: 'key policy' })
  return question.contexts.map((context) => {
    const request = new AwsRequestImpl(
      question.principal,
      { resource: question.resource, accountId: question.account },
      question.action,
      new RequestContextImpl(context)
    )
    return authorize({
      request,
      sessionPolicy: undefined,
      identityPolicies: [],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy,
      permissionBoundaries: undefined,
      vpcEndpointPolicies: undefined,
      simulationParameters: parameters,
      serviceSettings: { s3: {} }
    }).result
  })
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    answer = judge(JSON.parse(line))
  } catch (error) {
    answer = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
