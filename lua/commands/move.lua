-- move: puts a job into a queue as it is, from whatever state; a holder loses its lease.
--
-- Args: jid, queue, delay (milliseconds, empty: none).
-- Returns: the word of the job's state.
-- Errors: INVALID, NOJOB.
-- Events: moved.
-- Cost: O(log n).
--
-- Retries begin anew. A job that waits for others goes on waiting, in the other queue; the delay
-- counts from when it is unblocked.

local arguments = require("rules.arguments")
local events = require("store.events")
local edges = require("store.edges")
local history = require("store.history")
local limits = require("rules.limits")
local outcome = require("doors.outcome")
local place = require("doors.place")
local queues = require("store.queues")
local sequence = require("store.sequence")
local states = require("rules.states")
local subject = require("doors.subject")
local withdraw = require("doors.withdraw")

local move = {}

local STAYS = { waiting = true, throttled = true, depends = true }

function move.parse(step, args)
  arguments.count(args, 3)
  queues.want(step, arguments.name(args[2], "queue"))
  return {
    jid = subject.parse(step, args[1]),
    queue = args[2],
    delay = arguments.optional(args[3], "delay", 0, limits.CENTURY) or 0,
  }
end

function move.check(step, request)
  local record, home = subject.find(step, request.jid, "put")
  local state = states.name[record.state]
  local there = home.name == request.queue and request.delay == 0
  if there and STAYS[state] then
    return { answer = state }
  end
  sequence.need(step)
  return { request = request, record = record, home = home }
end

function move.apply(step, plan)
  if plan.answer then
    return plan.answer
  end
  local request, record = plan.request, plan.record
  local queue = queues.ensure(step, request.queue)
  local worker = record.worker
  local parked = record.state == states.number.depends
  withdraw(step, record, plan.home, "moved", queue.name)
  if not worker then
    history.append(step, record, plan.home, "moved", queue.name)
  end
  record.left = record.retries
  record.lost = 0
  events.report(step, "moved", record, plan.home.name, worker or "", queue.name)
  local delay = request.delay > 0 and request.delay or nil
  if parked then
    if delay then
      edges.postpone(record, nil, delay)
    end
    edges.park(step, record, queue)
    return "depends"
  end
  local word = place(step, record, queue, delay and step.now + delay)
  return outcome.of(step, record, word)
end

return move
