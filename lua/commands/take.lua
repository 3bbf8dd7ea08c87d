-- take: hands runnable jobs of a queue out for good; each is done in the same step.
--
-- Args: worker, request (at most 32 bytes; the same one again within limits.TRACE is a repeat),
-- received (an earlier request whose answer has arrived and need not be kept; empty: none), count
-- (1 to limits.TAKEN), wait (1: the caller is going to block on the ring when nothing comes),
-- queue.
-- Returns: as pop, without leases.
-- Events: popped and done, and what the tick brings about.
-- Cost: as pop, and the end of each job.
--
-- The jobs are not kept among the complete ones, unless others depend on them: what is left is a
-- trace, for limits.TRACE. As in pop, the apply reads and cannot be refused.

local alarm = require("doors.alarm")
local arguments = require("rules.arguments")
local conclude = require("doors.conclude")
local erase = require("doors.erase")
local events = require("store.events")
local failures = require("store.failures")
local flush = require("doors.flush")
local hand = require("doors.hand")
local keys = require("store.keys")
local leave = require("doors.leave")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local requests = require("store.requests")
local rest = require("doors.rest")
local retention = require("store.retention")
local states = require("rules.states")
local tick = require("doors.tick")
local unblock = require("doors.unblock")
local writes = require("store.writes")

local take = {}

function take.parse(step, args)
  arguments.count(args, 6)
  local request = {
    worker = arguments.worker(args[1]),
    request = arguments.name(args[2], "request"),
    received = args[3],
    count = arguments.integer(args[4], "count", 1, limits.TAKEN),
    wait = arguments.integer(args[5], "wait", 0, 1) == 1,
    queues = { arguments.name(args[6], "queue") },
    lease = 0,
  }
  requests.check(request.request)
  requests.check(request.received)
  queues.want(step, request.queues[1])
  if request.wait then
    alarm.want(step)
  end
  return request
end

function take.check(step, request)
  return { request = request, before = requests.answer(step, request.request) }
end

-- Ends a job that was handed out in this step.
local function finish(step, request, queue, jid)
  local record = records.get(step, jid)
  leave.record(step, record, queue, "done", "complete\0", "run")
  events.report(step, "done", record, queue.name, request.worker, "")
  record.state = states.number.complete
  record.since = step.now
  failures.forget(step, record)
  conclude.ended(step, record)
  records.save(step, record)
  if records.has(record, states.flags.DEPENDENTS) then
    retention.complete(step, jid, queue)
    unblock.ended(step, record)
  else
    erase(step, record, limits.TRACE)
  end
end

local function hand_over(step, request, queue)
  local handout = hand.open(step, request.count)
  hand.out(step, request, queue, handout)
  local answer = hand.answer(handout)
  flush(step) -- a trace must not be overwritten by what the claims have stored
  for member = 1, handout.count do
    finish(step, request, queue, answer[6 * member - 3])
  end
  flush(step)
  return handout, answer
end

function take.apply(step, plan)
  local request = plan.request
  if plan.before then
    return plan.before
  end
  if request.received ~= "" then
    writes.drop(step, keys.request(step, request.received))
  end
  flush(step)
  tick(step, request.count + limits.PROMOTED)
  flush(step)
  local queue = queues.named(step, request.queues[1])
  local handout, answer = hand.open(step, request.count), nil
  if queue and not queue.paused then
    handout, answer = hand_over(step, request, queue)
  end
  if handout.count == 0 then
    return rest(step, request, handout.refused)
  end
  if request.wait then
    alarm.pass_on(step, request)
    flush(step)
  end
  requests.remember(step, request.request, answer)
  return answer
end

return take
