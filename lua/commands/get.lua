-- get: jobs as they are stored.
--
-- Args: jids, at most limits.JOBS.
-- Returns: for each jid what doors/describe.lua lists, or nothing for an unknown one. The trace of
-- a cancelled job is a record in the state cancelled.
-- Errors: INVALID. Cost: O(1) a job, and its dependencies, at most some limits.WALK.

local arguments = require("rules.arguments")
local describe = require("doors.describe")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")

local get = {}

function get.parse(step, args)
  arguments.count(args, 1, limits.JOBS)
  for position = 1, #args do
    records.want(step, arguments.name(args[position], "jid"))
  end
  return args
end

function get.apply(step, jids)
  local list = {}
  for position = 1, #jids do
    local record = records.get(step, jids[position])
    local gone = record
      and records.has(record, states.flags.TRACE)
      and record.state ~= states.number.cancelled
    list[position] = record and not gone and describe(step, record) or false
  end
  return list
end

return get
