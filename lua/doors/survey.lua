-- A flow that a command names, and what is told of it.

local arguments = require("rules.arguments")
local flows = require("store.flows")
local keys = require("store.keys")
local refuse = require("rules.refusal")
local rule = require("rules.flow")

local survey = {}

-- The one argument of a command about a flow.
function survey.parse(_, args)
  arguments.count(args, 1)
  return arguments.name(args[1], "flow")
end

-- Refuses a flow that there is not.
function survey.check(step, id)
  if not flows.read(step, id).created then
    refuse("NOJOB", "no flow " .. id)
  end
  return id
end

-- A list of names and values, see commands/flow.lua, and the state.
function survey.tell(step, id)
  local flow, counts = flows.read(step, id), flows.counts(step, id)
  local telling = redis.call("EXISTS", keys.ended(step)) == 1
  local state = rule.state(counts, flow.sealed, flow.stopped, telling)
  local answer = { "state", state, "now", step.now, "created", flow.created }
  local function tell(name, value)
    answer[#answer + 1] = name
    answer[#answer + 1] = value
  end
  tell("sealed", flow.sealed or 0)
  tell("stopped", flow.stopped or 0)
  for rank = 1, #rule.CLASSES do
    tell(rule.CLASSES[rank], counts[rule.CLASSES[rank]])
  end
  tell("cancelled", counts.cancelled)
  return answer, state
end

return survey
