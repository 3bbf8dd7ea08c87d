-- complete: the holder's work on a job is done, for good or in this queue.
--
-- Args: queue, jid, token, payload (empty: unchanged), next queue (empty: done for good), options
-- of the next stay (delay, at, depends, missing, parent_failure, run_when, hold, priority), result
-- (may be left out; kept when the job is done for good, for as long as its option keep_result
-- says).
-- Returns: the word of the job's state.
-- Errors: INVALID, NOJOB, LEASELOST, CYCLE.
-- Events: done; unblocked for each dependent that is told.
-- Cost: O(log n), and O(log n) for each of up to limits.DUE dependents; a tick tells the rest.

local arguments = require("rules.arguments")
local conclude = require("doors.conclude")
local depends = require("doors.depends")
local erase = require("doors.erase")
local events = require("store.events")
local failures = require("store.failures")
local flows = require("store.flows")
local history = require("store.history")
local job = require("rules.job")
local lease = require("doors.lease")
local leave = require("doors.leave")
local limits = require("rules.limits")
local outcome = require("doors.outcome")
local payloads = require("rules.payloads")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local results = require("store.results")
local retention = require("store.retention")
local sequence = require("store.sequence")
local settings = require("store.settings")
local states = require("rules.states")
local unblock = require("doors.unblock")

local complete = { many = true, width = 6, most = 7 }

local QUEUE, JID, TOKEN, PAYLOAD, NEXT, OPTIONS, RESULT = 1, 2, 3, 4, 5, 6, 7

local ALLOWED = {
  delay = true,
  at = true,
  depends = true,
  missing = true,
  parent_failure = true,
  run_when = true,
  hold = true,
  priority = true,
}

function complete.parse(step, group)
  local args, from = group.args, group.from
  group.options = group.options or {}
  for position = group.at + 1, group.count do
    group.at = position
    local at = from[position]
    local options = job.options(args[at + OPTIONS], ALLOWED)
    group.options[position] = options
    lease.want(step, args[at + QUEUE], args[at + JID], args[at + TOKEN])
    if args[at + NEXT] ~= "" then
      queues.want(step, arguments.name(args[at + NEXT], "next queue"))
      if options.depends then
        depends.want(step, options.depends)
      end
    elseif next(options) then
      refuse("INVALID", "options: belong to a next queue, and none is given")
    end
  end
end

-- The result that a member tells, or nil.
local function result_of(group, position)
  return group.widths[position] == RESULT and group.args[group.from[position] + RESULT] or nil
end

function complete.check(step, group)
  local args, from = group.args, group.from
  group.homes = group.homes or {}
  group.ties = group.ties or {}
  for position = group.at + 1, group.count do
    if not group.answers[position] then
      group.at = position
      local at = from[position]
      local jid = args[at + JID]
      payloads.check(args[at + PAYLOAD], settings.value(step, "max-payload"))
      payloads.check(
        result_of(group, position) or "",
        settings.value(step, "max-payload"),
        "result"
      )
      local queue, detail = lease.find(step, args[at + QUEUE], jid, args[at + TOKEN], "complete")
      group.homes[position] = queue
      if not queue then
        group.answers[position] = string.match(detail, "^%l+")
      elseif args[at + NEXT] == "" then
        step.touched[jid] = "complete"
      else
        local record, options = records.get(step, jid), group.options[position]
        sequence.need(step)
        group.ties[position] = depends.check(step, jid, record, options)
      end
    end
  end
end

local function finish(step, record, queue, result)
  record.state = states.number.complete
  record.since = step.now
  failures.forget(step, record)
  conclude.ended(step, record)
  records.save(step, record)
  if result then
    results.keep(step, record, result)
  end
  if retention.none(step, queue) and not records.has(record, states.flags.DEPENDENTS) then
    erase(step, record, limits.TRACE)
  else
    retention.complete(step, record.jid, queue)
  end
  unblock.ended(step, record)
end

-- The stay in the next queue: as a new put of the same job, with its tags and its priority. Returns
-- the word of the state.
local function advance(step, record, queue, options, tie, due)
  record.queue = queue.number
  record.left = record.retries
  record.lost = 0
  record.priority = options.priority or record.priority
  failures.forget(step, record)
  local rest = records.options(record)
  rest.parent_failure, rest.run_when = options.parent_failure, options.run_when
  rest.delay, rest.at = nil, nil
  if tie then
    rest.delay, rest.at = options.delay, options.at
  end
  records.set_options(record, rest)
  flows.descend(step, record, options.depends)
  if tie then
    local state = depends.fate(record, tie)
    depends.bind(step, record, queue, tie, options.hold)
    return state
  end
  return place(step, record, queue, due)
end

-- The end of this stay; the queue is where the record still is, next_queue where it goes or empty.
local function finish_stay(step, record, queue, state, payload, next_queue)
  local worker = record.worker
  leave.record(step, record, queue, "done", state .. "\0" .. next_queue, "run")
  if payload ~= "" then
    records.set_payload(step, record, payload)
  end
  events.report(step, "done", record, queue.name, worker, next_queue)
end

local function go_on(step, record, queue, payload, next_queue, options, tie)
  local due = job.due(step, options)
  local state = tie and depends.fate(record, tie) or due and "scheduled" or "waiting"
  finish_stay(step, record, queue, state, payload, next_queue)
  local word = advance(step, record, queues.ensure(step, next_queue), options, tie, due)
  if word == state then
    return word
  end
  return outcome.of(step, record, word, function(known)
    local behind = "\0" .. next_queue
    history.correct(step, record, "done", state .. behind, known .. behind)
  end)
end

-- Ends a job for good with nothing but its end to be written; false when there is more to do.
local function finish_plain(step, queue, jid, token)
  if queue.capped or retention.none(step, queue) then
    return false
  end
  local worker, flag = leave.done(step, queue, jid, token, records.text(step, jid))
  if not worker then
    return false
  end
  retention.complete(step, jid, queue)
  if events.heard(step, flag) then
    events.add(step, "done", jid, queue.name, worker, "")
  end
  return true
end

local function apply(step, group, position)
  local args, at = group.args, group.from[position]
  local queue, jid = group.homes[position], args[at + JID]
  local payload, next_queue = args[at + PAYLOAD], args[at + NEXT]
  local result = result_of(group, position)
  if next_queue ~= "" then
    local options, tie = group.options[position], group.ties[position]
    return go_on(step, records.get(step, jid), queue, payload, next_queue, options, tie)
  end
  if payload ~= "" or result or not finish_plain(step, queue, jid, args[at + TOKEN]) then
    local record = records.get(step, jid)
    finish_stay(step, record, queue, "complete", payload, "")
    finish(step, record, queue, result)
  end
  return "complete"
end

function complete.apply(step, group)
  for position = 1, group.count do
    group.answers[position] = group.answers[position] or apply(step, group, position)
  end
end

return complete
