-- pop: hands runnable jobs to a worker under a lease.
--
-- Args: worker, request, repeat (1: the request may have been carried out), count, lease
-- (milliseconds; 0: without end; empty: by job, queue or setting), wait (1: the caller is going to
-- block on the rings when nothing comes), policy (ordered, rotating or weighted: the order in which
-- the queues are served, see rules/serving.lua), turn (counted up by the caller from pop to pop),
-- then the queues, with weighted each followed by its weight, 1 to limits.WEIGHT.
-- Returns: {0, then for each job queue, jid, klass, end of the lease (0: none), record, payload
-- (empty: inside the record)}, or, when there is none, {milliseconds until something may be due (at
-- most limits.SLEEP; 0, without wait: jobs were in the way that may not start, pop again), then,
-- with wait, the rings to block on}.
-- Events: popped, and what the tick brings about.
-- Cost: O(log n) a job, limit and queue, at most limits.JOBS jobs or limits.BYTES of payload, and a
-- tick; about limits.REFUSED jobs that may not start, which are parked.
--
-- The apply reads: what is runnable is known only after the step's other members and the tick.
-- Nothing in it can be refused, and a pop is the last member of a step.

local alarm = require("doors.alarm")
local arguments = require("rules.arguments")
local flush = require("doors.flush")
local hand = require("doors.hand")
local limits = require("rules.limits")
local queues = require("store.queues")
local rest = require("doors.rest")
local serving = require("rules.serving")
local tick = require("doors.tick")
local workers = require("store.workers")

local pop = { last = true }

local FIXED = 8 -- arguments before the queues
local SERVED = 8 -- repeated requests that are remembered

-- The queues in the order in which they are served, each once. width: arguments for each.
local function queues_of(step, args, width)
  local policy = arguments.choice(args[7], "policy", serving.POLICIES)
  local turn = arguments.integer(args[8], "turn", 0, limits.TURNS)
  local names, weights, seen = {}, {}, {}
  for position = FIXED + 1, #args, width do
    local name = arguments.name(args[position], "queue")
    if not seen[name] then
      seen[name] = true
      names[#names + 1] = name
      weights[#names] = width == 2
        and arguments.integer(args[position + 1], "weight", 1, limits.WEIGHT)
      queues.want(step, name)
    end
  end
  return serving.order(policy, names, weights, turn)
end

function pop.parse(step, args)
  local width = args[7] == "weighted" and 2 or 1
  arguments.count(args, FIXED + width, FIXED + width * limits.JOBS)
  local request = {
    worker = arguments.worker(args[1]),
    request = arguments.name(args[2], "request"),
    again = args[3] == "1",
    count = arguments.integer(args[4], "count", 1, limits.JOBS),
    lease = arguments.optional(args[5], "lease", 0, limits.CENTURY),
    wait = args[6] == "1",
    queues = nil,
  }
  request.queues = queues_of(step, args, width)
  if request.wait then
    alarm.want(step)
  end
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

-- To a repeat: what its first sending was given, or nil.
local function given_before(step, request, served)
  if not overtaken(served, request) then
    remember(step, request, served)
  end
  local handout = hand.open(step, request.count)
  hand.again(step, request, handout)
  return handout.count > 0 and hand.answer(handout) or nil
end

function pop.apply(step, request)
  local seen, served =
    unpack(redis.call("HMGET", workers.key(step, request.worker), "seen", "served"))
  workers.touch(step, request.worker, tonumber(seen or nil))
  if request.again then
    local before = given_before(step, request, served)
    if before then
      return before
    end
  elseif overtaken(served, request) then
    return { limits.SLEEP }
  end
  flush(step)
  tick(step, request.count + limits.PROMOTED)
  flush(step)
  local handout = hand.open(step, request.count)
  for position = 1, #request.queues do
    local queue = queues.named(step, request.queues[position])
    if queue and not queue.paused then
      hand.out(step, request, queue, handout)
    end
  end
  if handout.count == 0 then
    return rest(step, request, handout.refused)
  end
  if request.wait then
    alarm.pass_on(step, request)
  end
  flush(step)
  return hand.answer(handout)
end

return pop
