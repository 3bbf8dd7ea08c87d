-- Tells the dependents of a job that it has ended. A call tells a slice; what is left stays in the
-- set `ended` for the tick, which goes by the job's state at that time.

local branches = require("rules.branches")
local edges = require("store.edges")
local events = require("store.events")
local flows = require("store.flows")
local history = require("store.history")
local job = require("rules.job")
local keys = require("store.keys")
local limits = require("rules.limits")
local orphan = require("doors.orphan")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")

local unblock = {}

local flags = states.flags
local number = states.number

-- All that a job in the depends state waited for is there: it runs now or after its delay.
function unblock.free(step, record)
  local queue = queues.numbered(step, record.queue)
  local due = job.due(step, records.ruling(record))
  edges.unpark(step, record, queue)
  history.append(step, record, queue, "unblocked")
  local state = place(step, record, queue, due)
  events.report(step, "unblocked", record, queue.name, "", state)
end

-- What the parent's end means to a dependent. A flow that is cancelled frees nobody.
local function verdict_of(step, parent, record, policy)
  local verdict = branches.verdict(states.name[parent.state], edges.WORD[policy])
  if verdict == "met" and parent.state == number.cancelled then
    local id = flows.of(record)
    return id and flows.read(step, id).stopped and "skip" or verdict
  end
  return verdict
end

-- Acts on one dependent as its policy says.
local function tell(step, parent, jid, policy)
  local record = records.live(step, jid)
  if not record or record.state ~= number.depends or not edges.stands(step, jid, parent.jid) then
    return
  end
  local verdict = verdict_of(step, parent, record, policy)
  if verdict == "met" then
    if edges.close(step, record, parent.jid) and edges.ready(record) then
      unblock.free(step, record)
    end
  else
    local queue = queues.numbered(step, record.queue)
    edges.unpark(step, record, queue)
    orphan.act(step, record, queue, verdict, parent.jid)
  end
end

-- Tells up to `limit` dependents; returns how many, and whether any are left to be told.
function unblock.slice(step, parent, limit)
  local key = keys.dependents(step, parent.jid)
  local lowest = parent.state == number.failed and 1 or "-inf"
  local list = redis.call("ZRANGE", key, lowest, "+inf", "BYSCORE", "LIMIT", 0, limit, "WITHSCORES")
  for position = 1, #list, 2 do
    records.want(step, list[position])
  end
  records.read(step)
  for position = 1, #list, 2 do
    redis.call("ZREM", key, list[position])
    tell(step, parent, list[position], tonumber(list[position + 1]))
  end
  local told = #list / 2
  if redis.call("EXISTS", key) == 0 then
    records.lower(parent, flags.DEPENDENTS)
    records.save(step, parent)
    return told, false
  end
  return told, told == limit
end

-- The job has just ended, complete or failed.
function unblock.ended(step, record)
  if not records.has(record, flags.DEPENDENTS) then
    return
  end
  local _, more = unblock.slice(step, record, limits.DUE)
  if more then
    edges.tell_later(step, record.jid)
  end
end

return unblock
