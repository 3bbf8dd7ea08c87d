-- Jobs that were there before their queue's first cap by bytes are weighed in slices, by the tick.
-- Whatever changes is weighed by store/weights.lua meanwhile, so a job that has moved on since is
-- counted all the same, and none twice. One that runs is weighed when it comes back.

local records = require("store.records")
local root = require("store.root")
local sets = require("doors.sets")
local states = require("rules.states")
local weights = require("store.weights")

local weighing = {}

-- The sets that are gone through, in this order.
local SETS = { sets.waiting, sets.throttled, sets.scheduled, sets.depends }

local function field(queue)
  return "weighing:" .. queue.number
end

-- The queue has a cap by bytes.
function weighing.begin(step, queue)
  if not weights.of(step, queue) then
    weights.begin(step, queue)
    root.set(step, field(queue), cmsgpack.pack({ set = 1 }))
  end
end

-- Whether it is going on in a queue.
function weighing.open(step, queue)
  return root.get(step, field(queue)) ~= false
end

function weighing.forget(step, queue)
  root.drop(step, field(queue))
end

-- The rank that follows a member, whether it is still there or not.
local function rank_after(key, cursor)
  if not cursor.member then
    return 0
  end
  local gone = redis.call("ZADD", key, "NX", cursor.score, cursor.member) == 1
  local rank = redis.call("ZRANK", key, cursor.member)
  if gone then
    redis.call("ZREM", key, cursor.member)
    return rank
  end
  return rank + 1
end

-- Weighs up to `budget` jobs; returns how many.
function weighing.slice(step, queue, budget)
  local cursor = cmsgpack.unpack(root.get(step, field(queue)))
  local set = SETS[cursor.set]
  local key = set.key(step, queue)
  local from = rank_after(key, cursor)
  local list = redis.call("ZRANGE", key, from, from + budget - 1, "WITHSCORES")
  for position = 1, #list, 2 do
    records.want(step, string.sub(list[position], set.jid))
  end
  records.read(step)
  for position = 1, #list, 2 do
    local record = records.live(step, string.sub(list[position], set.jid))
    if record and not records.has(record, states.flags.WEIGHED) then
      records.save(step, record)
    end
  end
  local count = #list / 2
  if count == budget then
    local following = { set = cursor.set, member = list[#list - 1], score = list[#list] }
    root.set(step, field(queue), cmsgpack.pack(following))
  elseif SETS[cursor.set + 1] then
    root.set(step, field(queue), cmsgpack.pack({ set = cursor.set + 1 }))
  else
    root.drop(step, field(queue))
  end
  return count
end

return weighing
