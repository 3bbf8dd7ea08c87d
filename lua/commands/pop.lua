-- pop: hands runnable jobs to a worker under a lease.
--
-- Args: worker, request, repeat (1: the request may have been carried out), count, lease
-- (milliseconds; 0: without end; empty: by job, queue or setting), wait (1: the caller is going to
-- block on the rings when nothing comes), then the queues in the order in which they are served.
-- Returns: {0, then for each job queue, jid, klass, end of the lease (0: none), record, payload
-- (empty: inside the record)}, or, when there is none, {milliseconds until something may be due (at
-- most limits.SLEEP), then, with wait, the rings to block on}.
-- Events: popped, and what the tick brings about.
-- Cost: O(log n) a job and queue, at most limits.JOBS jobs or limits.BYTES of payload, and a tick.
--
-- The apply reads: what is runnable is known only after the step's other members and the tick.
-- Nothing in it can be refused, and a pop is the last member of a step.

local alarm = require("doors.alarm")
local arguments = require("rules.arguments")
local flush = require("doors.flush")
local hand = require("doors.hand")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local rings = require("store.rings")
local settings = require("store.settings")
local states = require("rules.states")
local tick = require("doors.tick")
local workers = require("store.workers")

local flags = states.flags

local pop = { last = true }

local FIXED = 6 -- arguments before the queues
local SERVED = 8 -- repeated requests that are remembered

function pop.parse(step, args)
  arguments.count(args, FIXED + 1, FIXED + limits.JOBS)
  local request = {
    worker = arguments.name(args[1], "worker"),
    request = arguments.name(args[2], "request"),
    again = args[3] == "1",
    count = arguments.integer(args[4], "count", 1, limits.JOBS),
    lease = arguments.optional(args[5], "lease", 0, limits.CENTURY),
    wait = args[6] == "1",
    queues = {},
  }
  if #request.worker > limits.WORKER then
    refuse("INVALID", "worker: has more than " .. limits.WORKER .. " bytes")
  end
  local seen = {}
  for position = FIXED + 1, #args do
    local name = arguments.name(args[position], "queue")
    if not seen[name] then
      seen[name] = true
      request.queues[#request.queues + 1] = name
      queues.want(step, name)
    end
  end
  settings.want(step, "heartbeat")
  settings.want(step, "max-job-history")
  if request.wait then
    alarm.want(step)
  end
  return request
end

function pop.check(_, request)
  return request
end

-- Whether a repeat of this request has been served: a first sending that comes now is too late.
local function overtaken(served, request)
  return served and string.find(served, " " .. request.request .. " ", 1, true) ~= nil
end

local function remember(step, request, served)
  local list = { request.request }
  for earlier in string.gmatch(served or "", "%S+") do
    if #list < SERVED then
      list[#list + 1] = earlier
    end
  end
  local text = " " .. table.concat(list, " ") .. " "
  redis.call("HSET", workers.key(step, request.worker), "served", text)
end

local function answer(step, jobs)
  local list = { 0 }
  local outside, names = {}, {}
  for position = 1, #jobs do
    local record, ending = jobs[position].record, jobs[position].ending
    local at = 6 * position - 4
    list[at] = jobs[position].queue.name
    list[at + 1] = record.jid
    list[at + 2] = klasses.name(step, record.klass)
    list[at + 3] = ending == "+inf" and 0 or ending
    list[at + 4] = records.pack(record)
    list[at + 5] = ""
    if records.has(record, flags.PAYLOAD) then
      outside[#outside + 1] = at + 5
      names[#names + 1] = keys.payload(step, record.jid)
    end
  end
  if #names > 0 then
    local payloads = redis.call("MGET", unpack(names))
    for position = 1, #names do
      list[outside[position]] = payloads[position]
    end
  end
  return list
end

function pop.apply(step, request)
  local seen, served =
    unpack(redis.call("HMGET", workers.key(step, request.worker), "seen", "served"))
  workers.touch(step, request.worker, tonumber(seen or nil))
  if overtaken(served, request) and not request.again then
    return { limits.SLEEP }
  end
  if request.again then
    if not overtaken(served, request) then
      remember(step, request, served)
    end
    local jobs = hand.again(step, request)
    if #jobs > 0 then
      return answer(step, jobs)
    end
  end
  flush(step)
  tick(step, request.count + limits.PROMOTED)
  flush(step)
  local jobs = {}
  local room = { bytes = limits.BYTES, full = false }
  for position = 1, #request.queues do
    local queue = queues.named(step, request.queues[position])
    if queue and not queue.paused then
      hand.out(step, request, queue, request.count - #jobs, room, jobs)
    end
  end
  if #jobs == 0 and request.wait then
    for position = 1, #request.queues do
      rings.wait(step, queues.ensure(step, request.queues[position]))
    end
  end
  if #jobs > 0 then
    if request.wait then
      alarm.pass_on(step, request)
    end
    flush(step)
    return answer(step, jobs)
  end
  local empty = { alarm.rest(step, request) }
  if request.wait then
    for position = 1, #request.queues do
      empty[position + 1] = keys.ring(step, queues.named(step, request.queues[position]))
    end
  end
  flush(step)
  return empty
end

return pop
