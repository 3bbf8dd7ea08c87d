-- Flows: their members are those whose records say so, each in the class that its record tells.

local evidence = require("doors.evidence")
local flows = require("store.flows")
local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local rule = require("rules.flow")
local states = require("rules.states")

local lost = { name = "lost-member", keys = { "job" }, flags = states.flags.FLOW }

function lost.find(step, subject)
  local record = subject.record
  local id, unsealed = flows.of(record)
  if not id then
    return "is a member of a flow, and does not say of which", true
  end
  local score = redis.call("ZSCORE", keys.members(step, id), record.jid)
  if tonumber(score or nil) ~= rule.score(record, unsealed) then
    return "is not among the members of " .. id .. " in its class"
  end
end

function lost.mend(step, subject)
  flows.join(step, (flows.of(subject.record)))
  records.save(step, subject.record) -- which notes it there
end

local stray = { name = "stray-in-flow", members = { "members" } }

function stray.find(_, subject)
  if not subject.record or flows.of(subject.record) ~= subject.rest then
    return "is no member of the flow " .. subject.rest
  end
end

function stray.mend(step, subject)
  redis.call("ZREM", subject.key, subject.member)
  step.stirred = { [subject.rest] = true }
end

-- A flow has its hash, without an end, and is listed, as long as it has members.
local half = { name = "half-flow", keys = { "flow", "members" }, members = { "flows", "pending" } }

local function id_of(subject)
  return subject.member ~= "" and subject.member or subject.rest
end

function half.find(step, subject)
  local id = id_of(subject)
  local has = redis.call("EXISTS", keys.members(step, id)) == 1
  local known = redis.call("HGET", keys.flow(step, id), "created")
  local lasts = redis.call("PTTL", keys.flow(step, id)) == -1
  local listed = redis.call("ZSCORE", keys.flows(step), id)
  if has and not (known and lasts and listed) then
    return "the flow has members, and is not known or not listed"
  elseif not has and (lasts or subject.member ~= "") then
    return "the flow has no members"
  end
end

function half.mend(step, subject)
  local id = id_of(subject)
  if redis.call("EXISTS", keys.members(step, id)) == 1 then
    flows.join(step, id)
  else
    redis.call("PEXPIRE", keys.flow(step, id), limits.TRACE)
    redis.call("ZREM", keys.flows(step), id)
    redis.call("ZREM", keys.pending(step), id)
  end
end

local lineage = { name = "stray-lineage", keys = { "lineage" } }

function lineage.find(_, subject)
  local record = subject.record
  if not record or not records.has(record, states.flags.FLOW) then
    return "its job is no member of a flow"
  end
end

function lineage.mend(_, subject)
  redis.call("UNLINK", subject.key)
end

local forgotten = { name = "forgotten-parent", members = { "parents" } }

function forgotten.find(step, subject)
  local record = subject.record
  if
    record
    and records.has(record, states.flags.FLOW)
    and evidence.waits(record)
    and not redis.call("ZSCORE", keys.lineage(step, record.jid), subject.member)
  then
    return "waits for " .. subject.member .. ", and will not see what that returns"
  end
end

function forgotten.mend(step, subject)
  flows.descend(step, subject.record, { subject.member })
end

-- A job is held only by a flow that is not sealed, or of which members are still to be freed.
local stuck = { name = "stuck-member", keys = { "job" }, flags = states.flags.FLOW }

function stuck.find(step, subject)
  local id, unsealed = flows.of(subject.record)
  local waits = unsealed and evidence.waits(subject.record)
  if waits and not redis.call("ZSCORE", keys.pending(step), id) then
    return "is held by the flow " .. id .. ", with which nothing is to be done"
  end
end

function stuck.mend(step, subject)
  flows.later(step, (flows.of(subject.record)), step.now)
end

return {
  keys = {
    flow = { mixed = true },
    members = { type = "zset", jid = 1 },
    lineage = { owner = true },
    flows = { type = "zset" },
    pending = { type = "zset" },
    ["flow-ring"] = {
      expires = function()
        return limits.SLEEP
      end,
    },
  },
  invariants = { lost, stray, half, lineage, forgotten, stuck },
}
