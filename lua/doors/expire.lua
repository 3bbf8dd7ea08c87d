-- Leases that have run out: a duty of the tick. A lost lease goes through the same rule as an
-- error, and the job keeps its place.

local again = require("doors.again")
local claim = require("doors.claim")
local events = require("store.events")
local keys = require("store.keys")
local overdue = require("store.overdue")
local queues = require("store.queues")
local records = require("store.records")
local settings = require("store.settings")
local states = require("rules.states")
local writes = require("store.writes")

-- Whether the job may not go on anyway.
local function over(step, record)
  local last = records.ruling(record).finish_by
  return last ~= nil and last <= step.now
end

-- Prolongs the lease once, by the grace period, if there is one.
local function spare(step, record, queue, member)
  local grace = settings.milliseconds(step, "grace-period")
  if grace == 0 or records.has(record, states.flags.GRACE) or over(step, record) then
    return false
  end
  records.raise(record, states.flags.GRACE)
  records.save(step, record)
  writes.pair(step, "ZADD", keys.running(step, queue), step.now + grace, member)
  claim.watch(step, queue, step.now + grace)
  events.report(step, "stalled", record, queue.name, record.worker, "")
  return true
end

local function lose(step, record, queue)
  records.count(record, "lost")
  again.act(step, record, queue, {
    entry = "timed-out",
    detail = "expired",
    text = "its lease ran out, held by " .. record.worker,
    kept = true,
    lost = true,
  })
end

local function expire(step, queue, budget)
  local members, upcoming = overdue(step, keys.running(step, queue), budget)
  for position = 1, #members do
    records.want(step, string.sub(members[position], claim.JID))
  end
  records.read(step)
  queue.bound = upcoming and upcoming < math.huge and upcoming or 0
  for position = 1, #members do
    local member = members[position]
    local record = records.live(step, string.sub(member, claim.JID))
    if not spare(step, record, queue, member) then
      lose(step, record, queue)
    end
  end
  queues.save(step, queue)
  return #members, queue.bound > 0 and queue.bound or nil
end

return expire
