-- What waits in a queue, looked at: in one set, or in the lanes of tenants, see doors/lanes.lua.

local keys = require("store.keys")
local lanes = require("doors.lanes")
local limits = require("rules.limits")
local pages = require("store.pages")
local places = require("store.places")
local turns = require("doors.turns")

local waiting = {}

-- The next jobs by their turns, without taking them: members of the sets. In a fair queue nobody
-- looks further ahead than limits.WALK.
function waiting.peek(step, queue, offset, count)
  if not queue.fair then
    return redis.call("ZRANGE", keys.waiting(step, queue), offset, offset + count - 1)
  end
  local members = {}
  if offset > limits.WALK then
    return members
  end
  local picks = turns.plan(step, queue, offset + count)
  for position = offset + 1, #picks do
    members[#members + 1] = picks[position].member
  end
  return members
end

-- Of a waiting job in a fair queue: its tenant, how many of its lane come before it, how many lanes
-- have their turn before its lane, and how many lanes there are.
function waiting.standing(step, record, queue)
  local tenant, key = lanes.tenant(record), keys.turns(step, queue)
  local ahead = redis.call("ZRANK", keys.lane(step, queue, tenant), places.member(record))
  return tenant, ahead, redis.call("ZRANK", key, tenant) or 0, redis.call("ZCARD", key)
end

-- Of each tenant: name, weight, and 0 for the jobs that nobody counts.
function waiting.weights(step, tenants)
  local weights, list = turns.weights(step, tenants), {}
  for position = 1, #tenants do
    list[position] = { tenants[position], weights[position], 0 }
  end
  return list
end

-- Of a lane: tenant, weight, and how many jobs wait in it.
function waiting.describe(step, queue, tenant)
  local count = redis.call("ZCARD", keys.lane(step, queue, tenant))
  return { tenant, turns.weights(step, { tenant })[1], count }
end

-- The set of a queue's waiting jobs, or of a fair queue the longest lane, of the first limits.JOBS;
-- and how many are in it.
function waiting.longest(step, queue)
  local longest, most = keys.waiting(step, queue), 0
  if not queue.fair then
    most = redis.call("ZCARD", longest)
  else
    local tenants = redis.call("ZRANGE", keys.tenants(step, queue), 0, limits.JOBS - 1)
    for position = 1, #tenants do
      local key = keys.lane(step, queue, tenants[position])
      local count = redis.call("ZCARD", key)
      if count > most then
        longest, most = key, count
      end
    end
  end
  return longest, most
end

-- Whether jobs wait in a queue.
function waiting.any(step, queue)
  return redis.call("EXISTS", queue.fair and keys.tenants(step, queue) or keys.waiting(step, queue))
    == 1
end

-- A page of a fair queue's waiting jobs, lane by lane, as commands/jobs.lua answers it. A cursor is
-- the lane's tenant, its length before it, and where the page begins in the lane.
function waiting.page(step, queue, request)
  local length, rest = string.match(request.cursor, "^(%d+) (.*)$")
  local first = length and string.sub(rest, 1, tonumber(length)) or ""
  local inner = length and string.sub(rest, tonumber(length) + 1) or ""
  local key = keys.tenants(step, queue)
  local tenants = redis.call("ZRANGE", key, "[" .. first, "+", "BYLEX", "LIMIT", 0, limits.JOBS + 1)
  local list = { "" }
  for position = 1, #tenants do
    local tenant, room = tenants[position], request.count + 1 - #list
    if room == 0 or position > limits.JOBS then
      list[1] = #tenant .. " " .. tenant
      return list
    end
    local page = pages.ranked(
      keys.lane(step, queue, tenant),
      { cursor = tenant == first and inner or "", count = room }
    )
    for member = 2, #page do
      list[#list + 1] = page[member]
    end
    if page[1] ~= "" then
      list[1] = #tenant .. " " .. tenant .. page[1]
      return list
    end
  end
  return list
end

-- How many jobs wait in a queue.
function waiting.count(step, queue)
  local count = redis.call("ZCARD", keys.waiting(step, queue))
  if queue.fair then
    count = count + (redis.call("HGET", keys.laned(step), queue.number) or 0)
  end
  return count
end

return waiting
