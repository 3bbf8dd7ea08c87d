-- flow_retry: puts the failed members of a flow back, a slice at a time; their retries begin anew.
--
-- Args: flow, count (1 to limits.JOBS), before (milliseconds: only those that failed before or at
-- that time, so that slices end; empty: now).
-- Returns: how many were put back; fewer than `count` means that none are left.
-- Errors: INVALID, NOJOB (no such flow), STATE (cancelled).
-- Events: unfailed.
-- Cost: O(log n) a job.

local arguments = require("rules.arguments")
local flows = require("store.flows")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local revive = require("doors.revive")
local sequence = require("store.sequence")

local command = {}

function command.parse(_, args)
  arguments.count(args, 3)
  return {
    id = arguments.name(args[1], "flow"),
    count = arguments.integer(args[2], "count", 1, limits.JOBS),
    before = arguments.optional(args[3], "before", 0, limits.SEQUENCE),
  }
end

function command.check(step, request)
  local flow = flows.read(step, request.id)
  if not flow.created then
    refuse("NOJOB", "no flow " .. request.id)
  elseif flow.stopped then
    refuse("STATE", "flow: " .. request.id .. " is cancelled")
  end
  local before = request.before or step.now
  local jids = flows.members(step, request.id, "failed", "complete", request.count, before)
  for position = 1, #jids do
    records.want(step, jids[position])
  end
  records.read(step)
  sequence.need(step, #jids)
  return jids
end

function command.apply(step, jids)
  for position = 1, #jids do
    local record = records.live(step, jids[position])
    revive(step, record, queues.numbered(step, record.queue), "")
  end
  return #jids
end

return command
