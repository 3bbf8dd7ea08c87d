-- What a queue may hold of jobs that have not ended. A cap concerns what comes into the system:
-- puts, and the children of recurring jobs. What is in it already goes on its way, also into a full
-- queue, and counts there.

local job = require("rules.job")
local keys = require("store.keys")
local own = require("store.own")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")
local waiting = require("doors.waiting")
local weights = require("store.weights")

local ceiling = {}

local OPEN = { keys.throttled, keys.scheduled, keys.depends, keys.running }
local ENDS = { complete = true, failed = true, cancelled = true }

-- What the queue holds: jobs, and bytes of payload (nil when they are not counted).
local function held(step, queue)
  local jobs = waiting.count(step, queue)
  for position = 1, #OPEN do
    jobs = jobs + redis.call("ZCARD", OPEN[position](step, queue))
  end
  return jobs, weights.of(step, queue)
end

local function is_open(record)
  return not ENDS[states.name[record.state]]
end

-- Whether a record is a job of the queue that counts.
local function counts(record, queue)
  return record and record.queue == queue.number and is_open(record)
end

-- How many of a queue's jobs could make room: those that wait, or would but for a limit or an order
-- key.
function ceiling.runnable(step, queue)
  return waiting.count(step, queue) + redis.call("ZCARD", keys.throttled(step, queue))
end

-- The set from which jobs go to make room, and how many are in it: of those that wait and those
-- that are throttled it is where there are more, so that neither stand in the way of the others.
function ceiling.pool(step, queue)
  local longest, most = waiting.longest(step, queue)
  local throttled = redis.call("ZCARD", keys.throttled(step, queue))
  if throttled > most then
    return keys.throttled(step, queue), throttled
  end
  return longest, most
end

local RUNNABLE = { [states.number.waiting] = true, [states.number.throttled] = true }

-- What the queue will hold by what the earlier members of the step do, as later ones find it: load
-- has jobs, bytes, runnable, how many of the jobs could make room, and lowest, the least urgent
-- priority of those of them that the step adds.
local function load_of(step, queue)
  local load = queue.load
  if load then
    return load
  end
  local jobs, bytes = held(step, queue)
  load = { jobs = jobs, bytes = bytes or 0, runnable = ceiling.runnable(step, queue) }
  for jid, how in pairs(step.touched) do
    local record = ENDS[how] and records.get(step, jid)
    if counts(record, queue) then
      load.jobs = load.jobs - 1
      load.runnable = load.runnable - (RUNNABLE[record.state] and 1 or 0)
      load.bytes = load.bytes - (records.weighed(record.stored) and record.size or 0)
    end
  end
  queue.load = load
  return load
end

-- Whether a job that is not more urgent than this can make room. waits: whether what is put is one
-- that could make room itself; the last one of those stays.
local function displaces(step, queue, load, priority, waits)
  if load.runnable < (waits and 1 or 2) then
    return false
  elseif load.lowest and load.lowest >= priority then
    return true
  end
  local last = redis.call("ZRANGE", (ceiling.pool(step, queue)), 0, 0, "REV", "WITHSCORES")
  return last[2] ~= nil and tonumber(last[2]) >= priority
end

-- Whether a full queue makes room.
function ceiling.drops(step, queue)
  return own.text(step, queue, "when-full") == "drop-oldest"
end

-- What a put adds to a queue: jobs, bytes.
local function added(queue, old, size)
  if counts(old, queue) then
    return 0, size - (records.weighed(old.stored) and old.size or 0)
  end
  return 1, size
end

-- The cap that a put does not respect and its value, or nothing. What takes no more room than
-- before is taken even where there is none.
local function exceeded(step, queue, load, jobs, bytes)
  local most_jobs, most_bytes = own.cap(step, queue, "max-jobs"), own.cap(step, queue, "max-bytes")
  if most_bytes > 0 and bytes > 0 and load.bytes + bytes > most_bytes then
    return "max-bytes", most_bytes
  elseif most_jobs > 0 and jobs > 0 and load.jobs + jobs > most_jobs then
    return "max-jobs", most_jobs
  end
  return nil
end

-- Whether a job of these options waits, or is throttled, once it is put.
local function goes_to_wait(step, options)
  local later = options.depends or options.hold or options.flow or options.debounce
  return not (later or job.due(step, options))
end

-- Refuses a put that does not fit. old: what is there under the job's jid, or nil. size: of its
-- payload. A queue that drops its oldest jobs takes it, unless all that could go is more urgent.
function ceiling.admit(step, name, old, size, options)
  local queue = queues.named(step, name)
  if not queue or not queue.capped then
    return
  end
  local load, priority = load_of(step, queue), options.priority or 0
  local jobs, bytes = added(queue, old, size)
  local waits = goes_to_wait(step, options)
  local cap, most = exceeded(step, queue, load, jobs, bytes)
  if cap then
    local fits = cap == "max-jobs" or size <= most
    local makes_room = fits and ceiling.drops(step, queue)
    if not (makes_room and displaces(step, queue, load, priority, waits)) then
      local unit = string.match(cap, "%l+$")
      refuse("FULL", cap .. " queue " .. name .. string.format(" takes %.0f %s", most, unit))
    end
    load.runnable = load.runnable - 1
  end
  load.jobs, load.bytes = load.jobs + jobs, load.bytes + bytes
  if waits then
    load.runnable = load.runnable + jobs
    load.lowest = math.max(load.lowest or priority, priority)
  end
end

-- By how much the queue is above its caps: jobs, bytes.
function ceiling.excess(step, queue)
  local jobs, bytes = held(step, queue)
  local most_jobs, most_bytes = own.cap(step, queue, "max-jobs"), own.cap(step, queue, "max-bytes")
  return most_jobs > 0 and jobs - most_jobs or -math.huge,
    most_bytes > 0 and (bytes or 0) - most_bytes or -math.huge
end

-- How many children of recurring jobs the queue has room for. One that does not fit by bytes
-- comes all the same while any are left.
function ceiling.room(step, queue)
  if not queue.capped or ceiling.drops(step, queue) then
    return math.huge
  end
  local jobs, bytes = ceiling.excess(step, queue)
  return bytes < 0 and math.max(-jobs, 0) or 0
end

return ceiling
