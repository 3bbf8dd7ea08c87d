-- Scheduled jobs that have become due: a duty of the tick.

local enter = require("doors.enter")
local keys = require("store.keys")
local records = require("store.records")
local scheduled = require("store.scheduled")
local sequence = require("store.sequence")
local writes = require("store.writes")

local function promote(step, queue, budget)
  local key = keys.scheduled(step, queue)
  local list =
    redis.call("ZRANGE", key, "-inf", "+inf", "BYSCORE", "LIMIT", 0, budget + 1, "WITHSCORES")
  local due = 0
  for position = 1, #list, 2 do
    if tonumber(list[position + 1]) > step.now or due == budget then
      break
    end
    due = due + 1
    records.want(step, string.sub(list[position], scheduled.JID))
  end
  records.read(step)
  sequence.need(step, due)
  for position = 1, 2 * due, 2 do
    local member = list[position]
    writes.one(step, "ZREM", key, member)
    local record = records.live(step, string.sub(member, scheduled.JID))
    local since = record.since
    enter.last(step, record, queue)
    record.since = since -- it waits since it was due, not since somebody noticed
  end
  return due, tonumber(list[2 * due + 2])
end

return promote
