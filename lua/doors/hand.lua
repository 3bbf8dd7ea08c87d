-- Which jobs a pop hands out: the first of a queue's waiting set, or, to a repeat, those of before.

local claim = require("doors.claim")
local enter = require("doors.enter")
local keys = require("store.keys")
local queues = require("store.queues")
local records = require("store.records")
local rings = require("store.rings")
local workers = require("store.workers")

local hand = {}

-- Puts members, each with its score after it, back from a position on.
local function put_back(waiting, members, from)
  for position = from, #members, 2 do
    redis.call("ZADD", waiting, members[position + 1], members[position])
  end
end

-- Claims up to `count` jobs (perhaps none) of a queue and adds them to `jobs`. room: the bytes of
-- payload that are left; once a job does not fit, `full`. The first job of a pop always fits.
function hand.out(step, request, queue, count, room, jobs)
  local waiting = keys.waiting(step, queue)
  local members = {}
  if count > 0 and not room.full then
    members = redis.call("ZPOPMIN", waiting, count)
  end
  for position = 1, #members, 2 do
    records.want(step, string.sub(members[position], enter.JID))
  end
  records.read(step)
  for position = 1, #members, 2 do
    local member = members[position]
    local record = records.live(step, string.sub(member, enter.JID))
    if record.size > room.bytes and #jobs > 0 then
      room.full = true
      put_back(waiting, members, position)
      break
    end
    room.bytes = room.bytes - record.size
    local ending = claim.give(step, record, queue, request.worker, request.lease, request.request)
    jobs[#jobs + 1] = { record = record, queue = queue, ending = ending }
  end
  -- Waking is a chain: who leaves jobs behind wakes the next.
  if queue.waiters > step.now and redis.call("EXISTS", waiting) == 1 then
    rings.wake(step, queue)
  end
end

-- Whether one job was handed out before the other: by queue, then as they were waiting.
local function earlier(one, other)
  if one.rank ~= other.rank then
    return one.rank < other.rank
  elseif one.record.priority ~= other.record.priority then
    return one.record.priority < other.record.priority
  end
  return enter.member(one.record) < enter.member(other.record)
end

-- The jobs that this request was given before, as far as they are still held, in the same order.
function hand.again(step, request)
  local held = redis.call("HGETALL", workers.key(step, request.worker))
  local jobs, ranks = {}, {}
  for position = 1, #request.queues do
    ranks[request.queues[position]] = position
  end
  for position = 1, #held, 2 do
    local mark, number = string.match(held[position + 1], "^(.*):(%d+)$")
    if mark == request.request then
      local record = records.live(step, string.sub(held[position], claim.JID))
      local queue = queues.numbered(step, number)
      local ending = claim.ending(step, record, queue)
      jobs[#jobs + 1] =
        { record = record, queue = queue, ending = ending, rank = ranks[queue.name] or 0 }
    end
  end
  table.sort(jobs, earlier)
  return jobs
end

return hand
