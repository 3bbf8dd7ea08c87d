-- depend: a job that does not run yet waits for further jobs.
--
-- Args: jid, hold (`more`: further slices follow; `last`: lift the hold; empty: leave it),
-- options (depends, missing, parent_failure, run_when).
-- Returns: the word of the job's state.
-- Errors: INVALID, NOJOB, STATE (running or ended), CYCLE.
-- Events: unblocked, failed or cancelled when that follows.
-- Cost: O(log n) a dependency; a walk of at most limits.WALK jobs when others wait for the job.

local arguments = require("rules.arguments")
local depends = require("doors.depends")
local edges = require("store.edges")
local flows = require("store.flows")
local history = require("store.history")
local job = require("rules.job")
local outcome = require("doors.outcome")
local pass_on = require("doors.order")
local records = require("store.records")
local sequence = require("store.sequence")
local states = require("rules.states")
local subject = require("doors.subject")
local unblock = require("doors.unblock")
local withdraw = require("doors.withdraw")

local flags = states.flags

local depend = {}

local ALLOWED = { depends = true, missing = true, parent_failure = true, run_when = true }
local HOLDS = { more = true, last = true, [""] = true }
local BLOCKABLE = { waiting = true, scheduled = true, depends = true, throttled = true }

function depend.parse(step, args)
  arguments.count(args, 3)
  local request = {
    jid = subject.parse(step, args[1]),
    hold = arguments.choice(args[2], "hold", HOLDS),
    options = job.options(args[3], ALLOWED),
  }
  depends.want(step, request.options.depends or {})
  return request
end

function depend.check(step, request)
  local record, queue = subject.find(step, request.jid)
  subject.in_state(record, BLOCKABLE, "depend")
  local tie = depends.check(step, request.jid, record, request.options, records.options(record))
  sequence.need(step)
  return { request = request, record = record, queue = queue, tie = tie }
end

-- A delay that has not passed yet goes on when the job is unblocked; one that has is over.
local function park(step, record, queue)
  if record.state == states.number.depends then
    return
  end
  edges.postpone(record, record.state == states.number.scheduled and record.since or nil)
  history.spell(record, queue)
  withdraw(step, record, queue)
  pass_on(step, record)
  edges.park(step, record, queue)
end

function depend.apply(step, plan)
  local request, record, queue, tie = plan.request, plan.record, plan.queue, plan.tie
  flows.descend(step, record, request.options.depends)
  if tie and tie.acts then
    withdraw(step, record, queue)
    depends.bind(step, record, queue, tie)
    return states.name[record.state]
  end
  if request.hold == "more" then
    records.raise(record, flags.HELD)
  elseif request.hold == "last" then
    records.lower(record, flags.HELD)
    records.save(step, record)
  end
  if tie or records.has(record, flags.HELD) then
    park(step, record, queue)
    if tie then
      edges.open(step, record, tie.open, tie.policy)
    end
    records.save(step, record)
  elseif record.state == states.number.depends and edges.ready(record) then
    unblock.free(step, record)
  end
  return outcome.of(step, record, states.name[record.state])
end

return depend
