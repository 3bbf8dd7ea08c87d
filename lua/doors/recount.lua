-- What is counted of a queue's jobs, counted again by their records. Of a queue that has more than
-- limits.WALK of them nothing is said.

local evidence = require("doors.evidence")
local keys = require("store.keys")
local limiting = require("rules.limiting")
local limits = require("rules.limits")
local records = require("store.records")
local root = require("store.root")
local sets = require("doors.sets")
local states = require("rules.states")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")
local weights = require("store.weights")
local writes = require("store.writes")

local recount = {}

local flags = states.flags

-- The sets that hold a queue's waiting jobs, or nil.
local function lanes_of(step, queue)
  local found = { { key = keys.waiting(step, queue), jid = sets.waiting.jid } }
  local tenants = redis.call("ZRANGE", keys.tenants(step, queue), 0, limits.WALK)
  for position = 1, #tenants do
    if tenants[position] ~= "" then
      local key = keys.lane(step, queue, tenants[position])
      found[#found + 1] = { key = key, jid = sets.waiting.jid }
    end
  end
  return #tenants <= limits.WALK and found or nil
end

-- Whether a record says that it is this member of the set.
local function belongs(step, record, key, member)
  local set, queue = evidence.set_of(step, record)
  return set.key(step, queue, record) == key and set.member(record) == member
end

-- Adds the jobs of a set to the list; false when there are too many, or one cannot be read.
local function gather(step, set, list)
  local members = redis.call("ZRANGE", set.key, 0, limits.WALK - #list)
  if #list + #members > limits.WALK then
    return false
  end
  for position = 1, #members do
    records.want(step, string.sub(members[position], set.jid))
  end
  records.read(step)
  for position = 1, #members do
    local record, broken = evidence.job(step, string.sub(members[position], set.jid))
    if broken then
      return false
    elseif record and belongs(step, record, set.key, members[position]) then
      list[#list + 1] = record
    end
  end
  return true
end

local function jobs_of(step, found)
  local list = {}
  for position = 1, #(found or {}) do
    if not gather(step, found[position], list) then
      return nil
    end
  end
  return found and list
end

local function count(lines, record)
  local names = records.ruling(record).limits or {}
  for position = 1, #names do
    local line = lines[names[position]] or { waiting = 0, worst = record.priority }
    line.waiting = line.waiting + 1
    line.worst = math.max(line.worst, record.priority)
    lines[names[position]] = line
  end
end

-- By the names of limits how many jobs wait that are counted there, and the highest priority of
-- them; or nil.
local function lines_of(step, queue)
  step.recounts = step.recounts or {}
  local lines = step.recounts[queue.number]
  if lines == nil then
    local jobs = jobs_of(step, lanes_of(step, queue))
    lines = jobs and {} or false
    for position = 1, #(jobs or {}) do
      if records.has(jobs[position], flags.COUNTED) then
        count(lines, jobs[position])
      end
    end
    step.recounts[queue.number] = lines
  end
  return lines
end

-- How the jobs of a queue stand to a limit, as store/throttles.lua holds it: waiting and worst are
-- nil when nothing is said of them. The jobs of a klass are counted from when its limit was set.
function recount.line(step, name, queue)
  local lines = not limiting.of(name, limiting.KLASS) and lines_of(step, queue)
  local line = lines and lines[name] or { waiting = lines and 0, worst = lines and 0 }
  local parked = redis.call("ZCARD", keys.parked(step, queue, name))
  return { waiting = line.waiting or nil, worst = line.worst or nil, parked = parked }
end

-- Holds for a limit what was counted; whom it lets start is looked at.
function recount.settle(step, name, queue)
  local counted = recount.line(step, name, queue)
  local found = throttles.get(step, name)
  local line = throttles.line(found, queue.number)
  line.parked = counted.parked
  line.waiting, line.worst = counted.waiting or line.waiting, counted.worst or line.worst
  throttles.touch(found, queue.number)
  throttle.look_again(step, name)
end

-- The payload of the jobs that are weighed in a queue, in bytes, or nil.
function recount.bytes(step, queue)
  local found = lanes_of(step, queue)
  for _, state in ipairs({ "throttled", "scheduled", "depends", "running" }) do
    local set = sets[state]
    table.insert(found or {}, { key = set.key(step, queue), jid = set.jid })
  end
  local jobs, bytes = jobs_of(step, found), 0
  for position = 1, #(jobs or {}) do
    local weighed = records.has(jobs[position], flags.WEIGHED)
    bytes = bytes + (weighed and jobs[position].size or 0)
  end
  return jobs and bytes
end

-- How many jobs wait in a queue's lanes but the waiting set, or nil.
function recount.laned(step, queue)
  local found, jobs = lanes_of(step, queue), 0
  for position = 2, #(found or {}) do
    jobs = jobs + redis.call("ZCARD", found[position].key)
  end
  return found and jobs
end

-- Holds what a queue has in lanes and in bytes, as far as it counts these.
function recount.hold(step, queue)
  local jobs = queue.fair and recount.laned(step, queue)
  if jobs then
    writes.pair(step, "HSET", keys.laned(step), queue.number, jobs)
  end
  local bytes = weights.of(step, queue) and recount.bytes(step, queue)
  if bytes then
    root.set(step, "bytes:" .. queue.number, string.format("%.0f", bytes))
  end
end

return recount
