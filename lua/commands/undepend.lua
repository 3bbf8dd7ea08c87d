-- undepend: a job no longer waits for these jobs.
--
-- Args: jid, all (1: for none at all, holds included; then no jids), jids.
-- Returns: the word of the job's state.
-- Errors: INVALID, NOJOB.
-- Events: unblocked when nothing is left to wait for.
-- Cost: O(log n) a dependency.

local arguments = require("rules.arguments")
local edges = require("store.edges")
local flows = require("store.flows")
local limits = require("rules.limits")
local outcome = require("doors.outcome")
local records = require("store.records")
local refuse = require("rules.refusal")
local sequence = require("store.sequence")
local states = require("rules.states")
local subject = require("doors.subject")
local unblock = require("doors.unblock")

local undepend = {}

function undepend.parse(step, args)
  arguments.count(args, 2, 2 + limits.JOBS)
  local request = { jid = subject.parse(step, args[1]), all = args[2] == "1", parents = {} }
  for position = 3, #args do
    request.parents[#request.parents + 1] = arguments.name(args[position], "jid")
    records.want(step, args[position])
  end
  if request.all == (#request.parents > 0) then
    refuse("INVALID", "jids: name the dependencies, or all of them, not both")
  end
  return request
end

function undepend.check(step, request)
  local record = subject.find(step, request.jid)
  sequence.need(step)
  local freed = {}
  for position = 1, #request.parents do
    freed[request.parents[position]] = true
  end
  step.freed[request.jid] = request.all or freed
  return { request = request, record = record }
end

function undepend.apply(step, plan)
  local request, record = plan.request, plan.record
  if record.state ~= states.number.depends then
    return states.name[record.state]
  end
  if request.all then
    edges.clear(step, record)
    records.save(step, record)
  end
  flows.disown(step, record, request.parents)
  for position = 1, #request.parents do
    local parent = request.parents[position]
    if edges.stands(step, record.jid, parent) then
      edges.detach(step, parent, record.jid)
      edges.close(step, record, parent)
    end
  end
  if edges.ready(record) then
    unblock.free(step, record)
  end
  return outcome.of(step, record, states.name[record.state])
end

return undepend
