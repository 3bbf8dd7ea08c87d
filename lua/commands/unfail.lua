-- unfail: an operator puts a failed job back; its retries begin anew, its failure is forgotten.
--
-- Args: jid, queue (empty: its own).
-- Returns: the word of the job's state; a job that is not failed any more stays as it is.
-- Errors: INVALID, NOJOB.
-- Events: unfailed.
-- Cost: O(log n).

local arguments = require("rules.arguments")
local outcome = require("doors.outcome")
local queues = require("store.queues")
local revive = require("doors.revive")
local sequence = require("store.sequence")
local states = require("rules.states")
local subject = require("doors.subject")

local unfail = {}

function unfail.parse(step, args)
  arguments.count(args, 2)
  if args[2] ~= "" then
    queues.want(step, arguments.name(args[2], "queue"))
  end
  return { jid = subject.parse(step, args[1]), queue = args[2] }
end

function unfail.check(step, request)
  local record, home = subject.find(step, request.jid)
  if record.state ~= states.number.failed then
    return { answer = states.name[record.state] }
  end
  step.touched[request.jid] = "put"
  sequence.need(step)
  return { record = record, home = home, queue = request.queue }
end

function unfail.apply(step, plan)
  if plan.answer then
    return plan.answer
  end
  local word = revive(step, plan.record, plan.home, plan.queue)
  return outcome.of(step, plan.record, word)
end

return unfail
