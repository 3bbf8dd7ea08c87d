-- Whose turn it is in a fair queue. turns:# has each lane that holds jobs with the sum of its turns
-- so far, a turn being one job by the tenant's weight: who has had least is next, and equals go by
-- name.

local keys = require("store.keys")
local limits = require("rules.limits")

local turns = {}

-- The weights of some tenants; 1 where none was given.
function turns.weights(step, tenants)
  if #tenants == 0 then
    return tenants
  end
  local weights = redis.call("HMGET", keys.weights(step), unpack(tenants))
  for position = 1, #tenants do
    weights[position] = tonumber(weights[position] or nil) or 1
  end
  return weights
end

-- Whether one lane's turn comes before another's.
local function before(one, other)
  if one.turns ~= other.turns then
    return one.turns < other.turns
  end
  return one.tenant < other.tenant
end

-- Lanes in the order of their turns, `count` of them from a rank on.
local function upcoming(step, queue, from, count)
  local list = redis.call("ZRANGE", keys.turns(step, queue), from, from + count - 1, "WITHSCORES")
  local found, tenants = {}, {}
  for position = 1, #list, 2 do
    tenants[#tenants + 1] = list[position]
    found[#found + 1] = { tenant = list[position], turns = tonumber(list[position + 1]) }
  end
  local weights = turns.weights(step, tenants)
  for position = 1, #found do
    local lane = found[position]
    lane.key, lane.share = keys.lane(step, queue, lane.tenant), 1 / weights[position]
    lane.members, lane.taken, lane.chunk = {}, 0, 1
  end
  return found
end

-- The next job of a lane and its priority, or nil.
local function following(lane)
  if 2 * lane.taken >= #lane.members then
    local from = lane.taken
    lane.members = redis.call("ZRANGE", lane.key, 0, from + lane.chunk - 1, "WITHSCORES")
    lane.chunk = 2 * lane.chunk
  end
  lane.taken = lane.taken + 1
  return lane.members[2 * lane.taken - 1], lane.members[2 * lane.taken]
end

local function line_up(order, lane)
  local position = 1
  while order[position] and before(order[position], lane) do
    position = position + 1
  end
  table.insert(order, position, lane)
end

-- The next jobs by their turns, at most `count`: picks, each with member, score and lane; and the
-- lanes that were looked at. Only the first `count` lanes can have one of the next turns; another
-- comes in for each that turns out empty, up to limits.JOBS of those.
function turns.plan(step, queue, count)
  local order = upcoming(step, queue, 0, count)
  local all, picks = { unpack(order) }, {}
  while #order > 0 and #picks < count do
    local lane = table.remove(order, 1)
    local member, score = following(lane)
    if member then
      picks[#picks + 1] = { member = member, score = score, lane = lane }
      lane.turns = lane.turns + lane.share
      line_up(order, lane)
    else
      lane.empty, lane.taken = true, lane.taken - 1
      local another = lane.taken == 0
        and #all < count + limits.JOBS
        and upcoming(step, queue, #all, 1)[1]
      if another then
        all[#all + 1] = another
        line_up(order, another)
      end
    end
  end
  return picks, all
end

return turns
