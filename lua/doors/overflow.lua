-- Queues that make room when they are full: takes off what is above the caps. Jobs go that wait, or
-- are throttled, of those the least urgent first, of equals the oldest; the last one stays.

local ceiling = require("doors.ceiling")
local clock = require("store.clock")
local conclude = require("doors.conclude")
local discard = require("doors.discard")
local edges = require("store.edges")
local events = require("store.events")
local history = require("store.history")
local limits = require("rules.limits")
local places = require("store.places")
local records = require("store.records")
local states = require("rules.states")
local weighing = require("doors.weighing")
local withdraw = require("doors.withdraw")

local overflow = {}

local WHY = "dropped"

-- Up to `count` jobs in the order in which they go, but not all that could. Among tenants those go
-- that have most.
local function first_to_go(step, queue, count)
  local key, size = ceiling.pool(step, queue)
  local most = math.min(count, size, ceiling.runnable(step, queue) - 1)
  local jids, score = {}, "+inf"
  while #jids < most do
    local last =
      redis.call("ZRANGE", key, score, "-inf", "BYSCORE", "REV", "LIMIT", 0, 1, "WITHSCORES")
    local equals = redis.call("ZRANGE", key, last[2], last[2], "BYSCORE", "LIMIT", 0, most - #jids)
    for position = 1, #equals do
      local jid = string.sub(equals[position], places.JID)
      jids[#jids + 1] = jid
      records.want(step, jid)
    end
    score = "(" .. last[2]
  end
  records.read(step)
  return jids
end

-- A job that others wait for is kept, failed: an unfail can still help those.
local function drop(step, record, queue)
  if not records.has(record, states.flags.DEPENDENTS) then
    discard.job(step, record, queue, WHY)
    return
  end
  local group = WHY .. "-" .. queue.name
  withdraw(step, record, queue)
  history.append(step, record, queue, "failed", group)
  conclude.failed(step, record, queue, {
    group = group,
    message = "dropped to make room: queue "
      .. queue.name
      .. " was full, and others wait for the job",
    when = step.now,
    worker = "",
  })
  events.report(step, "failed", record, queue.name, "", group)
  edges.tell_later(step, record.jid)
end

-- Drops up to `budget` jobs; returns how many, and whether there are more to go.
local function trim(step, queue, budget)
  local jobs, bytes = ceiling.excess(step, queue)
  if jobs <= 0 and bytes <= 0 then
    return 0, false
  end
  -- By their number alone it is known how many go; bytes are found out by looking.
  local jids = first_to_go(step, queue, bytes > 0 and budget or math.min(jobs, budget))
  for position = 1, #jids do
    if jobs <= 0 and bytes <= 0 then
      return position - 1, false
    end
    local record = records.live(step, jids[position])
    jobs, bytes = jobs - 1, bytes - record.size
    drop(step, record, queue)
  end
  return #jids, #jids > 0 and (jobs > 0 or bytes > 0)
end

-- After a step has stored what it changed: makes room in the queues that it had to do with, for up
-- to so many jobs and some. Returns whether anything was dropped.
function overflow.settle(step, changed)
  local budget = math.min(changed, limits.JOBS) + limits.DUE
  local dropped = 0
  for position = 1, #step.capped do
    local queue = step.capped[position]
    if dropped < budget and ceiling.drops(step, queue) then
      local count, more = trim(step, queue, budget - dropped)
      dropped = dropped + count
      if more then
        clock.at(step, clock.CEILING, queue.number, step.now)
      end
    end
  end
  return dropped > 0
end

-- A duty of the tick after a queue's caps have changed, or when a step could not drop enough.
function overflow.due(step, queue, budget)
  if weighing.open(step, queue) then
    return weighing.slice(step, queue, budget), step.now
  elseif not queue.capped or not ceiling.drops(step, queue) then
    return 0, nil
  end
  local dropped, more = trim(step, queue, budget)
  return dropped, more and step.now or nil
end

return overflow
