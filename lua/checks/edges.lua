-- Dependencies: both ends of an open edge know of it, and none is open towards what has ended.

local branches = require("rules.branches")
local edges = require("store.edges")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local unblock = require("doors.unblock")

local flags = states.flags
local number = states.number

-- Closes an edge; the job runs when that was the last one and nothing holds it.
local function close(step, record, parent_jid)
  if edges.close(step, record, parent_jid) and edges.ready(record) then
    unblock.free(step, record)
  end
end

local dead = { name = "dead-parent", members = { "parents" } }

function dead.find(step, subject)
  local parent, broken = evidence.job(step, subject.member)
  if evidence.waits(subject.record) and not parent and not broken then
    return "waits for " .. subject.member .. ", which is not there"
  end
end

function dead.mend(step, subject)
  close(step, subject.record, subject.member)
end

-- What a parent knows of its dependent: the number of its policy, or nil.
local function known(step, subject)
  local key = keys.dependents(step, subject.member)
  return tonumber(redis.call("ZSCORE", key, subject.jid) or nil)
end

local deaf = { name = "deaf-parent", members = { "parents" } }

function deaf.find(step, subject)
  local parent = evidence.job(step, subject.member)
  if evidence.waits(subject.record) and parent and not known(step, subject) then
    return "waits for " .. subject.member .. ", which does not know"
  end
end

function deaf.mend(step, subject)
  local options = records.options(subject.record)
  local policy = branches.policy(options.run_when, options.parent_failure)
  edges.open(step, subject.record, { subject.member }, policy)
  edges.tell_later(step, subject.member) -- if it has not ended, nothing comes of it
end

local untold = { name = "untold-job", members = { "parents" } }

function untold.find(step, subject)
  local parent = evidence.job(step, subject.member)
  local policy = parent and known(step, subject)
  if not policy or not evidence.waits(subject.record) then
    return nil
  end
  local ended = parent.state == number.complete
    or parent.state == number.cancelled
    or (parent.state == number.failed and policy > edges.POLICY.wait)
  if ended and not redis.call("ZSCORE", keys.ended(step), subject.member) then
    return "was not told that " .. subject.member .. " is " .. states.name[parent.state]
  end
end

function untold.mend(step, subject)
  edges.tell_later(step, subject.member)
end

local stale = { name = "stale-dependent", members = { "dependents" } }

function stale.find(step, subject)
  local parent = evidence.job(step, subject.rest)
  if parent and not edges.stands(step, subject.member, subject.rest) then
    return "does not wait for " .. subject.rest .. ", which thinks so"
  end
end

-- A job that waits may have lost this edge: rather too long than too early.
function stale.mend(step, subject)
  if evidence.waits(subject.record) then
    redis.call("SADD", keys.parents(step, subject.member), subject.rest)
    records.raise(subject.record, flags.PARENTS)
    records.save(step, subject.record)
  else
    edges.detach(step, subject.rest, subject.member)
  end
end

return {
  keys = {
    parents = { type = "set", owner = true },
    dependents = { type = "zset", jid = 1, owner = true },
    ended = { type = "zset", jid = 1 },
  },
  invariants = { dead, deaf, untold, stale },
}
