-- How a job becomes a member of a flow, and what holds it until the flow is sealed.

local flows = require("store.flows")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")

local member = {}

-- Refuses a flow that takes no members any more. record: what is stored under the job's jid, or
-- nil; who is a member already can be put again.
function member.check(step, record, id)
  local flow = flows.read(step, id)
  if flow.stopped then
    refuse("STATE", "flow: " .. id .. " is cancelled")
  end
  local again = record and flows.of(record) == id
  if flow.sealed and not again and flows.count(step, id, "held", "failed") == 0 then
    refuse("STATE", "flow: " .. id .. " is sealed, and its members have ended")
  end
  flow.coming = true
end

-- record: the new one, with its options.
function member.join(step, record, options, unsealed)
  flows.join(step, options.flow)
  records.raise(record, states.flags.FLOW)
  flows.tell(record, options.flow, unsealed)
  flows.descend(step, record, options.depends, true)
end

-- Whether the job has to wait until its flow is sealed. Once it is, the job knows so for good.
function member.held(step, record)
  local id, unsealed = flows.of(record)
  if not unsealed then
    return false
  elseif not flows.sealed(step, id) then
    return true
  end
  local options = records.options(record)
  options.unsealed = nil
  records.set_options(record, options)
  records.save(step, record)
  return false
end

return member
