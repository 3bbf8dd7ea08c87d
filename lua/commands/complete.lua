-- complete: the holder's work on a job is done, for good or in this queue.
--
-- Args: queue, jid, token, payload (empty: unchanged), next queue (empty: done for good), options
-- of the next stay (delay, at, depends, missing, parent_failure, hold, priority).
-- Returns: the word of the job's state.
-- Errors: INVALID, NOJOB, LEASELOST, CYCLE.
-- Events: done; unblocked for each dependent that is told.
-- Cost: O(log n), and O(log n) for each of up to limits.DUE dependents; a tick tells the rest.

local arguments = require("rules.arguments")
local depends = require("doors.depends")
local edges = require("store.edges")
local erase = require("doors.erase")
local events = require("store.events")
local failures = require("store.failures")
local job = require("rules.job")
local lease = require("doors.lease")
local leave = require("doors.leave")
local limits = require("rules.limits")
local orphan = require("doors.orphan")
local payloads = require("rules.payloads")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local retention = require("store.retention")
local sequence = require("store.sequence")
local settings = require("store.settings")
local states = require("rules.states")
local unblock = require("doors.unblock")

local complete = {}

local ALLOWED = {
  delay = true,
  at = true,
  depends = true,
  missing = true,
  parent_failure = true,
  hold = true,
  priority = true,
}

function complete.parse(step, args)
  arguments.count(args, 6)
  local request = lease.parse(step, args)
  request.payload = args[4]
  request.options = job.options(args[6], ALLOWED)
  if args[5] ~= "" then
    request.next = arguments.name(args[5], "next queue")
    queues.want(step, request.next)
    if request.options.depends then
      depends.want(step, request.options.depends)
    end
  elseif next(request.options) then
    refuse("INVALID", "options: belong to a next queue, and none is given")
  else
    settings.want(step, "jobs-history-count")
    settings.want(step, "jobs-history")
  end
  if request.payload ~= "" then
    settings.want(step, "max-payload")
  end
  return request
end

function complete.check(step, request)
  if request.payload ~= "" then
    payloads.check(request.payload, settings.number(step, "max-payload"))
  end
  local record, queue = lease.held(step, request, "complete")
  if not record then
    return { answer = string.match(queue, "^%l+") }
  end
  request.record, request.home = record, queue
  if not request.next then
    step.touched[request.jid] = "complete"
    return request
  end
  local options = request.options
  if options.depends then
    request.open, request.policy, request.parent =
      depends.check(step, request.jid, record, options.depends, options)
  end
  sequence.need(step)
  return request
end

local function finish(step, record, queue)
  record.state = states.number.complete
  record.since = step.now
  failures.forget(step, record)
  records.save(step, record)
  if retention.none(step) and not records.has(record, states.flags.DEPENDENTS) then
    erase(step, record, limits.TRACE)
  else
    retention.complete(step, record, queue)
  end
  unblock.ended(step, record)
  return "complete"
end

-- The stay in the next queue: as a new put of the same job, with its tags and its priority.
local function advance(step, request, due, parked)
  local record, options = request.record, request.options
  local queue = queues.ensure(step, request.next)
  record.queue = queue.number
  record.left = record.retries
  record.priority = options.priority or record.priority
  failures.forget(step, record)
  local rest = records.options(record)
  rest.parent_failure, rest.delay, rest.at = options.parent_failure, nil, nil
  if parked then
    rest.delay, rest.at = options.delay, options.at
  end
  records.set_options(record, rest)
  if request.policy then
    orphan.act(step, record, queue, request.policy, request.parent)
  elseif parked then
    edges.open(step, record, request.open or {}, options.parent_failure or "wait")
    if options.hold then
      records.raise(record, states.flags.HELD)
    end
    edges.park(step, record, queue)
  else
    place(step, record, queue, due)
  end
end

function complete.apply(step, request)
  if request.answer then
    return request.answer
  end
  local record, queue = request.record, request.home
  local options = request.options
  local worker = record.worker
  local parked = options.hold or (request.open and #request.open > 0)
  local due = job.due(step, options)
  local state = "complete"
  if request.next then
    state = request.policy and orphan.fate(record, request.policy)
      or parked and "depends"
      or due and "scheduled"
      or "waiting"
  end
  leave(step, record, queue, "done", state .. "\0" .. (request.next or ""), "run")
  if request.payload ~= "" then
    records.set_payload(step, record, request.payload)
  end
  events.report(step, "done", record, queue.name, worker, request.next or "")
  if request.next then
    advance(step, request, due, parked)
  else
    finish(step, record, queue)
  end
  return state
end

return complete
