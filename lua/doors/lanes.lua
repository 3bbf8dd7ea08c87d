-- Waiting jobs, tenant by tenant. A queue has one waiting set until a job with a tenant comes; then
-- it is fair: each tenant has a lane, jobs without a tenant are in the waiting set as ever, and the
-- lanes take turns. turns:# has each lane that holds jobs with the sum of its turns so far, a turn
-- being one job by the tenant's weight: who has had least is next, and equals go by name. A lane
-- that comes in begins where the others are, so that nobody saves turns up. tenants:# has the same
-- lanes by name.

local keys = require("store.keys")
local limits = require("rules.limits")
local pages = require("store.pages")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")
local writes = require("store.writes")

local lanes = {}

-- The flags that say that a record has options or is counted are the highest ones.
local RULED = states.flags.RULED

function lanes.tenant(record)
  return records.has(record, RULED) and records.ruling(record).tenant or ""
end

-- The weights of some tenants; 1 where none was given.
local function weights_of(step, tenants)
  if #tenants == 0 then
    return tenants
  end
  local weights = redis.call("HMGET", keys.weights(step), unpack(tenants))
  for position = 1, #tenants do
    weights[position] = tonumber(weights[position] or nil) or 1
  end
  return weights
end

-- A lane that is empty so far is going to hold jobs.
local function open(step, queue, tenant)
  queue.lanes = queue.lanes or {}
  if queue.lanes[tenant] then
    return
  end
  queue.lanes[tenant] = true
  if redis.call("EXISTS", keys.lane(step, queue, tenant)) == 1 then
    return
  end
  local turns = keys.turns(step, queue)
  redis.call("ZREM", turns, tenant)
  local least = redis.call("ZRANGE", turns, 0, 0, "WITHSCORES")[2] or 0
  redis.call("ZADD", turns, least + 1 / weights_of(step, { tenant })[1], tenant)
  redis.call("ZADD", keys.tenants(step, queue), 0, tenant)
end

-- Jobs without a tenant may be waiting, or be about to: a lane that turns out empty is dropped by
-- the pop that meets it.
local function become_fair(step, queue)
  queue.fair = true
  queues.save(step, queue)
  redis.call("ZADD", keys.turns(step, queue), 1, "")
  redis.call("ZADD", keys.tenants(step, queue), 0, "")
end

local function note(step, queue, tenant, amount)
  if tenant ~= "" then
    writes.count(step, keys.laned(step), queue.number, amount)
  end
end

function lanes.add(step, record, queue)
  if not queue.fair and record.flags < RULED then
    local member = places.member(record)
    writes.pair(step, "ZADD", keys.waiting(step, queue), record.priority, member)
    return
  end
  local tenant = lanes.tenant(record)
  if tenant ~= "" and not queue.fair then
    become_fair(step, queue)
  end
  if queue.fair then
    open(step, queue, tenant)
    note(step, queue, tenant, 1)
  end
  local key = keys.lane(step, queue, tenant)
  writes.pair(step, "ZADD", key, record.priority, places.member(record))
end

function lanes.remove(step, record, queue)
  local tenant = lanes.tenant(record)
  note(step, queue, tenant, -1)
  writes.one(step, "ZREM", keys.lane(step, queue, tenant), places.member(record))
end

-- The same place under another priority.
function lanes.reorder(step, record, queue, priority)
  local key = keys.lane(step, queue, lanes.tenant(record))
  writes.pair(step, "ZADD", key, priority, places.member(record))
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
  local weights = weights_of(step, tenants)
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
local function plan(step, queue, count)
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

