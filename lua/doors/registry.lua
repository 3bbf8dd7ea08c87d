-- The registry of workers: who was seen when, what each holds, and who has left it. A worker that
-- has left keeps its leases until they end; the last of them takes the worker's hash along.

local claim = require("doors.claim")
local keys = require("store.keys")
local limits = require("rules.limits")
local queues = require("store.queues")
local settings = require("store.settings")
local workers = require("store.workers")

local registry = {}

-- Takes a worker off the registry; true when it was there.
function registry.remove(step, worker)
  workers.forget(step, worker)
  return redis.call("ZREM", keys.workers(step), worker) == 1
end

-- Workers that showed no sign of life for too long: a duty of the tick.
function registry.retire(step, _, budget)
  local key = keys.workers(step)
  local age = settings.milliseconds(step, "worker-history")
  local names = redis.call("ZRANGE", key, "-inf", step.now - age, "BYSCORE", "LIMIT", 0, budget)
  for position = 1, #names do
    registry.remove(step, names[position])
  end
  local oldest = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2]
  return #names, oldest and tonumber(oldest) + age or nil
end

local function serves(names, queue_name)
  for position = 1, #names do
    if names[position] == queue_name then
      return true
    end
  end
  return false
end

-- How many of the live workers, the limits.JOBS that were seen last, have reported that they serve
-- a queue, and how many have reported no queues.
function registry.serving(step, queue_name)
  local oldest = "(" .. step.now - limits.LIVE
  local key = keys.workers(step)
  local names = redis.call("ZRANGE", key, "+inf", oldest, "BYSCORE", "REV", "LIMIT", 0, limits.JOBS)
  local serving, silent = 0, 0
  for position = 1, #names do
    local reported = workers.queues(step, names[position])
    if not reported or #reported == 0 then
      silent = silent + 1
    elseif serves(reported, queue_name) then
      serving = serving + 1
    end
  end
  return serving, silent
end

-- Members of running sets, by queue, with the leases' ends.
local function read_endings(step, leases)
  for number, members in pairs(leases) do
    local queue = queues.numbered(step, number)
    members.queue = queue
    members.endings = queue and redis.call("ZMSCORE", keys.running(step, queue), unpack(members))
  end
end

local function earlier(one, other)
  return one.ending < other.ending
end

-- Some of the leases that a worker holds, those that end first first: a cursor for the others
-- (empty: none are left), and a list of {jid, queue, ending (infinite: none)}.
function registry.leases(step, worker, cursor, count)
  local from = cursor ~= "" and cursor or "0"
  local found = redis.call("HSCAN", keys.worker(step, worker), from, "COUNT", count)
  local fields, leases = found[2], {}
  for position = 1, #fields, 2 do
    if #fields[position] >= workers.LEASE then
      local number = string.match(fields[position + 1], "(%d+)$")
      leases[number] = leases[number] or {}
      table.insert(leases[number], fields[position])
    end
  end
  read_endings(step, leases)
  local list = {}
  for _, members in pairs(leases) do
    for position = 1, #members do
      local ending = members.endings and tonumber(members.endings[position] or nil)
      if ending then
        local jid = string.sub(members[position], claim.JID)
        list[#list + 1] = { jid = jid, queue = members.queue.name, ending = ending }
      end
    end
  end
  table.sort(list, earlier)
  return found[1] ~= "0" and found[1] or "", list
end

return registry
