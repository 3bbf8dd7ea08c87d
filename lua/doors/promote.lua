-- Scheduled jobs that have become due: a duty of the tick.

local enter = require("doors.enter")
local keys = require("store.keys")
local overdue = require("store.overdue")
local records = require("store.records")
local scheduled = require("store.scheduled")
local sequence = require("store.sequence")
local writes = require("store.writes")

local function promote(step, queue, budget)
  local key = keys.scheduled(step, queue)
  local members, upcoming = overdue(step, key, budget)
  for position = 1, #members do
    records.want(step, string.sub(members[position], scheduled.JID))
  end
  records.read(step)
  sequence.need(step, #members)
  for position = 1, #members do
    local member = members[position]
    writes.one(step, "ZREM", key, member)
    local record = records.live(step, string.sub(member, scheduled.JID))
    local since = record.since
    enter.last(step, record, queue)
    record.since = since -- it waits since it was due, not since somebody noticed
  end
  return #members, upcoming
end

return promote