-- The next jobs by their turns, without taking them: members of the sets. In a fair queue nobody
-- looks further ahead than limits.WALK.
function lanes.peek(step, queue, offset, count)
  if not queue.fair then
    return redis.call("ZRANGE", keys.waiting(step, queue), offset, offset + count - 1)
  end
  local members = {}
  if offset > limits.WALK then
    return members
  end
  local picks = plan(step, queue, offset + count)
  for position = offset + 1, #picks do
    members[#members + 1] = picks[position].member
  end
  return members
end

-- Takes the next jobs out: a list of member, score, member, ... and for a fair queue their lanes,
-- and how many lanes were met that are empty.
function lanes.take(step, queue, count)
  if not queue.fair then
    return redis.call("ZPOPMIN", keys.waiting(step, queue), count), nil, 0
  end
  local picks, looked = plan(step, queue, count)
  local members, tenants, turns = {}, {}, keys.turns(step, queue)
  for position = 1, #picks do
    local pick = picks[position]
    members[2 * position - 1], members[2 * position] = pick.member, pick.score
    tenants[position] = pick.lane.tenant
    redis.call("ZREM", pick.lane.key, pick.member)
    note(step, queue, pick.lane.tenant, -1)
  end
  local empty = 0
  for position = 1, #looked do
    local lane = looked[position]
    empty = empty + (lane.empty and lane.taken == 0 and 1 or 0)
    if lane.empty or (lane.taken > 0 and redis.call("EXISTS", lane.key) == 0) then
      redis.call("ZREM", turns, lane.tenant)
      redis.call("ZREM", keys.tenants(step, queue), lane.tenant)
    elseif lane.taken > 0 then
      redis.call("ZADD", turns, lane.turns, lane.tenant)
    end
  end
  queue.lanes = nil
  return members, tenants, empty
end

-- Puts members that were taken back, from a position on.
function lanes.put_back(step, queue, members, tenants, from)
  for position = from, #members, 2 do
    local tenant = tenants and tenants[(position + 1) / 2] or ""
    if queue.fair then
      open(step, queue, tenant)
      note(step, queue, tenant, 1)
    end
    redis.call("ZADD", keys.lane(step, queue, tenant), members[position + 1], members[position])
    if queue.fair then
      queue.lanes = nil
    end
  end
end

-- Of a waiting job in a fair queue: its tenant, how many of its lane come before it, how many lanes
-- have their turn before its lane, and how many lanes there are.
function lanes.standing(step, record, queue)
  local tenant, turns = lanes.tenant(record), keys.turns(step, queue)
  local ahead = redis.call("ZRANK", keys.lane(step, queue, tenant), places.member(record))
  return tenant, ahead, redis.call("ZRANK", turns, tenant) or 0, redis.call("ZCARD", turns)
end

-- Of each tenant: name, weight, and 0 for the jobs that nobody counts.
function lanes.weights(step, tenants)
  local weights, list = weights_of(step, tenants), {}
  for position = 1, #tenants do
    list[position] = { tenants[position], weights[position], 0 }
  end
  return list
end

-- Of a lane: tenant, weight, and how many jobs wait in it.
function lanes.describe(step, queue, tenant)
  local waiting = redis.call("ZCARD", keys.lane(step, queue, tenant))
  return { tenant, weights_of(step, { tenant })[1], waiting }
end

-- The set of a queue's waiting jobs, or of a fair queue the longest lane, of the first limits.JOBS.
function lanes.longest(step, queue)
  local longest, most = keys.waiting(step, queue), 0
  if queue.fair then
    local tenants = redis.call("ZRANGE", keys.tenants(step, queue), 0, limits.JOBS - 1)
    for position = 1, #tenants do
      local key = keys.lane(step, queue, tenants[position])
      local count = redis.call("ZCARD", key)
      if count > most then
        longest, most = key, count
      end
    end
  end
  return longest
end

-- Whether jobs wait in a queue.
function lanes.any(step, queue)
  return redis.call("EXISTS", queue.fair and keys.tenants(step, queue) or keys.waiting(step, queue))
    == 1
end

-- A page of a fair queue's waiting jobs, lane by lane, as commands/jobs.lua answers it. A cursor is
-- the lane's tenant, its length before it, and where the page begins in the lane.
function lanes.page(step, queue, request)
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
function lanes.count(step, queue)
  local count = redis.call("ZCARD", keys.waiting(step, queue))
  if queue.fair then
    count = count + (redis.call("HGET", keys.laned(step), queue.number) or 0)
  end
  return count
end

return lanes
