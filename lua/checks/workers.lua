-- Workers: each running job is held by the worker that its record names, and by no other.

local claim = require("doors.claim")
local clock = require("store.clock")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local states = require("rules.states")
local workers = require("store.workers")
local writes = require("store.writes")

local RUNNING = states.number.running

local unnoted = { name = "unnoted-lease", keys = { "job" }, state = RUNNING }

function unnoted.find(step, subject)
  local record = subject.record
  if not record.worker then
    return nil
  end
  local mark = redis.call("HGET", keys.worker(step, record.worker), claim.member(record))
  if not mark or string.match(mark, ":(%d+)$") ~= tostring(record.queue) then
    return "is held by " .. record.worker .. ", which does not know"
  end
end

function unnoted.mend(step, subject)
  local record = subject.record
  local _, queue = evidence.set_of(step, record)
  local list = workers.holding(step, record.worker)
  list[#list + 1] = claim.member(record)
  list[#list + 1] = workers.mark("", queue)
end

local stale = { name = "stale-lease", members = { "worker" } }

function stale.find(_, subject)
  local record = subject.record
  if #subject.member < workers.LEASE then
    return nil
  elseif
    not record
    or record.state ~= RUNNING
    or record.worker ~= subject.rest
    or claim.member(record) ~= subject.member
  then
    return "is not held by " .. subject.rest .. ", which thinks so"
  end
end

function stale.mend(step, subject)
  workers.let_go(step, subject.rest, subject.member)
end

local half = { name = "half-registered-worker", keys = { "worker" }, members = { "workers" } }

local function signs(step, name)
  return redis.call("ZSCORE", keys.workers(step), name) or nil,
    redis.call("HGET", keys.worker(step, name), "seen") or nil
end

function half.find(step, subject)
  local name = subject.kind == "worker" and subject.rest or subject.member
  local registered, seen = signs(step, name)
  if registered and not seen and subject.kind == "workers" then
    return "has no hash"
  elseif seen and not registered and subject.kind == "worker" then
    return "is not in the registry"
  end
end

function half.mend(step, subject)
  if subject.kind == "workers" then
    writes.pair(step, "HSET", keys.worker(step, subject.member), "seen", subject.value)
  else
    local _, seen = signs(step, subject.rest)
    redis.call("ZADD", keys.workers(step), seen, subject.rest)
    clock.at(step, clock.WORKERS, 0, step.now)
  end
end

return {
  keys = {
    worker = { type = "hash", jid = claim.JID },
    workers = { type = "zset" },
  },
  invariants = { unnoted, stale, half },
}
